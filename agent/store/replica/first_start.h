// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/types.h"

#include <QByteArray>
#include <map>
#include <optional>

namespace qd::store {

/// What a member says to one that starts with a new log and asks whether it is known.
struct Acquaintance {
    raft::Index lastIndex = 0; ///< of its own log; 0: it has none either
    bool knowsIt = false;      ///< the one that asks has taken part before, or was removed

    bool operator==(const Acquaintance &) const = default;
};
QByteArray encode(const Acquaintance &said);
/// Nothing: it does not decode.
std::optional<Acquaintance> decodeAcquaintance(QByteArrayView bytes);

/// Whether a founder whose log is new may take part. The same flags start a founder for the first
/// time and one whose folder was lost; with an empty log, the second would vote for whoever lacks
/// what it once acknowledged. So it asks the others first, and is silent meanwhile: a wiped founder
/// is refused (as etcd does, peer-contracts.md 1), and nobody who might be one takes part before
/// enough of the others have said that they do not know it. Pure.
class FirstStart {
public:
    enum class Verdict {
        Waits,
        Begins,
        Refused, ///< it has taken part before
    };
    /// How long those who do not answer are waited for when nobody has a log: the cluster is being
    /// founded, and not all machines are there.
    static constexpr qint64 kGraceMs = 2'000;

    FirstStart(const raft::Membership &founders, raft::NodeId self);
    /// Anybody else than the founders may speak, too: who was added later.
    void hear(raft::NodeId from, const Acquaintance &said) { m_heard[from] = said; }
    /// After so much time since the first question.
    Verdict verdict(qint64 waitedMs) const;
    /// The founders that have not answered yet.
    std::vector<raft::NodeId> silent() const;

private:
    size_t foundersHeard() const { return m_others.size() - silent().size(); }

    std::vector<raft::NodeId> m_others;
    std::map<raft::NodeId, Acquaintance> m_heard;
};

} // namespace qd::store
