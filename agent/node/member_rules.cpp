// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/member_rules.h"

#include "agent/etcd/cluster_info.h"

namespace qd::node {

namespace {

Result<void>
requireFree(const QList<MemberInfo> &members, raft::NodeId id, const QList<Endpoint> &peerUrls)
{
    for (const MemberInfo &member : members) {
        const bool there =
            std::any_of(peerUrls.begin(), peerUrls.end(), [&member](const Endpoint &place) {
                return member.isAt(place);
            });
        if (there && member.id != id)
            return fail(etcd::kPeerUrlExists, QStringLiteral("membership: peerURL exists"));
    }
    return {};
}

} // namespace

bool hasId(const QList<MemberInfo> &members, raft::NodeId id)
{
    return std::any_of(
        members.begin(), members.end(), [id](const auto &member) { return member.id == id; });
}

Result<MemberInfo>
reserved(const QList<MemberInfo> &members, raft::NodeId id, const QList<Endpoint> &peerUrls)
{
    if (const auto free = requireFree(members, id, peerUrls); !free)
        return fail(free.error());
    const auto waiting = std::count_if(members.begin(), members.end(), [id](const auto &member) {
        return member.isReserved() && member.id != id;
    });
    if (waiting >= kMostReserved)
        return fail(
            code::limit, QStringLiteral("%1 members have been added and have not joined: remove "
                                        "some, or let them join")
                             .arg(waiting));
    return reservation(id, peerUrls);
}

Result<MemberInfo>
movedTo(const QList<MemberInfo> &members, raft::NodeId id, const QList<Endpoint> &peerUrls)
{
    if (const auto free = requireFree(members, id, peerUrls); !free)
        return fail(free.error());
    for (MemberInfo member : members) {
        if (member.id != id)
            continue;
        member.peerUrls = peerUrls;
        return member;
    }
    return fail(code::notFound, QStringLiteral("there is no member %1").arg(idText(id)));
}

Result<MemberInfo> admitted(const QList<MemberInfo> &members, MemberInfo who)
{
    raft::NodeId kept = raft::kNobody;
    raft::NodeId before = raft::kNobody;
    for (const MemberInfo &member : members) {
        if (member.isReserved()) {
            const QList<Endpoint> places = who.peerEndpoints();
            const bool fits = std::any_of(places.begin(), places.end(), [&](const Endpoint &each) {
                return member.isAt(each);
            });
            kept = fits ? member.id : kept;
            continue;
        }
        if (member.machineId != who.machineId && member.name != who.name)
            continue;
        if (member.machineId != who.machineId)
            return fail(
                code::badInput,
                QStringLiteral("There is another node with the name %1.").arg(who.name));
        // A machine whose first answer was lost may come again; one that has a log may not.
        if (!member.learner)
            return fail(
                code::badInput,
                QStringLiteral("The machine %1 is a member already.").arg(who.machineId));
        before = member.id;
    }
    if (before != raft::kNobody)
        who.id = before;
    else if (kept != raft::kNobody)
        who.id = kept;
    return who;
}

Result<MemberInfo> admittedWhenAdded(const QList<MemberInfo> &members, const MemberInfo &who)
{
    auto out = admitted(members, who);
    if (out && !hasId(members, out->id))
        return fail(
            code::badInput,
            QStringLiteral("unmatched member while checking PeerURLs: no member was added at %1")
                .arg(urlsOf(who.peerEndpoints()).join(QLatin1Char(','))));
    return out;
}

MemberInfo announced(const MemberInfo &entry, MemberInfo self)
{
    self.learner = entry.learner;
    const bool stays = self.address == entry.address && self.peerPort == entry.peerPort;
    if (stays && (!entry.machineId.isEmpty() || self.peerUrls.isEmpty()))
        self.peerUrls = entry.peerUrls;
    return self;
}

} // namespace qd::node
