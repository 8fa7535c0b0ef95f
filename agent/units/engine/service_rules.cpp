// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/service_rules.h"

namespace qd::units {

ServiceResult resultOf(const ProcessEnd &end, bool daemon, const unitfile::ExitSet &success)
{
    if (end.code == CLD_EXITED)
        return end.status == 0 || success.statuses.contains(end.status) ? ServiceResult::Success
                                                                        : ServiceResult::ExitCode;
    if (end.code == CLD_DUMPED)
        return ServiceResult::CoreDump;
    const bool mild = end.status == SIGHUP || end.status == SIGINT || end.status == SIGTERM ||
                      end.status == SIGPIPE;
    return (daemon && mild) || success.signalNumbers.contains(end.status) ? ServiceResult::Success
                                                                          : ServiceResult::Signal;
}

bool contains(const unitfile::ExitSet &set, const ExecRun &run)
{
    if (run.code == CLD_EXITED)
        return set.statuses.contains(run.status);
    if (run.code == CLD_KILLED || run.code == CLD_DUMPED)
        return set.signalNumbers.contains(run.status);
    return false;
}

bool shallRestart(const ServiceSettings &service, const ServiceRuntime &run)
{
    if (run.forbidRestart || contains(service.restartPrevent, run.main))
        return false;
    if (contains(service.restartForce, run.main))
        return true;
    const ServiceResult result = run.result;
    if (result == ServiceResult::SkipCondition)
        return false;
    switch (service.restart) {
    case RestartPolicy::No:
        return false;
    case RestartPolicy::Always:
        return true;
    case RestartPolicy::OnSuccess:
        return result == ServiceResult::Success;
    case RestartPolicy::OnFailure:
        return result != ServiceResult::Success;
    case RestartPolicy::OnAbnormal:
        return result != ServiceResult::Success && result != ServiceResult::ExitCode;
    case RestartPolicy::OnWatchdog:
        return result == ServiceResult::Watchdog;
    case RestartPolicy::OnAbort:
        return result == ServiceResult::Signal || result == ServiceResult::CoreDump;
    }
    return false;
}

bool mayHaveTimer(ServiceState state)
{
    return state != ServiceState::Dead && state != ServiceState::Failed &&
           state != ServiceState::Exited;
}

bool mayHaveWatchdog(ServiceState state)
{
    return state == ServiceState::StartPost || state == ServiceState::Running ||
           state == ServiceState::Reload;
}

bool mayHaveMain(ServiceState state)
{
    return isStopping(state) || state == ServiceState::Start || state == ServiceState::StartPost ||
           state == ServiceState::Running || state == ServiceState::Reload;
}

bool mayHaveControl(ServiceState state)
{
    return isStopping(state) || state == ServiceState::Condition ||
           state == ServiceState::StartPre || state == ServiceState::Start ||
           state == ServiceState::StartPost || state == ServiceState::Reload ||
           state == ServiceState::Cleaning;
}

bool isAtRest(ServiceState state)
{
    return state == ServiceState::Dead || state == ServiceState::Failed ||
           state == ServiceState::AutoRestart;
}

bool isStopping(ServiceState state)
{
    return activeStateOf(state) == ActiveState::Deactivating;
}

} // namespace qd::units
