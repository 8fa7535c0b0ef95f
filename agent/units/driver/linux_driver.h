// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/driver/kept_streams.h"
#include "agent/units/driver/process_groups.h"
#include "agent/units/driver/syscall_programs.h"
#include "agent/units/driver/unit_places.h"
#include "agent/units/engine/driver.h"
#include "agent/units/engine/journal_sink.h"
#include "shared/base/clock.h"

#include <QHash>
#include <QObject>
#include <QSet>
#include <functional>
#include <map>
#include <memory>

class QSocketNotifier;
class QTimer;

namespace qd::units {

class Autofs;
class ClockWatch;
class ListenSockets;
class MountTable;
class NotifySocket;
struct OpenFiles;
class SwapTable;
class OutputStream;
class PathWatch;

/// The engine's hands on this machine. One a process: it becomes the subreaper of all that it
/// starts, handles SIGCHLD and reaps every child.
class LinuxDriver : public QObject, public Driver {
    Q_OBJECT

public:
    struct Parts {
        JournalSink *journal; ///< where output goes; must outlive this
        const Clock *clock;   ///< the engine's
    };

    LinuxDriver(Parts parts, std::unique_ptr<ProcessGroups> groups, QObject *parent = nullptr);
    ~LinuxDriver() override;

    /// Whom to tell, and what wake() asks for. Before the first other call.
    void setEngine(DriverEvents *events, std::function<void()> run);
    /// Gives services a socket at `path` to tell of themselves; without it Type=notify is refused.
    /// Error: code::io.
    Result<void> listenForNotifications(const QString &path);
    /// Where what the processes of a unit may not see is replaced from.
    void keepHiding(const QString &folder) { m_places.setHiding(folder); }
    /// Where the last times of timers with Persistent= are kept, a file each (9.4).
    void keepStamps(const QString &folder) { m_stamps = folder; }
    /// How processes are tracked, for the log.
    QString tracking() const { return m_groups->description(); }

    Result<qint32> spawn(const SpawnRequest &request) override;
    void keepStreams(const QString &unit, const QMap<int, int> &streams) override
    {
        m_kept.keep(unit, streams);
    }
    void dropStreams(const QString &unit) override { m_kept.drop(unit); }
    bool signalProcess(qint32 pid, int signalNumber) override;
    bool signalGroup(
        const QString &controlGroup, int signalNumber, const QList<qint32> &except) override;
    QList<qint32> processes(const QString &controlGroup) const override;
    QString processName(qint32 pid) const override;
    bool canNotify() const override { return m_notifications != nullptr; }
    void releaseGroup(const QString &controlGroup) override;
    void unitEnded(const QString &unit, bool willRestart) override;
    void armTimer(const QString &unit, qint64 atMs) override;
    void cancelTimer(const QString &unit) override;
    void wake() override;
    bool test(const Condition &condition) const override;
    std::optional<UserInfo> user(const QString &nameOrId) const override;
    void watchPaths(const QString &unit, const QList<PathLine> &paths) override;
    void unwatchPaths(const QString &unit) override;
    Result<void> openSockets(const QString &unit, const SocketSettings &socket) override;
    Result<void> ownSockets(const QString &unit, const SocketSettings &socket) override;
    void watchSockets(const QString &unit) override;
    void unwatchSockets(const QString &unit) override;
    void flushSockets(const QString &unit) override;
    void closeSockets(const QString &unit, const SocketSettings &socket) override;
    void dropConnection(quint64 connection) override;
    QList<MountPoint> mounts() override;
    QList<SwapArea> swaps() const override;
    Result<void> openAutomount(const QString &unit, const AutomountSettings &automount) override;
    void answerAutomount(const QString &unit, quint32 token, bool done) override;
    void closeAutomount(const QString &unit) override;
    bool hasDevice(const QString &path) const override;
    Result<void> adoptProcesses(
        const QString &controlGroup, const QList<qint32> &pids,
        const QString &invocationId) override;
    void makeFolder(const QString &path, uint mode) override;
    void removeFolder(const QString &path) override;
    std::optional<quint64> timerStamp(const QString &unit) const override;
    void setTimerStamp(const QString &unit, quint64 us) override;

private:
    struct Child {
        QString unit;
        QString group;
        QString program;
        int reportFile = -1;
        std::unique_ptr<QSocketNotifier> report;
    };

    Result<int> openStream(const SpawnRequest &request);
    Result<void> addSockets(const SpawnRequest &request, OpenFiles &files) const;
    void sayComplaints(const QString &unit, ListenSockets &sockets);
    void watchAdopted(const QString &group);
    void keepConnection(const QString &unit, int file, Connection connection);
    void adopt(const SpawnRequest &request, pid_t pid, int reportFile);
    void readReport(pid_t pid);
    void sayFailure(const Child &child, int status, int error);
    void reapAll();
    void endOne(pid_t pid, const ProcessEnd &end);
    void noteEmptied(const QString &group);
    void onTimer(const QString &unit);
    void startTimer(const QString &unit);

    struct Timer {
        qint64 atMs = 0;
        std::unique_ptr<QTimer> timer;
    };

    Parts m_parts;
    std::unique_ptr<ProcessGroups> m_groups;
    DriverEvents *m_events = nullptr;
    std::function<void()> m_run;
    std::map<pid_t, Child> m_children;
    std::map<QString, Timer> m_timers;
    QList<OutputStream *> m_streams; ///< children of this object
    QSet<QString> m_busy;            ///< groups that had a process when last looked at
    int m_signalFile = -1;
    std::unique_ptr<QSocketNotifier> m_signals;
    std::unique_ptr<NotifySocket> m_notifications;
    std::unique_ptr<ClockWatch> m_clockWatch;
    std::unique_ptr<MountTable> m_mounts;
    std::unique_ptr<SwapTable> m_swaps;
    std::map<QString, std::unique_ptr<Autofs>> m_automounts;
    std::map<QString, std::unique_ptr<QSocketNotifier>> m_adopted; ///< one process of each group
    std::map<QString, std::unique_ptr<PathWatch>> m_pathWatches;
    std::vector<std::unique_ptr<PathWatch>> m_doneWatches; ///< until none of them is telling
    std::map<QString, std::unique_ptr<ListenSockets>> m_sockets;
    KeptStreams m_kept;
    std::map<quint64, int> m_connections; ///< descriptors by the connection's id
    quint64 m_lastConnection = 0;
    QString m_stamps;
    UnitPlaces m_places;
    SyscallCompiler m_syscalls;
    bool m_woken = false;
};

} // namespace qd::units
