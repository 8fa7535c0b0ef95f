// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/bus/call.h"
#include "agent/units/bus/references.h"
#include "agent/units/bus/unit_files.h"
#include "agent/units/engine/manager.h"

#include <QHash>
#include <functional>

namespace qd::units::bus {

/// What the objects on the bus show and do: the engine, the unit files, and the engine's own life.
struct Context {
    Context(Manager &engine, UnitFiles unitFiles)
        : manager(engine)
        , files(std::move(unitFiles))
    {
    }

    Manager &manager;
    UnitFiles files;
    Moment started;  ///< the engine
    Moment finished; ///< its first units are up; not set before
    bool stopping = false;
    std::function<Result<void>(const QString &verb)> power; ///< empty: there is none
    bool isContainer = false;                               ///< a machine's start is none of ours
    std::function<void()> filesChanged;                     ///< for the signal
    QString transientFolder; ///< of files of transient units; empty = there are none
    References references;
    std::function<void()> referencesChanged;
    QHash<QString, QString> fileStates; ///< UnitFileState, until files may have changed

    /// enabled, disabled ...; empty when there is no file.
    QString fileState(const QString &unit)
    {
        auto it = fileStates.find(unit);
        if (it == fileStates.end())
            it = fileStates.insert(unit, files.state(unit).value_or(QString()));
        return *it;
    }
    void forgetFileStates() { fileStates.clear(); }
    /// Who calls keeps the unit in memory, until it lets go of it or is gone.
    Result<void> hold(const Call &call, const QString &unit);
    void letGo(const Call &call, const QString &unit);
    void clientIsGone(const QString &client);
};

/// An error of the engine with its D-Bus name (systemd1-dbus.md 7).
Error onBus(const Error &error);

/// A row of list-units.
struct UnitRow rowOf(const Context &context, const Unit &unit);

} // namespace qd::units::bus
