// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/result_machine.h"

#include "agent/units/engine/messages.h"

namespace qd::units {

StartAnswer ResultMachine::stop(Unit &unit)
{
    enterDead(unit, ServiceResult::Success);
    return StartAnswer::Begun;
}

void ResultMachine::refuseStart(Unit &unit)
{
    enterDead(unit, ServiceResult::StartLimitHit);
}

void ResultMachine::resetFailed(Unit &unit)
{
    if (unit.active == ActiveState::Failed)
        rest(unit, false);
    unit.result = ServiceResult::Success;
    m_core->changed(unit);
}

void ResultMachine::remember(Unit &unit, ServiceResult outcome) const
{
    if (unit.result == ServiceResult::Success)
        unit.result = outcome;
}

void ResultMachine::enterDead(Unit &unit, ServiceResult outcome)
{
    remember(unit, outcome);
    m_core->say(&unit, messages::serviceEnded(unit, unit.result));
    rest(unit, unit.result != ServiceResult::Success);
}

} // namespace qd::units
