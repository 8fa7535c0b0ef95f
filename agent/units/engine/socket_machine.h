// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/command_machine.h"

namespace qd::units {

/// Sockets: what they listen on, and the service, or the service for each connection, that is
/// started when something comes (ch3-systemd.md 11; U-46).
class SocketMachine : public CommandMachine {
public:
    using CommandMachine::CommandMachine;

    StartAnswer start(Unit &unit) override;
    StartAnswer stop(Unit &unit) override;
    void timerFired(Unit &unit) override;
    void triggeredChanged(Unit &unit, Unit &other) override;
    void triggeredJobEnded(Unit &unit, Unit &other) override { triggeredChanged(unit, other); }
    void reloaded(Unit &unit) override;

    /// Something waits at what the unit listens on.
    void ready(Unit &unit);
    /// A connection was taken; it is the machine's to pass on or to drop.
    void connected(Unit &unit, const Connection &connection);
    /// What it listens on is of no use any more.
    void broken(Unit &unit, const QString &why);

protected:
    void rest(Unit &unit, bool failed) override;
    void stepEnded(Unit &unit, ServiceResult outcome) override;
    void stepBroke(Unit &unit) override;

private:
    using State = SocketState;
    using Outcome = ServiceResult;

    void enterStartPre(Unit &unit);
    void enterStartChown(Unit &unit);
    void enterStartPost(Unit &unit);
    void enterListening(Unit &unit);
    void enterStopPre(Unit &unit, Outcome outcome);
    void enterStopPost(Unit &unit, Outcome outcome);
    void enterSignal(Unit &unit, State state, Outcome outcome);
    void setState(Unit &unit, State state);
    bool runs(Unit &unit, const QString &step, const QString &task, State state);

    bool mayTrigger(Unit &unit);
    bool takes(Unit &unit, const Connection &connection);
    Result<void> serve(Unit &unit, const Connection &connection);
    void refuse(Unit &unit, const Connection &connection);
    void queueFailed(Unit &unit, const Error &error);
    void release(Unit &unit, Unit &service);
    bool isServiceAtWork(const Unit &unit) const;
    void killTimedOut(Unit &unit);
};

} // namespace qd::units
