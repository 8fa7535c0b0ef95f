// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/raft/membership.h"

#include "shared/base/bytes.h"

#include <algorithm>

namespace qd::raft {

namespace {

constexpr quint32 kMaxMembers = 1000;

bool contains(const std::vector<NodeId> &sorted, NodeId id)
{
    return std::binary_search(sorted.begin(), sorted.end(), id);
}

void insertSorted(std::vector<NodeId> &sorted, NodeId id)
{
    sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), id), id);
}

void removeFrom(std::vector<NodeId> &sorted, NodeId id)
{
    std::erase(sorted, id);
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

} // namespace

bool isVoter(const Membership &membership, NodeId id)
{
    return contains(membership.voters, id);
}

bool isLearner(const Membership &membership, NodeId id)
{
    return contains(membership.learners, id);
}

Result<Membership> changed(const Membership &before, const MembershipChange &change)
{
    Membership after = before;
    const QString name = QString::number(change.id, 16);
    switch (change.kind) {
    case MembershipChange::Kind::AddLearner:
        if (change.id == kNobody || isMember(before, change.id))
            return fail(code::conflict, QStringLiteral("%1 is a member already").arg(name));
        insertSorted(after.learners, change.id);
        setContext(after, change.id, change.context);
        return after;
    case MembershipChange::Kind::Promote:
        if (!isLearner(before, change.id))
            return fail(code::conflict, QStringLiteral("%1 is not a learner").arg(name));
        removeFrom(after.learners, change.id);
        insertSorted(after.voters, change.id);
        return after;
    case MembershipChange::Kind::Remove:
        if (!isMember(before, change.id))
            return fail(code::notFound, QStringLiteral("%1 is not a member").arg(name));
        if (isVoter(before, change.id) && before.voters.size() == 1)
            return fail(code::conflict, QStringLiteral("%1 is the last voter").arg(name));
        removeFrom(after.voters, change.id);
        removeFrom(after.learners, change.id);
        std::erase_if(after.contexts, [&](const auto &context) { return context.id == change.id; });
        return after;
    case MembershipChange::Kind::UpdateContext:
        if (!isMember(before, change.id))
            return fail(code::notFound, QStringLiteral("%1 is not a member").arg(name));
        setContext(after, change.id, change.context);
        return after;
    }
    return fail(code::badInput, QStringLiteral("unknown membership change"));
}

QByteArray encodeMembership(const Membership &membership)
{
    QByteArray out;
    ByteWriter writer(out);
    for (const auto *ids : {&membership.voters, &membership.learners}) {
        writer.number<quint32>(quint32(ids->size()));
        for (const NodeId id : *ids)
            writer.number<quint64>(id);
    }
    writer.number<quint32>(quint32(membership.contexts.size()));
    for (const auto &context : membership.contexts) {
        writer.number<quint64>(context.id);
        writer.bytes(context.bytes);
    }
    return out;
}

Result<Membership> decodeMembership(QByteArrayView bytes)
{
    Membership out;
    ByteReader reader(bytes);
    for (auto *ids : {&out.voters, &out.learners}) {
        const auto count = reader.number<quint32>();
        for (quint32 i = 0; i < count && count <= kMaxMembers && reader.ok(); ++i)
            ids->push_back(reader.number<quint64>());
    }
    const auto count = reader.number<quint32>();
    for (quint32 i = 0; i < count && count <= kMaxMembers && reader.ok(); ++i) {
        const auto id = reader.number<quint64>();
        out.contexts.push_back({id, reader.bytes()});
    }
    const bool sorted = std::is_sorted(out.voters.begin(), out.voters.end()) &&
                        std::is_sorted(out.learners.begin(), out.learners.end());
    if (!reader.ok() || !reader.atEnd() || !sorted)
        return fail(code::corrupt, QStringLiteral("a membership does not decode"));
    return out;
}

} // namespace qd::raft
