// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/session/raft_progress.h"

#include <array>

namespace qd::session {

const RaftStatus *leaderOf(const QList<RaftStatus> &all)
{
    const RaftStatus *out = nullptr;
    for (const RaftStatus &member : all) {
        const bool leads = member.role == Node::Role::Leader && member.reachable;
        if (leads && (!out || member.term > out->term))
            out = &member;
    }
    return out;
}

std::optional<RaftPeer> progressOf(const RaftStatus &member, const QList<RaftStatus> &all)
{
    const RaftStatus *leader = leaderOf(all);
    if (!leader)
        return std::nullopt;
    for (const RaftPeer &peer : leader->peers) {
        if (peer.raftId == member.raftId)
            return peer;
    }
    return std::nullopt;
}

QString snapshotText(const RaftPeer &peer)
{
    static const std::array units{"B", "KiB", "MiB", "GiB"};
    if (peer.snapshotBytes <= 0)
        return {};
    size_t unit = 0;
    double scale = 1;
    while (double(peer.snapshotBytes) / scale >= 1024 && unit + 1 < units.size()) {
        scale *= 1024;
        ++unit;
    }
    const int decimals = unit == 0 ? 0 : 1;
    return QStringLiteral("%1 of %2 %3")
        .arg(double(peer.snapshotSent) / scale, 0, 'f', decimals)
        .arg(double(peer.snapshotBytes) / scale, 0, 'f', decimals)
        .arg(QLatin1String(units[unit]));
}

} // namespace qd::session
