// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/session/raft_alarms.h"

#include <algorithm>

namespace qd::session {

QList<Alarm> alarmsOf(const QList<RaftStatus> &all)
{
    QList<Alarm> out;
    for (const RaftStatus &row : all) {
        // What one that cannot be reached said last may have passed.
        if (row.reachable)
            out += row.alarms;
    }
    std::stable_sort(
        out.begin(), out.end(), [](const Alarm &a, const Alarm &b) { return a.since < b.since; });
    QList<Alarm> once;
    for (const Alarm &alarm : std::as_const(out)) {
        const bool isKnown = std::any_of(once.begin(), once.end(), [&](const Alarm &other) {
            return other.kind == alarm.kind && other.member == alarm.member;
        });
        if (!isKnown)
            once.append(alarm);
    }
    return once;
}

QString alarmText(const Alarm &alarm)
{
    if (alarm.member.isEmpty())
        return alarm.sentence;
    return (alarm.name.isEmpty() ? alarm.member : alarm.name) + QStringLiteral(": ") +
           alarm.sentence;
}

} // namespace qd::session
