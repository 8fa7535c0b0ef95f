// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/plain_machine.h"

namespace qd::units {

StartAnswer PlainMachine::start(Unit &unit)
{
    unit.invocationId = m_core->freshId();
    setState(unit, ActiveState::Active);
    return StartAnswer::Begun;
}

StartAnswer PlainMachine::stop(Unit &unit)
{
    setState(unit, ActiveState::Inactive);
    return StartAnswer::Begun;
}

void PlainMachine::setState(Unit &unit, ActiveState state)
{
    const ActiveState before = unit.active;
    unit.active = state;
    unit.sub = state == ActiveState::Active ? QStringLiteral("active") : QStringLiteral("dead");
    if (unit.type == UnitType::Slice)
        unit.controlGroup = state == ActiveState::Active ? unit.groupPath : QString();
    m_core->stateChanged(unit, before, {});
}

} // namespace qd::units
