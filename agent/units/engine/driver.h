// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/settings.h"
#include "shared/base/result.h"

#include <QList>

namespace qd::units {

/// A process to start.
struct SpawnRequest {
    QString unit;
    QString controlGroup; ///< "/system.slice/a.service"
    QString slice;
    QString invocationId;
    unitfile::Command command;    ///< variables not yet replaced
    ExecSettings exec;            ///< the service's surroundings
    QStringList environment;      ///< from the engine: PATH, LANG, INVOCATION_ID, MAINPID ...
    QStringList unitEnvironment;  ///< Environment= and its files; wins over the other
    bool mayNotify = false;       ///< it gets a NOTIFY_SOCKET
    bool staysPrivileged = false; ///< User= and its kin are not for this command
    QStringList sockets;          ///< socket units; what they listen on is passed on (LISTEN_FDS)
    quint64 connection = 0;       ///< a connection to pass on; 0 = none
    // exec.unsetEnvironment applies last, to what the driver adds (HOME, USER ...) as well.
};

/// How a process ended: waitid's code (1 exited, 2 killed, 3 dumped) and status.
struct ProcessEnd {
    qint32 code = 0;
    qint32 status = 0;
};

/// Who a name of User= is.
struct UserInfo {
    QString name;
    quint32 uid = 0;
    quint32 gid = 0;
    QString group;
    QString home;
    QString shell;
};

/// The hands of the engine: processes, groups of processes, timers, the machine. The engine calls
/// it; it answers later through DriverEvents, never from inside a call.
class Driver {
public:
    virtual ~Driver() = default;
    /// Starts a process in its unit's group and gives its pid. What goes wrong in the new process
    /// shows as its exit status (203 EXEC, 217 USER ...). Error: code::io, no process was made.
    virtual Result<qint32> spawn(const SpawnRequest &request) = 0;
    /// Copies of what is open for a unit's standard streams, by their number, instead of what its
    /// file says; until dropStreams().
    virtual void keepStreams(const QString &unit, const QMap<int, int> &streams)
    {
        Q_UNUSED(unit);
        Q_UNUSED(streams);
    }
    virtual void dropStreams(const QString &unit) { Q_UNUSED(unit); }
    /// Whether the process was there to take it.
    virtual bool signalProcess(qint32 pid, int signalNumber) = 0;
    /// Signals every process of a group but `except`; whether there was any.
    virtual bool
    signalGroup(const QString &controlGroup, int signalNumber, const QList<qint32> &except) = 0;
    virtual QList<qint32> processes(const QString &controlGroup) const = 0;
    /// The program's name as /proc/PID/comm gives it.
    virtual QString processName(qint32 pid) const
    {
        Q_UNUSED(pid);
        return QStringLiteral("n/a");
    }
    /// Whether processes can be given a NOTIFY_SOCKET; without it Type=notify is refused.
    virtual bool canNotify() const { return false; }
    /// The group is done with.
    virtual void releaseGroup(const QString &controlGroup) = 0;
    /// A unit with processes has come to its end: what was made for its run goes.
    virtual void unitEnded(const QString &unit, bool willRestart)
    {
        Q_UNUSED(unit);
        Q_UNUSED(willRestart);
    }
    /// timerFired(timer) at `atMs` of the engine's Clock. Timers have names: a unit's, or one with
    /// a slash; a new one of the same name replaces it.
    virtual void armTimer(const QString &timer, qint64 atMs) = 0;
    virtual void cancelTimer(const QString &timer) = 0;
    /// Call Manager::run() soon, but not from inside this call.
    virtual void wake() = 0;
    /// Whether a condition holds, its `negate` left aside.
    virtual bool test(const Condition &condition) const = 0;
    /// pathChanged() when something happens at one of the paths, or above one so that it may have
    /// come or gone. Replaces what was watched for the unit.
    virtual void watchPaths(const QString &unit, const QList<PathLine> &paths) = 0;
    virtual void unwatchPaths(const QString &unit) = 0;
    /// Opens, or opens anew, what a socket unit listens on. Error: code::io, and nothing is open.
    virtual Result<void> openSockets(const QString &unit, const SocketSettings &socket)
    {
        Q_UNUSED(unit);
        Q_UNUSED(socket);
        return fail(code::unsupported, QStringLiteral("Operation not supported"));
    }
    /// Gives the files of open sockets to SocketUser= and SocketGroup=.
    virtual Result<void> ownSockets(const QString &unit, const SocketSettings &socket)
    {
        Q_UNUSED(unit);
        Q_UNUSED(socket);
        return {};
    }
    /// socketReady() while something waits at one; with Accept=, connectionCame() for each one
    /// that comes. Until unwatchSockets(). Asking twice is no harm.
    virtual void watchSockets(const QString &unit) { Q_UNUSED(unit); }
    virtual void unwatchSockets(const QString &unit) { Q_UNUSED(unit); }
    /// Throws away what waits.
    virtual void flushSockets(const QString &unit) { Q_UNUSED(unit); }
    /// Closes what is open, and removes the files if RemoveOnStop= says so.
    virtual void closeSockets(const QString &unit, const SocketSettings &socket)
    {
        Q_UNUSED(unit);
        Q_UNUSED(socket);
    }
    virtual void dropConnection(quint64 connection) { Q_UNUSED(connection); }
    /// Whether there is a device at a path: a node below /dev, or a folder of /sys (S94).
    virtual bool hasDevice(const QString &path) const
    {
        Q_UNUSED(path);
        return true;
    }
    /// The kernel's table of mounts, in the order in which they came; mountsChanged() when it is
    /// another one.
    virtual QList<MountPoint> mounts() { return {}; }
    /// What is mounted at a path, last of all; nothing when it is no mount point.
    virtual std::optional<MountPoint> mountAt(const QString &path)
    {
        const QList<MountPoint> all = mounts();
        for (auto it = all.crbegin(); it != all.crend(); ++it) {
            if (it->where == path)
                return *it;
        }
        return std::nullopt;
    }
    /// The kernel's table of swaps; swapsChanged() when it is another one.
    virtual QList<SwapArea> swaps() const { return {}; }
    std::optional<SwapArea> swapAt(const QString &path) const
    {
        const QList<SwapArea> all = swaps();
        for (const SwapArea &area : all) {
            if (area.what == path)
                return area;
        }
        return std::nullopt;
    }
    /// Puts the kernel's automounter at a place: automountAsked() when somebody looks at it, and
    /// when nobody has for its time. Each is to be answered. Error: code::io.
    virtual Result<void> openAutomount(const QString &unit, const AutomountSettings &automount)
    {
        Q_UNUSED(unit);
        Q_UNUSED(automount);
        return fail(code::unsupported, QStringLiteral("Operation not supported"));
    }
    virtual void answerAutomount(const QString &unit, quint32 token, bool done)
    {
        Q_UNUSED(unit);
        Q_UNUSED(token);
        Q_UNUSED(done);
    }
    /// Takes it away again, with what is mounted on it.
    virtual void closeAutomount(const QString &unit) { Q_UNUSED(unit); }
    /// Takes processes of somebody else into a group; groupEmptied() tells when the last one is
    /// gone. Error: code::unsupported where processes are tracked by descent; code::io.
    virtual Result<void> adoptProcesses(
        const QString &controlGroup, const QList<qint32> &pids, const QString &invocationId)
    {
        Q_UNUSED(controlGroup);
        Q_UNUSED(pids);
        Q_UNUSED(invocationId);
        return fail(code::unsupported, QStringLiteral("Operation not supported"));
    }
    /// Makes a folder and those above it; one that is there stays as it is.
    virtual void makeFolder(const QString &path, uint mode) = 0;
    /// Removes a folder with all that is in it.
    virtual void removeFolder(const QString &path) = 0;
    /// When a timer with Persistent= was last due, microseconds since 1970; it is kept over
    /// restarts of the machine.
    virtual std::optional<quint64> timerStamp(const QString &unit) const
    {
        Q_UNUSED(unit);
        return std::nullopt;
    }
    virtual void setTimerStamp(const QString &unit, quint64 us)
    {
        Q_UNUSED(unit);
        Q_UNUSED(us);
    }
    virtual std::optional<UserInfo> user(const QString &nameOrId) const = 0;
};

/// What the driver tells the engine.
class DriverEvents {
public:
    virtual ~DriverEvents() = default;
    /// execve() was done (matters to Type=exec).
    virtual void processExecuted(qint32 pid) = 0;
    /// Of every process that was started, and of those that have come to be the engine's children.
    virtual void processEnded(qint32 pid, const ProcessEnd &end) = 0;
    /// A datagram that a process, or a child of one, has sent to its NOTIFY_SOCKET.
    virtual void processNotified(qint32 pid, const QByteArray &message)
    {
        Q_UNUSED(pid);
        Q_UNUSED(message);
    }
    /// The last process of a group is gone.
    virtual void groupEmptied(const QString &controlGroup) = 0;
    virtual void timerFired(const QString &timer) = 0;
    /// `touched`: a path that waits for changes has one; else look again.
    virtual void pathChanged(const QString &unit, bool touched)
    {
        Q_UNUSED(unit);
        Q_UNUSED(touched);
    }
    virtual void socketReady(const QString &unit) { Q_UNUSED(unit); }
    virtual void connectionCame(const QString &unit, const Connection &connection)
    {
        Q_UNUSED(unit);
        Q_UNUSED(connection);
    }
    /// What the unit listens on is of no use any more.
    virtual void socketBroke(const QString &unit, const QString &why)
    {
        Q_UNUSED(unit);
        Q_UNUSED(why);
    }
    virtual void mountsChanged() {}
    virtual void swapsChanged() {}
    virtual void automountAsked(const QString &unit, const AutomountRequest &request)
    {
        Q_UNUSED(unit);
        Q_UNUSED(request);
    }
    /// Somebody has taken the automounter away.
    virtual void automountBroke(const QString &unit) { Q_UNUSED(unit); }
    /// The wall clock was set, so that it and the monotonic one went apart.
    virtual void clockChanged() {}
};

} // namespace qd::units
