// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/unit_machine.h"

namespace qd::units {

/// What the machines have in common whose units end dead or failed with Unit::result to say why:
/// all but services, which may start again by themselves.
class ResultMachine : public UnitMachine {
public:
    explicit ResultMachine(Core *core)
        : m_core(core)
    {
    }

    StartAnswer stop(Unit &unit) override;
    void refuseStart(Unit &unit) override;
    void resetFailed(Unit &unit) override;

protected:
    /// The first failure is the one that is reported.
    void remember(Unit &unit, ServiceResult outcome) const;
    virtual void enterDead(Unit &unit, ServiceResult outcome);
    /// Puts the unit into its state `failed` or `dead`.
    virtual void rest(Unit &unit, bool failed) = 0;

    Core *m_core;
};

} // namespace qd::units
