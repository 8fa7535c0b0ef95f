// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/manager.h"

#include <QHash>
#include <QMap>
#include <QSet>
#include <deque>
#include <functional>

/// A world for the unit engine that consists of nothing but memory: unit files in a map, processes
/// in a table, a clock that is moved by hand. What a program does is said by its path:
///   /bin/true, /bin/false, /bin/exit N     end by themselves with that status
///   /bin/die N                             ends by signal N
///   /bin/missing                           cannot be executed: status 203
///   /bin/daemon                            leaves a child in the background and ends with 0
///   /bin/parent                            runs and has a child in the background
///   /bin/stubborn                          runs and minds no signal but SIGKILL and SIGQUIT
///   /bin/undead                            runs and minds no signal at all
/// anything else runs until it is signalled or ended by the test.
namespace qd::units::test {

struct Process {
    qint32 pid = 0;
    QString unit;
    QString group;
    QString path;
    QStringList argv;
    QStringList environment;
    QString invocationId;
};

class FakeSource : public UnitSource {
public:
    QMap<QString, QByteArray> files;                ///< unit name -> text
    QMap<QString, QByteArray> dropIns;              ///< unit name -> text of one drop-in
    QMap<QString, QString> aliases;                 ///< name -> the unit that it links to
    QMap<QString, QStringList> wants, requirements; ///< what is linked in the folders
    QSet<QString> masked;
    QMap<QString, QByteArray> others; ///< path -> text

    FoundUnit find(const QString &name) const override;
    QByteArray stamp(const QString &name) const override;
    Result<QByteArray> read(const QString &path) const override;
    QStringList folders() const override { return {QStringLiteral("/etc/systemd/system")}; }
};

class FakeClock : public Clock {
public:
    qint64 ms = 1000;
    qint64 setForwardUs = 0; ///< by how much the wall clock was set
    qint64 monotonicMs() const override { return ms; }
    qint64 wallUs() const override { return 1'700'000'000'000'000 + ms * 1000 + setForwardUs; }
};

class FakeJournal : public JournalSink {
public:
    QList<QMap<QByteArray, QByteArray>> entries;
    void entry(const QList<JournalField> &fields) override;
};

class FakeDriver : public Driver {
public:
    Result<qint32> spawn(const SpawnRequest &request) override;
    bool signalProcess(qint32 pid, int signalNumber) override;
    bool signalGroup(
        const QString &controlGroup, int signalNumber, const QList<qint32> &except) override;
    QList<qint32> processes(const QString &controlGroup) const override;
    void releaseGroup(const QString &controlGroup) override;
    void armTimer(const QString &unit, qint64 atMs) override { timers[unit] = atMs; }
    void cancelTimer(const QString &unit) override { timers.remove(unit); }
    void wake() override { woken = true; }
    bool test(const Condition &condition) const override;
    std::optional<UserInfo> user(const QString &nameOrId) const override;
    void watchPaths(const QString &unit, const QList<PathLine> &) override { watched.insert(unit); }
    void unwatchPaths(const QString &unit) override { watched.remove(unit); }
    Result<void> openSockets(const QString &unit, const SocketSettings &socket) override;
    Result<void> ownSockets(const QString &unit, const SocketSettings &socket) override;
    void watchSockets(const QString &unit) override { listening.insert(unit); }
    void unwatchSockets(const QString &unit) override { listening.remove(unit); }
    void flushSockets(const QString &unit) override;
    void closeSockets(const QString &unit, const SocketSettings &socket) override;
    void dropConnection(quint64 connection) override;
    QList<MountPoint> mounts() override { return table; }
    QList<SwapArea> swaps() const override { return areas; }
    Result<void> openAutomount(const QString &unit, const AutomountSettings &automount) override;
    void answerAutomount(const QString &unit, quint32 token, bool done) override;
    void closeAutomount(const QString &unit) override;
    Result<void> adoptProcesses(
        const QString &controlGroup, const QList<qint32> &pids,
        const QString &invocationId) override;
    void makeFolder(const QString &path, uint mode) override
    {
        log.append(QStringLiteral("folder %1 %2").arg(path).arg(mode, 0, 8));
        existing.insert(path);
    }
    void removeFolder(const QString &path) override
    {
        log.append(QStringLiteral("remove ") + path);
    }
    std::optional<quint64> timerStamp(const QString &unit) const override
    {
        return stamps.contains(unit) ? std::optional(stamps.value(unit)) : std::nullopt;
    }
    void setTimerStamp(const QString &unit, quint64 us) override { stamps[unit] = us; }
    bool canNotify() const override { return speaks; }

    void end(qint32 pid, int code, int status);
    /// Hands one thing that happened to the engine; false when nothing is left.
    bool deliver(DriverEvents &engine);
    bool hasPending() const { return woken || !m_ended.empty() || !m_executed.empty(); }

    QMap<qint32, Process> running;
    QMap<QString, qint64> timers;
    QMap<QString, quint64> stamps;
    QSet<QString> watched;   ///< units whose paths are watched
    QSet<QString> existing;  ///< paths of files
    QSet<QString> links;     ///< of which these are symbolic links
    QSet<QString> open;      ///< units whose sockets are open,
    QSet<QString> listening; ///< and of which what comes is told
    QSet<QString> waiting;   ///< units at whose sockets something waits to be read
    bool refusesToListen = false;
    QList<MountPoint> table; ///< of what is mounted
    QList<SwapArea> areas;   ///< what is swapped to
    QSet<QString> automounts;
    bool tracksByDescent = false;
    QStringList log; ///< "run a.service /bin/true", "signal 15 a.service"
    QList<SpawnRequest> requests;
    std::function<void(const SpawnRequest &)> onSpawn;
    bool woken = false;
    QSet<qint32> silent; ///< processes that are another one's child: their end is not told
    bool refusesToSpawn = false;
    bool speaks = true; ///< has sockets for Type=notify

private:
    struct Ended {
        qint32 pid;
        ProcessEnd end;
        QString group;
    };
    bool take(qint32 pid, int signalNumber);

    std::deque<Ended> m_ended;
    std::deque<qint32> m_executed;
    qint32 m_lastPid = 100;
};

/// The engine in its world, and the words in which the stories are told.
class World {
public:
    explicit World(quint64 seed = 1);

    /// A unit file; `text` may leave a section's head away for [Service] lines alone.
    World &file(const QString &name, const QByteArray &text);
    Result<JobId> ask(JobType type, const QString &unit, JobMode mode = JobMode::Replace);
    /// Asks, lets everything happen that happens by itself, and gives the job's result; the error
    /// code when it was refused, "pending" while it has not ended.
    QString start(const QString &unit, JobMode mode = JobMode::Replace);
    QString stop(const QString &unit, JobMode mode = JobMode::Replace);
    QString restart(const QString &unit);
    QString reload(const QString &unit);
    QString resultOf(JobId job) const;

    /// Runs the engine and everything that happens without time passing.
    void settle();
    void advance(qint64 ms);
    /// A file comes, goes, or is written to; every path that is watched hears of it.
    void touch(const QString &path);
    void remove(const QString &path);
    void write(const QString &path);
    /// Something comes at the socket of a unit, and waits until a service takes it.
    void knock(const QString &unit);
    /// The table of mounts gets, or loses, a line, and the engine is told.
    void mounted(const QString &what, const QString &where, const QString &type = "ext4");
    void unmounted(const QString &where);
    /// The same of the table of swaps.
    void swapped(const QString &what, bool on);
    /// Somebody looks at the place of an automount, or nobody has for its time; the answer will
    /// be in the driver's log.
    void lookAt(const QString &unit, quint32 token);
    void expire(const QString &unit, quint32 token);
    /// A connection comes at a socket with Accept=yes, from an address.
    void connectFrom(const QString &address, const QString &unit);
    /// Sets the wall clock forward, or back, and says so.
    void setClock(qint64 byMs);
    /// Ends the main process, else the only process, of a unit.
    void exit(const QString &unit, int status = 0);
    void killed(const QString &unit, int signalNumber);
    /// What the main process of a unit sends to its NOTIFY_SOCKET.
    void notify(const QString &unit, const QByteArray &message);

    /// "active/running"; "gone" when it is not in memory.
    QString state(const QString &unit) const;
    const Unit &unit(const QString &name) const;
    QString result(const QString &unit) const { return toText(this->unit(unit).run.result); }
    qint32 mainPid(const QString &unit) const;
    int processCount(const QString &unit) const;
    /// What was run, in order: "a.service /bin/true".
    QStringList runs() const;
    /// The engine's words about a unit, in order.
    QStringList said(const QString &unit) const;
    bool wasSaid(const QString &sentence) const;

    void tellPaths(const QString &path);

    FakeSource source;
    FakeClock clock;
    FakeJournal journal;
    FakeDriver driver;
    SeededRandom random;
    Manager manager;
    quint64 lastConnection = 0;
    QMap<JobId, JobResult> results;
    QStringList news; ///< signals in order: "job 1 a.service", "unit a.service active/running" ...
};

} // namespace qd::units::test
