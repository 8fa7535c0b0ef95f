// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/unit_machine.h"

namespace qd::units {

/// Units that are nothing but their state: targets and slices.
class PlainMachine : public UnitMachine {
public:
    explicit PlainMachine(Core *core)
        : m_core(core)
    {
    }

    StartAnswer start(Unit &unit) override;
    StartAnswer stop(Unit &unit) override;
    bool hasStartLimit() const override { return false; }

private:
    void setState(Unit &unit, ActiveState state);

    Core *m_core;
};

} // namespace qd::units
