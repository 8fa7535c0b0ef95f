// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/core.h"

namespace qd::units {

/// The processes of units of any type: starting them with what is around them, signalling them,
/// giving their group up.
class UnitProcesses {
public:
    struct Parts {
        Core *core;
        Driver *driver;
        const UnitSource *source;
        const QStringList *environment; ///< of every process
    };
    enum class Signal { Terminate, Watchdog, Kill };

    explicit UnitProcesses(Parts parts)
        : m_parts(parts)
    {
    }

    /// Starts a command of the unit; `request` has what is the type's own: more environment, files
    /// to pass. Without success the journal says that `task` failed.
    std::optional<qint32>
    spawn(Unit &unit, ExecCommand &command, SpawnRequest request, const QString &task) const;
    /// What KillMode= asks for; `known` are the main and the control process. True when there is
    /// something to wait for.
    bool signal(const Unit &unit, Signal signal, const QList<qint32> &known) const;
    bool groupIsEmpty(const Unit &unit) const;
    /// Tells of processes that KillMode= or their own stubbornness has let live.
    void sayWhatIsLeft(const Unit &unit) const;
    /// Gives the group up, unless processes are left in it that nobody may kill.
    void releaseGroup(Unit &unit) const;

private:
    Result<QStringList> unitEnvironment(const Unit &unit) const;
    void sayKilling(const Unit &unit, qint32 pid, int signalNumber) const;
    void say(const Unit &unit, int priority, const QString &text) const;

    Parts m_parts;
};

} // namespace qd::units
