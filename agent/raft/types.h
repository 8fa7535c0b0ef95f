// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QtGlobal>
#include <vector>

/// The vocabulary of consensus (Ongaro & Ousterhout, "In Search of an Understandable Consensus
/// Algorithm", and Ongaro's thesis). Nothing here knows of sockets, clocks or disks.
namespace qd::raft {

using Term = quint64;
using Index = quint64;
/// A member's identity; 0 is nobody.
using NodeId = quint64;
inline constexpr NodeId kNobody = 0;

enum class EntryType : quint8 {
    Noop = 0,    ///< the first entry of a term
    Command = 1, ///< for the store; raft does not look inside
    Config = 2,  ///< a new membership: an encoded Membership
};

struct Entry {
    Term term = 0;
    Index index = 0;
    EntryType type = EntryType::Noop;
    QByteArray data;

    bool operator==(const Entry &) const = default;
};

/// What must be durable before a message that depends on it leaves (anchors-engines.md 1.7, point
/// 2).
struct HardState {
    Term term = 0;
    NodeId vote = kNobody;
    Index commit = 0;

    bool operator==(const HardState &) const = default;
};

/// Who counts (voters) and who only listens (learners); all lists are sorted. `address` of members
/// is the business of the layer above and travels as opaque context in the Config entry.
struct Membership {
    std::vector<NodeId> voters;
    std::vector<NodeId> learners;
    /// For each member, opaque bytes for the layer above (name, addresses). Sorted by id.
    struct Context {
        NodeId id = kNobody;
        QByteArray bytes;
        bool operator==(const Context &) const = default;
    };
    std::vector<Context> contexts;
    /// Not empty: a joint membership, on the way from these voters to `voters`. Every decision
    /// takes a majority of both (Raft paper, section 6).
    std::vector<NodeId> outgoing = {};
    /// Those who were members once: an id never returns.
    std::vector<NodeId> removed = {};

    bool operator==(const Membership &) const = default;
};

/// Where a snapshot stands in the log, with the membership at that point.
struct SnapshotMeta {
    Index index = 0;
    Term term = 0;
    Membership membership;

    bool operator==(const SnapshotMeta &) const = default;
};

} // namespace qd::raft
