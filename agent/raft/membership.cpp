// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/raft/membership.h"

#include "shared/base/bytes.h"

#include <algorithm>

namespace qd::raft {

namespace {

bool contains(const std::vector<NodeId> &sorted, NodeId id)
{
    return std::binary_search(sorted.begin(), sorted.end(), id);
}

void writeIds(ByteWriter &writer, const std::vector<NodeId> &ids)
{
    writer.number<quint32>(quint32(ids.size()));
    for (const NodeId id : ids)
        writer.number<quint64>(id);
}

/// A length that lies ends with the bytes.
bool readIds(ByteReader &reader, std::vector<NodeId> &ids)
{
    const auto count = reader.number<quint32>();
    for (quint32 i = 0; i < count && reader.ok(); ++i)
        ids.push_back(reader.number<quint64>());
    return std::is_sorted(ids.begin(), ids.end());
}

void insertSorted(std::vector<NodeId> &sorted, NodeId id)
{
    sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), id), id);
}

void dropContext(Membership &membership, NodeId id)
{
    std::erase_if(membership.contexts, [id](const auto &context) { return context.id == id; });
}

void setContext(Membership &membership, NodeId id, const QByteArray &bytes)
{
    auto &all = membership.contexts;
    const auto at = std::lower_bound(
        all.begin(), all.end(), id,
        [](const Membership::Context &context, NodeId wanted) { return context.id < wanted; });
    if (at != all.end() && at->id == id)
        at->bytes = bytes;
    else
        all.insert(at, {id, bytes});
}

Result<void> addLearner(Membership &after, const MembershipChange &change)
{
    const QString name = QString::number(change.id, 16);
    if (change.id == kNobody || isMember(after, change.id))
        return fail(code::conflict, QStringLiteral("%1 is a member already").arg(name));
    if (wasRemoved(after, change.id))
        return fail(
            code::conflict,
            QStringLiteral("%1 was removed from the cluster: it never returns").arg(name));
    insertSorted(after.learners, change.id);
    setContext(after, change.id, change.context);
    return {};
}

Result<void> promote(Membership &after, NodeId id)
{
    if (!isLearner(after, id))
        return fail(
            code::conflict, QStringLiteral("%1 is not a learner").arg(QString::number(id, 16)));
    std::erase(after.learners, id);
    insertSorted(after.voters, id);
    return {};
}

Result<void> remove(Membership &after, NodeId id)
{
    const QString name = QString::number(id, 16);
    if (!isMember(after, id))
        return fail(code::notFound, QStringLiteral("%1 is not a member").arg(name));
    std::erase(after.learners, id);
    std::erase(after.voters, id);
    if (after.voters.empty())
        return fail(kQuorumLost, QStringLiteral("%1 is the last voter").arg(name));
    return {};
}

/// Who was a member before and is none any more.
void retire(Membership &after, const Membership &before)
{
    for (const auto *ids : {&before.voters, &before.outgoing, &before.learners}) {
        for (const NodeId id : *ids) {
            if (isMember(after, id) || wasRemoved(after, id))
                continue;
            dropContext(after, id);
            insertSorted(after.removed, id);
        }
    }
}

Result<void> apply(Membership &after, const MembershipChange &change)
{
    switch (change.kind) {
    case MembershipChange::Kind::AddLearner:
        return addLearner(after, change);
    case MembershipChange::Kind::Promote:
        return promote(after, change.id);
    case MembershipChange::Kind::Remove:
        return remove(after, change.id);
    case MembershipChange::Kind::UpdateContext:
        if (!isMember(after, change.id))
            return fail(
                code::notFound,
                QStringLiteral("%1 is not a member").arg(QString::number(change.id, 16)));
        setContext(after, change.id, change.context);
        return {};
    }
    return fail(code::badInput, QStringLiteral("unknown membership change"));
}

} // namespace

bool isVoter(const Membership &membership, NodeId id)
{
    return contains(membership.voters, id) || contains(membership.outgoing, id);
}

bool isLearner(const Membership &membership, NodeId id)
{
    return contains(membership.learners, id);
}

bool wasRemoved(const Membership &membership, NodeId id)
{
    return contains(membership.removed, id);
}

std::vector<NodeId> allVoters(const Membership &membership)
{
    std::vector<NodeId> out;
    std::set_union(
        membership.voters.begin(), membership.voters.end(), membership.outgoing.begin(),
        membership.outgoing.end(), std::back_inserter(out));
    return out;
}

Result<Membership> changed(const Membership &before, const std::vector<MembershipChange> &changes)
{
    if (isJoint(before))
        return fail(code::conflict, QStringLiteral("another membership change is under way"));
    Membership after = before;
    for (const MembershipChange &change : changes) {
        if (const auto applied = apply(after, change); !applied)
            return fail(applied.error());
    }
    if (after.voters != before.voters)
        after.outgoing = before.voters; // they stay until the joint membership is left
    retire(after, before);
    return after;
}

Membership settled(const Membership &joint)
{
    Membership after = joint;
    after.outgoing.clear();
    retire(after, joint);
    return after;
}

QByteArray encodeMembership(const Membership &membership)
{
    QByteArray out;
    ByteWriter writer(out);
    for (const auto *ids : {&membership.voters, &membership.learners})
        writeIds(writer, *ids);
    writer.number<quint32>(quint32(membership.contexts.size()));
    for (const auto &context : membership.contexts) {
        writer.number<quint64>(context.id);
        writer.bytes(context.bytes);
    }
    for (const auto *ids : {&membership.outgoing, &membership.removed})
        writeIds(writer, *ids);
    return out;
}

Result<Membership> decodeMembership(QByteArrayView bytes)
{
    Membership out;
    ByteReader reader(bytes);
    bool sound = readIds(reader, out.voters) && readIds(reader, out.learners);
    const auto count = reader.number<quint32>();
    for (quint32 i = 0; i < count && reader.ok(); ++i) {
        const auto id = reader.number<quint64>();
        out.contexts.push_back({id, reader.bytes()});
    }
    // Logs of before there were joint memberships end here.
    if (!reader.atEnd())
        sound = readIds(reader, out.outgoing) && readIds(reader, out.removed) && sound;
    if (!reader.ok() || !reader.atEnd() || !sound)
        return fail(code::corrupt, QStringLiteral("a membership does not decode"));
    return out;
}

} // namespace qd::raft
