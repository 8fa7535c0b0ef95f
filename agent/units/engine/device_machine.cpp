// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/device_machine.h"

#include "agent/units/engine/mount_setters.h"

namespace qd::units {

StartAnswer DeviceMachine::start(Unit &unit)
{
    look(unit);
    return unit.active == ActiveState::Active ? StartAnswer::Already : StartAnswer::UnderWay;
}

void DeviceMachine::follow(Unit &unit)
{
    // As a glob: of a link it is the link that counts, and the folder tells of it.
    m_driver->watchPaths(unit.id, {PathLine{PathKind::ExistsGlob, pathOfUnit(unit.id), false}});
    look(unit);
}

void DeviceMachine::look(Unit &unit)
{
    const ActiveState before = unit.active;
    const bool isThere = m_driver->hasDevice(pathOfUnit(unit.id));
    unit.active = isThere ? ActiveState::Active : ActiveState::Inactive;
    unit.sub = isThere ? QStringLiteral("plugged") : QStringLiteral("dead");
    if (unit.active != before)
        m_core->stateChanged(unit, before, {});
}

} // namespace qd::units
