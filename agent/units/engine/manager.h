// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/core.h"
#include "agent/units/engine/driver.h"
#include "agent/units/engine/unit.h"
#include "shared/unitfile/specifier.h"

#include <QObject>
#include <QSet>
#include <memory>

namespace qd::units {

class AutomountMachine;
class DeviceMachine;
class JobQueue;
class MountMachine;
class PathMachine;
class PlainMachine;
class Registry;
class ScopeMachine;
class ServiceMachine;
class SocketMachine;
class SwapMachine;
class TimerMachine;
class UnitMachine;

/// What is asked for: `systemctl start x`.
struct JobRequest {
    JobType type = JobType::Start;
    QString unit;
    JobMode mode = JobMode::Replace;
    bool reloadIfPossible = false; ///< reload-or-restart, try-reload-or-restart
};

/// A unit that is made over the bus; its file has been written.
struct TransientStart {
    QString unit;
    QList<qint32> pids;     ///< that a scope begins with
    QMap<int, int> streams; ///< of a service: what is open for its standard streams, by number
};

/// A job, for list-jobs.
struct JobInfo {
    JobId id = 0;
    QString unit;
    JobType type = JobType::Start;
    JobState state = JobState::Waiting;
};

/// The unit engine: loads units, runs jobs, keeps services (ch3-systemd.md 3, 5). Pure: whatever
/// it does to the world goes through the Driver, whatever it knows of time through the Clock.
/// Errors carry the codes of errors.h. The D-Bus face is built on this and on nothing else.
class Manager : public QObject, public DriverEvents, private Core {
    Q_OBJECT

public:
    struct Options {
        QStringList environment;               ///< of every service: PATH, LANG
        unitfile::SpecifierContext specifiers; ///< the node's part
        quint64 bootUs = 0;    ///< when the machine began to boot, on the monotonic clock
        bool hasPower = false; ///< it may be powered off, rebooted, suspended
    };
    /// The parts that the engine works with; all must outlive it.
    struct Parts {
        const UnitSource *source;
        Driver *driver;
        JournalSink *journal;
        const Clock *clock;
        Random *random;
    };

    Manager(Parts parts, Options options, QObject *parent = nullptr);
    ~Manager() override;

    /// Every unit in memory, sorted by id.
    QList<const Unit *> units() const;
    /// A unit in memory, by id or alias; null when it is not loaded.
    const Unit *unit(const QString &name) const;
    /// The same, loading it first. A missing file is no error (load state not-found); a name that
    /// is no unit name is (code::badInput).
    Result<const Unit *> load(const QString &name);
    /// The unit that a process belongs to. Error: noSuchProcess.
    Result<const Unit *> unitOfPid(qint32 pid) const;
    const Unit *unitOfInvocation(const QString &invocationId) const;
    QList<qint32> processes(const QString &unit) const;
    /// Whether its files changed on disk since they were read.
    bool needsReload(const QString &unit) const;
    bool canReload(const QString &unit) const;

    /// Adds a job with all that it needs, or changes nothing. jobRemoved() tells the end, always
    /// after this has returned.
    Result<JobId> enqueue(const JobRequest &request);
    QList<JobInfo> jobs() const;
    std::optional<JobInfo> job(JobId id) const;
    Result<void> cancel(JobId id);
    void cancelAll();

    /// Reads every unit file again; processes and jobs go on (3.5).
    void reload();
    /// Forgets failures and start limits; empty = of every unit. Error: noSuchUnit.
    Result<void> resetFailed(const QString &unit = {});
    enum class Whom { All, Main, Control };
    Result<void> kill(const QString &unit, Whom whom, int signalNumber);
    /// Whether nobody has a unit of this name yet, in memory or as a file.
    bool isFree(const QString &unit) const;
    /// Takes in units that were made over the bus, and starts the first one. The streams are
    /// copied. Error: unitExists; those of enqueue().
    Result<JobId> startTransient(const QList<TransientStart> &units, JobMode mode);
    /// Who has made a scope does not look after it any more. Error: noSuchUnit.
    Result<void> abandonScope(const QString &unit);
    /// Makes a unit that needs all that are active now, so that isolating it later brings them
    /// back; without a name it gets one. With `cleanup` it is gone once it has been active. Gives
    /// its name. Errors: unitExists; code::badInput.
    Result<QString> createSnapshot(const QString &name, bool cleanup);
    /// Error: noSuchUnit.
    Result<void> removeSnapshot(const QString &name);
    /// Keeps a unit in memory although nothing needs it, until unref().
    Result<void> ref(const QString &unit);
    void unref(const QString &unit);

    const QStringList &environment() const { return m_options.environment; }
    void setEnvironment(const QStringList &environment) { m_options.environment = environment; }
    /// Lines of a larger syslog number than this are not written; 6, info, at first.
    int logLevel() const { return m_logLevel; }
    void setLogLevel(int level) { m_logLevel = level; }
    QStringList unitFolders() const;
    quint32 failedJobs() const;

    /// From now on nothing starts because another unit upholds it: the engine stops all.
    void stopping() { m_stopping = true; }
    /// Runs what is due: jobs, signals of changes, collecting. The driver calls it after wake().
    void run();

    void processExecuted(qint32 pid) override;
    void processEnded(qint32 pid, const ProcessEnd &end) override;
    void processNotified(qint32 pid, const QByteArray &message) override;
    void groupEmptied(const QString &controlGroup) override;
    void timerFired(const QString &timer) override;
    void pathChanged(const QString &unit, bool touched) override;
    void mountsChanged() override;
    void swapsChanged() override;
    void automountAsked(const QString &unit, const AutomountRequest &request) override;
    void automountBroke(const QString &unit) override;
    void socketReady(const QString &unit) override;
    void connectionCame(const QString &unit, const Connection &connection) override;
    void socketBroke(const QString &unit, const QString &why) override;
    void clockChanged() override;

Q_SIGNALS:
    void unitAdded(const QString &unit);
    void unitRemoved(const QString &unit);
    /// Some property changed; changes close together come as one.
    void unitChanged(const QString &unit);
    void jobAdded(quint32 id, const QString &unit);
    void jobChanged(quint32 id);
    void jobRemoved(quint32 id, const QString &unit, qd::units::JobResult result);
    void reloading(bool active);
    /// poweroff.target or its like has been reached; it may be over by now.
    void powerAsked(const QString &verb);

private:
    // What the parts ask (manager_core.cpp).
    Result<JobId> addJob(JobType type, Unit &unit, JobMode mode) override;
    void stateChanged(Unit &unit, ActiveState before, StateFlags flags) override;
    void changed(Unit &unit) override;
    bool hasStopJob(const Unit &unit) const override;
    bool hasStartJob(const Unit &unit) const override;
    Result<Unit *> loadedUnit(const QString &name) override;
    void link(Unit &unit, Dependency kind, Unit &other) override;
    StartAnswer start(Unit &unit) override;
    StartAnswer stop(Unit &unit) override;
    StartAnswer reloadUnit(Unit &unit) override;
    bool isReloadable(const Unit &unit) const override;
    void jobWasAdded(const Job &job) override;
    void jobHasChanged(const Job &job) override;
    void jobWasRemoved(const Job &job, JobResult result) override;
    void startTriggered(Unit &unit, Dependency kind) override;
    void say(const Unit *unit, const LogLine &line) override;
    Moment now() const override;
    QString freshId() override;

    void stampState(Unit &unit, ActiveState before);
    bool hold(QList<Condition> &conditions) const;
    bool bindingsHold(Unit &unit);
    bool startIsAllowed(Unit &unit);
    bool automaticIsAllowed(RateLimit &limit) const;
    void startAfterwards(Unit &unit);
    void stopAfterwards(Unit &unit);
    void lookLater(Unit &unit);
    void tellTriggering(Unit &unit);

    /// Null for the types that are not supported.
    UnitMachine *machineOf(const Unit &unit) const;
    Unit *find(const QString &name) const;
    Result<Unit *> takeTransient(const TransientStart &start);
    Unit *socketNamed(const QString &name) const;
    Result<void> refuse(const JobRequest &request, JobType type, const Unit &unit) const;
    void resetFailedUnit(Unit &unit);
    void startPerpetual(Unit &unit);
    void unitCameIn(Unit &unit);

    // What run() does besides jobs.
    void stopWhatIsBound();
    void stopWhatIsUnneeded();
    void startWhatIsUpheld();
    bool isUnneeded(const Unit &unit) const;
    void collect();
    void markNeeded(Unit &unit, QSet<Unit *> &kept) const;
    void flush();
    void flushChange(Unit *unit);

    /// A change to tell of, in order.
    struct News {
        enum Kind { UnitIn, JobIn, JobOther, JobOut, Power };
        Kind kind;
        QString unit;
        JobId job = 0;
        JobResult result = JobResult::Done;
    };

    Parts m_parts;
    Options m_options;
    std::unique_ptr<Registry> m_registry;
    std::unique_ptr<JobQueue> m_jobs;
    std::unique_ptr<AutomountMachine> m_automounts;
    std::unique_ptr<DeviceMachine> m_devices;
    std::unique_ptr<MountMachine> m_mounts;
    std::unique_ptr<PathMachine> m_paths;
    std::unique_ptr<PlainMachine> m_plain; ///< targets, slices and snapshots
    std::unique_ptr<ScopeMachine> m_scopes;
    std::unique_ptr<ServiceMachine> m_services;
    std::unique_ptr<SocketMachine> m_sockets;
    std::unique_ptr<SwapMachine> m_swaps;
    std::unique_ptr<TimerMachine> m_timers;
    QMap<UnitType, UnitMachine *> m_machines;
    UnitSet m_dirty; ///< units with changes that are not told yet
    QList<News> m_news;
    UnitSet m_bound;    ///< to look at: what they are bound to may be gone
    UnitSet m_unneeded; ///< to look at: who needs them may be gone
    bool m_stopping = false;
    UnitSet m_upheld; ///< to look at: they may be down although another one upholds them
    bool m_lookForGarbage = false;
    bool m_running = false;
    int m_snapshots = 0; ///< that got a name
    int m_logLevel = 6;
};

} // namespace qd::units
