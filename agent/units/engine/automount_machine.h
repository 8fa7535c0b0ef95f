// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/result_machine.h"

namespace qd::units {

/// Automounts: a place that is mounted when somebody looks at it, and unmounted when nobody has for
/// a while (ch3-systemd.md 13). Who looks waits until the mount unit has said how it went.
class AutomountMachine : public ResultMachine {
public:
    AutomountMachine(Core *core, Driver *driver)
        : ResultMachine(core)
        , m_driver(driver)
    {
    }

    StartAnswer start(Unit &unit) override;
    void triggeredChanged(Unit &unit, Unit &other) override;
    void triggeredJobEnded(Unit &unit, Unit &other) override { triggeredChanged(unit, other); }
    /// The kernel asks: somebody has come, or nobody has for a while.
    void asked(Unit &unit, const AutomountRequest &request);
    /// The kernel's side of it is gone: somebody has unmounted the place.
    void broken(Unit &unit);

protected:
    void rest(Unit &unit, bool failed) override;

private:
    using State = AutomountState;

    void enterRunning(Unit &unit);
    void setState(Unit &unit, State state);
    void answer(Unit &unit, QList<quint32> &tokens, bool done);

    Driver *m_driver;
};

} // namespace qd::units
