// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/raft.h"

namespace qd::store {

/// Deliberate defects, for the simulator to find. Never set outside of tests.
struct ReplicaFaults {
    raft::Faults raft;
    bool readLocalState = false;               ///< R-48: a linearizable read asks nobody
    bool readBeforeApplied = false;            ///< R-50: at the read's index, but not applied yet
    bool reuseReadNumbers = false;             ///< counted from one again by each process
    bool acknowledgeWhenProposed = false;      ///< R-35
    bool forgetRequestIds = false;             ///< a write that was sent twice is applied twice
    bool forgetRequestIdsAtStart = false;      ///< they are no part of the snapshot
    bool sendAgainAsAnother = false;           ///< R-33: with a new id
    bool callUnknownRefused = false;           ///< R-56
    bool snapshotWithoutMembership = false;    ///< R-32
    bool snapshotWithNewestMembership = false; ///< R-27: also what is not committed
    bool snapshotOneTooLow = false;  ///< R-34: the last entry is applied twice after a start
    bool markBeforeSave = false;     ///< R-39: the log speaks of a snapshot that is not there
    bool keepStateAtInstall = false; ///< the snapshot's state is not taken over
    bool clockOfEachMember = false;  ///< R-54: applied with the time of who applies
    bool startWithoutLog = false;    ///< an emptied disk is taken for a new member's
};

} // namespace qd::store
