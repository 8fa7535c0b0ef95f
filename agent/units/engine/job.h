// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/unit.h"

namespace qd::units {

/// What an order among jobs is decided on: a job that is planned, or one that is installed.
struct OrderedJob {
    Unit *unit = nullptr;
    JobType type = JobType::Start;
    bool ignoreOrder = false;

    // Marks of the search for cycles.
    quint32 generation = 0;
    OrderedJob *cameFrom = nullptr;
};

/// An installed job. One a unit at most.
struct Job : OrderedJob {
    JobId id = 0;
    JobState state = JobState::Waiting;
    bool irreversible = false;
    bool queued = false;
    qint64 sinceMs = 0;    ///< when it was installed
    qint64 runSinceMs = 0; ///< when it began to run; 0 before
};

/// What two jobs of one unit become together; nothing when they contradict each other.
std::optional<JobType> mergeJobs(JobType a, JobType b);
inline bool areConflicting(JobType a, JobType b)
{
    return !mergeJobs(a, b);
}
/// What a type on entry stands for, given the unit's state.
JobType collapseJob(JobType type, ActiveState state);
std::optional<JobType> mergeAndCollapse(JobType a, JobType b, ActiveState state);
/// Whether the job would change nothing.
bool isRedundant(JobType type, ActiveState state);

/// For units of which a's is ordered before b's: -1 when job a runs first, 1 when b does, 0 when
/// it does not matter. A job that stops goes before one that starts, whatever the order says.
int compareBefore(const OrderedJob &a, const OrderedJob &b);
inline int compareAfter(const OrderedJob &a, const OrderedJob &b)
{
    return -compareBefore(b, a);
}

} // namespace qd::units
