// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/dependency.h"
#include "agent/units/engine/settings.h"
#include "shared/base/result.h"
#include "shared/unitfile/unit_file.h"

#include <QHash>

namespace qd::units {

/// How a service is doing. Outside the engine this is to read only.
struct ServiceRuntime {
    ServiceState state = ServiceState::Dead;
    ServiceResult result = ServiceResult::Success;
    ServiceResult reloadResult = ServiceResult::Success;
    qint32 mainPid = 0;    ///< 0 = none runs
    qint32 controlPid = 0; ///< of ExecStartPre= and its like; 0 = none runs
    bool mainKnown = false;
    ExecRun main; ///< of the main process: ExecMain... properties
    quint32 restarts = 0;
    QString statusText;

    // What the state machine keeps for itself.
    std::optional<int> mainIndex; ///< which ExecStart= runs
    unitfile::Command mainCommand;
    std::optional<ExecKind> controlKind;
    int controlIndex = 0;
    unitfile::Command controlCommand; ///< what runs, whatever the unit's file says by now
    qint64 deadlineMs = 0;            ///< of the time-out that runs
    bool awaitsPidFile = false;       ///< it forks, and its PIDFile= is not there yet
    bool forbidRestart = false;
    bool flushRestarts = false;
    bool willRestart = false; ///< dead or failed for a moment only
};

/// At most so many of something in an interval, counted from the first.
struct RateLimit {
    qint64 beginMs = -1;
    int count = 0;
    bool hit = false;

    /// Counts one more; false when that is too much.
    bool pass(qint64 nowMs, quint64 intervalUs, int burst)
    {
        if (beginMs < 0 || quint64(nowMs - beginMs) > intervalUs / 1000)
            *this = RateLimit{nowMs, 0, false};
        hit = count >= burst;
        count += hit ? 0 : 1;
        return !hit;
    }
};

/// What runs of the commands of a unit that is no service, one at a time.
struct CommandRun {
    QString step; ///< the option that they stand in: "ExecStartPre"
    int index = 0;
    qint32 pid = 0; ///< 0 = none runs
    unitfile::Command command;
};

/// How a socket is doing.
struct SocketRuntime {
    SocketState state = SocketState::Dead;
    RateLimit limit; ///< of how often it triggers
    quint32 accepted = 0;
    quint32 refused = 0;
    QHash<QString, Connection> connections; ///< by the service that has it
};

/// How a mount is doing.
struct MountRuntime {
    MountState state = MountState::Dead;
    std::optional<MountPoint> point; ///< what the kernel says is mounted
    ServiceResult reloadResult = ServiceResult::Success;
    int retries = 0;
};

/// How a swap is doing.
struct SwapRuntime {
    SwapState state = SwapState::Dead;
    std::optional<SwapArea> area; ///< what the kernel says is in use
};

/// How an automount is doing.
struct AutomountRuntime {
    AutomountState state = AutomountState::Dead;
    QList<quint32> comers;      ///< who wait for the mount
    QList<quint32> expirations; ///< and the kernel, for its end
};

/// How a scope is doing.
struct ScopeRuntime {
    ScopeState state = ScopeState::Dead;
    QList<qint32> pids; ///< that it begins with
};

/// A set of units that were active at a moment (S93).
struct SnapshotRuntime {
    QStringList units;    ///< empty: nobody has made it
    bool cleanup = false; ///< it is gone with its first end
};

/// How a path is doing.
struct PathRuntime {
    PathState state = PathState::Dead;
    RateLimit limit; ///< of how often it triggers
};

/// How a timer is doing.
struct TimerRuntime {
    TimerState state = TimerState::Dead;
    Moment lastTrigger;
    quint64 nextMonotonicUs = unitfile::kInfinity; ///< infinity = never
    quint64 nextRealtimeUs = unitfile::kInfinity;
};

/// One unit in memory: everything that its D-Bus properties, `systemctl status` and the scheduler
/// need to know. Owned by the engine; a pointer is good until `unitRemoved`.
struct Unit {
    QString id;
    QStringList names; ///< the id and the aliases
    UnitType type = UnitType::Unknown;

    LoadState load = LoadState::Stub;
    Error loadError; ///< with an empty code when there is none
    QString fragmentPath;
    QStringList dropInPaths;
    QByteArray stamp; ///< of its files when they were read
    bool perpetual = false;
    bool transient = false; ///< nobody has written a file of it
    /// The options as read, drop-ins merged in order, specifiers not replaced.
    QList<unitfile::Option> options;
    QList<unitfile::Problem> problems;

    UnitSettings settings;
    // The surroundings of its processes, for the types that have some.
    ExecSettings exec;
    KillSettings kill;
    QString slice;
    ServiceSettings service; ///< meaningful for services
    ServiceRuntime run;
    /// Of sockets, mounts and swaps, by their option's name.
    QMap<QString, QList<ExecCommand>> commands;
    CommandRun command;
    Connection connection; ///< of a service that was started for one
    SocketSettings socket; ///< meaningful for sockets
    SocketRuntime listening;
    MountSettings mount; ///< meaningful for mounts
    MountRuntime mounting;
    SwapSettings swap; ///< meaningful for swaps
    SwapRuntime swapping;
    AutomountSettings automount; ///< meaningful for automounts
    AutomountRuntime automounting;
    ScopeSettings scope; ///< meaningful for scopes
    ScopeRuntime scoped;
    SnapshotRuntime snapshot; ///< meaningful for snapshots
    PathSettings path;        ///< meaningful for paths
    PathRuntime watching;
    TimerSettings timer; ///< meaningful for timers
    TimerRuntime timing;

    ActiveState active = ActiveState::Inactive;
    QString sub = QStringLiteral("dead");
    ServiceResult result = ServiceResult::Success; ///< of what is no service
    Moment stateChange, inactiveExit, activeEnter, activeExit, inactiveEnter;
    Moment conditionTime, assertTime;
    bool conditionResult = false;
    bool assertResult = false;
    QString invocationId; ///< 32 hex digits; empty before the first start
    QString groupPath;    ///< where its processes go: "/system.slice/a.service"
    QString controlGroup; ///< the same while there may be any, else empty
    RateLimit startLimit;
    RateLimit triggerLimit; ///< of what its failures start: two units may trigger each other
    RateLimit stopLimit;    ///< of stops because nobody needs it, or because of BindsTo=
    /// Of the unit whose failure started this one: MONITOR_... for its processes (U-17).
    QStringList monitorEnvironment;

    Dependencies dependencies;
    UnitSet named;      ///< the units that it names itself: they stay in memory as long as it does
    JobId job = 0;      ///< 0 = none
    int references = 0; ///< clients that want it kept in memory

    const UnitSet &of(Dependency kind) const { return dependencies[size_t(kind)]; }
    UnitSet &of(Dependency kind) { return dependencies[size_t(kind)]; }
    /// Ids of the units that it depends on in this way.
    QStringList dependencyNames(Dependency kind) const
    {
        QStringList out;
        for (const Unit *other : of(kind).list())
            out.append(other->id);
        return out;
    }
    QString description() const
    {
        return settings.description.isEmpty() ? id : settings.description;
    }
};

} // namespace qd::units
