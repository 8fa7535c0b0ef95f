// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/job.h"

namespace qd::units {

std::optional<JobType> mergeJobs(JobType a, JobType b)
{
    if (a == b)
        return a;
    if (a == JobType::Nop || b == JobType::Nop)
        return std::nullopt;
    if (int(a) < int(b))
        std::swap(a, b);
    // Now a stands later in: start, verify-active, stop, reload, restart, reload-or-start.
    switch (a) {
    case JobType::VerifyActive:
        return JobType::Start;
    case JobType::Reload:
        if (b == JobType::Stop)
            return std::nullopt;
        return b == JobType::Start ? JobType::ReloadOrStart : JobType::Reload;
    case JobType::Restart:
        if (b == JobType::Stop)
            return std::nullopt;
        return JobType::Restart;
    case JobType::ReloadOrStart:
        if (b == JobType::Stop)
            return std::nullopt;
        return b == JobType::Restart ? JobType::Restart : JobType::ReloadOrStart;
    default:
        return std::nullopt; // stop with anything
    }
}

JobType collapseJob(JobType type, ActiveState state)
{
    const bool down = isInactiveOrDeactivating(state);
    switch (type) {
    case JobType::TryRestart:
        return down ? JobType::Nop : JobType::Restart;
    case JobType::TryReload:
        return down ? JobType::Nop : JobType::Reload;
    case JobType::ReloadOrStart:
        return isActiveOrReloading(state) ? JobType::Reload : JobType::Start;
    default:
        return type;
    }
}

std::optional<JobType> mergeAndCollapse(JobType a, JobType b, ActiveState state)
{
    const auto merged = mergeJobs(a, b);
    if (!merged)
        return std::nullopt;
    return collapseJob(*merged, state);
}

bool isRedundant(JobType type, ActiveState state)
{
    switch (type) {
    case JobType::Start:
    case JobType::VerifyActive:
        return isActiveOrReloading(state);
    case JobType::Stop:
        return isInactiveOrFailed(state);
    case JobType::Reload:
        return state == ActiveState::Reloading;
    case JobType::Nop:
        return true;
    default:
        return false;
    }
}

int compareBefore(const OrderedJob &a, const OrderedJob &b)
{
    if (a.type == JobType::Nop || b.type == JobType::Nop || a.ignoreOrder || b.ignoreOrder)
        return 0;
    // A restart is a stop first. When both stop, the later one in the order stops first.
    return b.type == JobType::Stop || b.type == JobType::Restart ? 1 : -1;
}

} // namespace qd::units
