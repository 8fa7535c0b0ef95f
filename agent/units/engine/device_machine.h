// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/unit_machine.h"

namespace qd::units {

/// Devices (S94): a unit is plugged as long as there is something at its path. Nobody starts or
/// stops them; a start waits for the device. Only devices that somebody has named are units.
class DeviceMachine : public UnitMachine {
public:
    DeviceMachine(Core *core, Driver *driver)
        : m_core(core)
        , m_driver(driver)
    {
    }

    StartAnswer start(Unit &unit) override;
    StartAnswer stop(Unit &) override { return StartAnswer::Unsupported; }
    bool hasStartLimit() const override { return false; }
    /// It came into memory, or something has happened at its path or to a folder above: a watch
    /// sees no further than what was there when it began.
    void follow(Unit &unit);

private:
    void look(Unit &unit);

    Core *m_core;
    Driver *m_driver;
};

} // namespace qd::units
