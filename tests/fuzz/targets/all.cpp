// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/target.h"

namespace qd::fuzz {

std::vector<Target> targets()
{
    return {walTarget(),         walSnapshotTarget(), peerFrameTarget(), snapshotShipTarget(),
            raftMessageTarget(), httpRequestTarget(), formTarget(),      storeCommandTarget(),
            keyspaceTarget(),    rpcFrameTarget(),    unitFileTarget()};
}

} // namespace qd::fuzz
