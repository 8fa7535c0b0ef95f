// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/driver/child.h"
#include "agent/units/driver/unit_places.h"
#include "agent/units/engine/driver.h"

namespace qd::units {

/// What a process finds around it that is open in the engine.
struct OpenFiles {
    int toJournal = -1;       ///< for output that goes to the journal
    QString notifySocket;     ///< where it may tell of itself; empty = nowhere
    QMap<int, int> streams;   ///< given for standard streams, by number; they win
    std::vector<int> sockets; ///< LISTEN_FDS, or the one that is a standard stream
    QStringList socketNames;  ///< LISTEN_FDNAMES, one each
};

/// What a request says about the process to make, looked up and laid out. What is wrong with it is
/// for the process to end with (ChildPlan::refusal), so that it shows as its exit status.
ChildPlan planChild(const SpawnRequest &request, const OpenFiles &files);

/// What the process shuts itself into. `places` has, or makes, what it needs for it.
void planConfinement(
    ChildPlan &plan, const SpawnRequest &request, UnitPlaces &places, SyscallCompiler &syscalls);

/// Whether a standard stream of the process is to be the socket that it is started for.
bool wantsSocket(const ExecSettings &exec);

/// Whether any of the request's output goes to the journal.
bool wantsJournal(const ExecSettings &exec);

/// A limit of a service that sets none: the engine's own, but for open files systemd's 1024 and
/// 524288, since select() cannot take more by surprise. `name` is as in LimitNOFILE=, without
/// Limit.
Limit defaultLimit(const QString &name);
/// The names of all limits.
QStringList limitNames();

/// Where a bare program name is looked up, as systemd does whatever the unit's PATH says.
QStringList programFolders();

} // namespace qd::units
