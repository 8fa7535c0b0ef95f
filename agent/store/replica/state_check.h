// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/types.h"
#include "shared/base/result.h"

#include <QByteArray>
#include <map>
#include <vector>

namespace qd::store {

/// What a member's state was at an entry of the log.
struct StateHash {
    enum class Of : quint8 {
        Sum = 1, ///< that follows each write: known at each place
        Bytes,   ///< of a snapshot: it sees what went wrong in memory, too
    };
    raft::Index index = 0;
    Of of = Of::Sum;
    quint64 hash = 0;
};
QByteArray encode(const StateHash &state);
/// code::corrupt for what no member sends.
Result<StateHash> decodeStateHash(QByteArrayView bytes);

/// Members that have applied the same entries must hold the same state. Each tells the others the
/// hashes of its own at certain places of the log; whoever differs from what a majority of the
/// voters agrees on is the odd one. Pure; what is heard may be late, lost or from one that lags.
class StateCheck {
public:
    void tell(raft::NodeId from, const StateHash &state);

    struct Verdict {
        raft::Index index = 0;         ///< the newest place that says something; 0: none does
        std::vector<raft::NodeId> odd; ///< they differ from a majority there
        bool split = false;            ///< members differ, and no majority says who is right
    };
    Verdict verdict(const std::vector<raft::NodeId> &voters) const;

private:
    using Place = std::pair<raft::Index, StateHash::Of>;
    std::map<Place, std::map<raft::NodeId, quint64>> m_told;
};

} // namespace qd::store
