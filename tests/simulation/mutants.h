// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/store/replica/replica_faults.h"
#include "tests/simulation/sim_disk.h"

#include <QString>
#include <optional>
#include <span>

namespace qd::sim {

/// A defect that is built in, for the simulator to find: it is finished only when it finds them.
struct Mutant {
    store::ReplicaFaults replica;
    DiskFaults disk;
    bool ignoreFailedSync = false;    ///< R-43
    bool takeDamageForTorn = false;   ///< R-18: whatever cannot be read is the end of the log
    bool watchFromOneLater = false;   ///< R-52: an event is lost when a watch is resumed
    bool watchFromOneEarlier = false; ///< R-52: an event comes twice
};

struct NamedMutant {
    const char *name;
    const char *what;
    void (*build)(Mutant &mutant);
    quint64 seed = 0; ///< one that finds it, where the first few do not: the test begins there
};

std::span<const NamedMutant> mutants();
/// Nothing for an unknown name.
std::optional<Mutant> mutantByName(const QString &name);

} // namespace qd::sim
