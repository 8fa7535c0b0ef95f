// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/types.h"
#include "shared/base/result.h"

#include <QByteArray>
#include <map>
#include <vector>

namespace qd::store {

/// Where a member's state was at an entry of the log, in four bytes.
struct StateHash {
    raft::Index index = 0;
    quint32 hash = 0;
};
QByteArray encode(const StateHash &state);
/// code::corrupt for what no member sends.
Result<StateHash> decodeStateHash(QByteArrayView bytes);

/// Members that have applied the same entries must hold the same state. Each tells the others the
/// hash of its own at certain places of the log; whoever differs from what a majority of the voters
/// agrees on is the odd one. Pure; what is heard may be late, lost or from one that lags.
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
    std::map<raft::Index, std::map<raft::NodeId, quint32>> m_told;
};

} // namespace qd::store
