// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/linux_driver.h"

#include "agent/units/driver/autofs.h"
#include "agent/units/driver/child.h"
#include "agent/units/driver/clock_watch.h"
#include "agent/units/driver/conditions.h"
#include "agent/units/driver/exit_status.h"
#include "agent/units/driver/folders.h"
#include "agent/units/driver/listen_sockets.h"
#include "agent/units/driver/mount_table.h"
#include "agent/units/driver/notify_socket.h"
#include "agent/units/driver/output_stream.h"
#include "agent/units/driver/path_watch.h"
#include "agent/units/driver/plan.h"
#include "agent/units/driver/proc.h"
#include "agent/units/driver/service_folders.h"
#include "agent/units/driver/swap_table.h"
#include "agent/units/driver/timer_stamps.h"
#include "agent/units/driver/users.h"
#include "shared/base/log.h"
#include "shared/unitfile/values.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSocketNotifier>
#include <QTimer>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace qd::units {

namespace {

constexpr int kMostSignalRounds = 20;
const QByteArray kSpawnFailed = "641257651c1b4ec9a8624d7a40a9e1e7"; ///< of sd-messages.h

/// A signal handler has nothing but this. It runs in whichever thread the kernel picks, which is
/// why it is a handler: a signalfd would need SIGCHLD blocked in every thread of every library.
std::atomic<int> g_childEnded = -1;
static_assert(std::atomic<int>::is_always_lock_free);

void onChild(int)
{
    const int before = errno;
    if (const int file = g_childEnded; file >= 0)
        eventfd_write(file, 1);
    errno = before;
}

Error systemError(const QString &what)
{
    return Error{
        code::io,
        what + QStringLiteral(": ") + QString::fromLocal8Bit(strerror(errno)),
        {},
        nullptr};
}

/// A stopped process would not see that it is asked to end.
bool wantsContinue(int signalNumber)
{
    return signalNumber == SIGTERM || signalNumber == SIGHUP || signalNumber == SIGINT ||
           signalNumber == SIGQUIT || signalNumber == SIGABRT;
}

bool send(pid_t pid, int signalNumber)
{
    if (kill(pid, signalNumber) != 0)
        return false;
    if (wantsContinue(signalNumber))
        kill(pid, SIGCONT);
    return true;
}

/// No signal reaches the new process before it has put the engine's handlers away.
pid_t forkInto(ChildPlan &plan)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t pid = fork();
    if (pid == 0)
        runChild(plan);
    const int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    errno = error;
    return pid;
}

void closeAll(const std::vector<int> &files)
{
    for (const int file : files)
        ::close(file);
}

} // namespace

LinuxDriver::LinuxDriver(Parts parts, std::unique_ptr<ProcessGroups> groups, QObject *parent)
    : QObject(parent)
    , m_parts(parts)
    , m_groups(std::move(groups))
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    m_signalFile = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    g_childEnded = m_signalFile;
    struct sigaction action {};
    action.sa_handler = onChild;
    action.sa_flags = SA_RESTART | SA_NOCLDSTOP;
    sigaction(SIGCHLD, &action, nullptr);
    m_signals = std::make_unique<QSocketNotifier>(m_signalFile, QSocketNotifier::Read);
    connect(m_signals.get(), &QSocketNotifier::activated, this, [this] {
        eventfd_t count = 0;
        eventfd_read(m_signalFile, &count);
        reapAll();
    });
}

LinuxDriver::~LinuxDriver()
{
    for (auto &[pid, child] : m_children) {
        child.report.reset();
        if (child.reportFile >= 0)
            ::close(child.reportFile);
    }
    for (const auto &[id, file] : m_connections)
        ::close(file);
    signal(SIGCHLD, SIG_DFL);
    g_childEnded = -1;
    m_signals.reset();
    ::close(m_signalFile);
}

void LinuxDriver::setEngine(DriverEvents *events, std::function<void()> run)
{
    m_events = events;
    m_run = std::move(run);
    m_clockWatch = std::make_unique<ClockWatch>();
    connect(
        m_clockWatch.get(), &ClockWatch::clockChanged, this, [this] { m_events->clockChanged(); });
    m_mounts = std::make_unique<MountTable>();
    connect(m_mounts.get(), &MountTable::changed, this, [this] { m_events->mountsChanged(); });
    m_swaps = std::make_unique<SwapTable>();
    connect(m_swaps.get(), &SwapTable::changed, this, [this] { m_events->swapsChanged(); });
}

Result<void> LinuxDriver::listenForNotifications(const QString &path)
{
    auto socket = std::make_unique<NotifySocket>();
    if (auto open = socket->open(path); !open)
        return open;
    connect(
        socket.get(), &NotifySocket::received, this,
        [this](qint32 pid, const QByteArray &message) { m_events->processNotified(pid, message); });
    m_notifications = std::move(socket);
    return {};
}

Result<int> LinuxDriver::openStream(const SpawnRequest &request)
{
    if (!wantsJournal(request.exec))
        return -1;
    auto *stream = new OutputStream(request, m_parts.journal, this);
    const auto end = stream->open();
    if (!end) {
        delete stream;
        return fail(end.error());
    }
    m_streams.append(stream);
    connect(stream, &OutputStream::ended, this, [this, stream] {
        m_streams.removeOne(stream);
        stream->deleteLater();
    });
    return *end;
}

Result<qint32> LinuxDriver::spawn(const SpawnRequest &request)
{
    auto files = m_groups->prepare(request.controlGroup);
    if (!files)
        return fail(files.error());
    const auto output = openStream(request);
    if (!output) {
        closeAll(*files);
        return fail(output.error());
    }
    OpenFiles open;
    open.toJournal = *output;
    open.streams = m_kept.of(request.unit);
    if (request.mayNotify && m_notifications)
        open.notifySocket = m_notifications->path();
    if (const auto added = addSockets(request, open); !added) {
        closeAll(*files);
        if (*output >= 0)
            ::close(*output);
        return fail(added.error());
    }
    ChildPlan plan = planChild(request, open);
    if (plan.refusal == 0)
        plan.refusal = makeOwnFolders(request.exec);
    // What is its own is there, and stays writable.
    planConfinement(plan, request, m_places, m_syscalls);
    plan.groupFiles = *files;
    int report[2];
    pid_t pid = -1;
    if (pipe2(report, O_CLOEXEC | O_NONBLOCK) == 0) {
        plan.reportFile = report[1];
        pid = forkInto(plan);
    }
    const Error error = systemError(QStringLiteral("Failed to fork"));
    // The process enters its groups by itself before it does anything else. Here as well, so that
    // it is in them when this call returns.
    const QByteArray number = QByteArray::number(pid) + '\n';
    for (const int file : *files) {
        if (pid > 0)
            (void)!write(file, number.constData(), size_t(number.size()));
    }
    // Closed before anything else is started: an open end would keep the stream alive.
    if (*output >= 0)
        ::close(*output);
    closeAll(*files);
    if (plan.reportFile >= 0)
        ::close(report[1]);
    if (pid < 0) {
        if (plan.reportFile >= 0)
            ::close(report[0]);
        return fail(error);
    }
    adopt(request, pid, report[0]);
    return qint32(pid);
}

void LinuxDriver::adopt(const SpawnRequest &request, pid_t pid, int reportFile)
{
    m_groups->started(request.controlGroup, pid, request.invocationId);
    m_busy.insert(request.controlGroup);
    Child child;
    child.unit = request.unit;
    child.group = request.controlGroup;
    child.program = request.command.path;
    child.reportFile = reportFile;
    child.report = std::make_unique<QSocketNotifier>(reportFile, QSocketNotifier::Read);
    connect(
        child.report.get(), &QSocketNotifier::activated, this, [this, pid] { readReport(pid); });
    m_children.insert_or_assign(pid, std::move(child));
}

/// The pipe is closed by a successful exec, or brings word of what went wrong.
void LinuxDriver::readReport(pid_t pid)
{
    const auto it = m_children.find(pid);
    if (it == m_children.end() || it->second.reportFile < 0)
        return;
    Child &child = it->second;
    ChildReport report;
    const ssize_t size = read(child.reportFile, &report, sizeof report);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    child.report->setEnabled(false);
    ::close(std::exchange(child.reportFile, -1));
    child.report.release()->deleteLater(); // it may be what calls us
    if (size == sizeof report)
        sayFailure(child, report.status, report.error);
    else
        m_events->processExecuted(pid);
}

void LinuxDriver::sayFailure(const Child &child, int status, int error)
{
    const QString reason = QString::fromLocal8Bit(strerror(error));
    const auto say = [&](const QString &text) {
        m_parts.journal->entry(
            {{"MESSAGE", (child.unit + QStringLiteral(": ") + text).toUtf8()},
             {"PRIORITY", "3"},
             {"MESSAGE_ID", kSpawnFailed},
             {"EXECUTABLE", child.program.toUtf8()},
             {"ERRNO", QByteArray::number(error)},
             {"OBJECT_SYSTEMD_UNIT", child.unit.toUtf8()}});
    };
    if (status == exit_status::kExec)
        say((error == ENOENT ? QStringLiteral("Failed to locate executable %1: %2")
                             : QStringLiteral("Failed to execute %1: %2"))
                .arg(child.program, reason));
    say(QStringLiteral("Failed at step %1 spawning %2: %3")
            .arg(unitfile::exitStatusName(status), child.program, reason));
}

void LinuxDriver::reapAll()
{
    for (;;) {
        // A look first: until it is reaped, /proc still knows the name of a process that has ended.
        siginfo_t info{};
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
            return;
        if (m_notifications)
            m_notifications->drain();
        endOne(info.si_pid, ProcessEnd{info.si_code, info.si_status});
    }
}

void LinuxDriver::endOne(pid_t pid, const ProcessEnd &end)
{
    const auto it = m_children.find(pid);
    const bool ours = it != m_children.end();
    const QString group = ours ? it->second.group : m_groups->groupOf(pid);
    const QList<OutputStream *> streams = m_streams;
    for (OutputStream *stream : streams) {
        if (stream->group() == group)
            stream->drain();
    }
    if (ours)
        readReport(pid);
    siginfo_t info{};
    waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG);
    m_groups->ended(pid);
    m_children.erase(pid);
    // Of any: a service may have named a process for its main one that it made itself.
    m_events->processEnded(pid, end);
    noteEmptied(group);
}

/// Every process is a child of this one in the end, so a group cannot empty without a reaping.
void LinuxDriver::noteEmptied(const QString &group)
{
    const QList<QString> busy = m_busy.values();
    for (const QString &one : busy) {
        // A group below a unit's is the unit's own affair; an unknown one may be any.
        const bool concerned =
            group.isEmpty() || group == one || group.startsWith(one + QLatin1Char('/'));
        if (!concerned || !m_busy.contains(one) || !m_groups->processes(one).isEmpty())
            continue;
        m_busy.remove(one);
        m_events->groupEmptied(one);
    }
}

bool LinuxDriver::signalProcess(qint32 pid, int signalNumber)
{
    return pid > 0 && send(pid, signalNumber);
}

bool LinuxDriver::signalGroup(
    const QString &controlGroup, int signalNumber, const QList<qint32> &except)
{
    QSet<qint32> done(except.begin(), except.end());
    bool any = false;
    // Again until there is no new one: a process may fork while it is being signalled.
    for (int round = 0; round < kMostSignalRounds; ++round) {
        bool fresh = false;
        const QList<qint32> pids = m_groups->processes(controlGroup);
        for (const qint32 pid : pids) {
            if (done.contains(pid) || pid == getpid())
                continue;
            done.insert(pid);
            fresh = true;
            any = send(pid, signalNumber) || any;
        }
        if (!fresh)
            break;
    }
    return any;
}

QList<qint32> LinuxDriver::processes(const QString &controlGroup) const
{
    return m_groups->processes(controlGroup);
}

QString LinuxDriver::processName(qint32 pid) const
{
    const QByteArray name = procFile(pid, "comm").trimmed();
    return name.isEmpty() ? QStringLiteral("n/a") : QString::fromUtf8(name);
}

void LinuxDriver::releaseGroup(const QString &controlGroup)
{
    m_busy.remove(controlGroup);
    m_groups->release(controlGroup);
}

void LinuxDriver::unitEnded(const QString &unit, bool willRestart)
{
    m_places.ended(unit, willRestart);
}

void LinuxDriver::armTimer(const QString &unit, qint64 atMs)
{
    Timer &timer = m_timers[unit];
    timer.atMs = atMs;
    if (!timer.timer) {
        timer.timer = std::make_unique<QTimer>();
        timer.timer->setSingleShot(true);
        timer.timer->setTimerType(Qt::PreciseTimer);
        connect(timer.timer.get(), &QTimer::timeout, this, [this, unit] { onTimer(unit); });
    }
    startTimer(unit);
}

void LinuxDriver::startTimer(const QString &unit)
{
    const Timer &timer = m_timers[unit];
    const qint64 left = timer.atMs - m_parts.clock->monotonicMs();
    timer.timer->start(int(std::clamp<qint64>(left, 0, INT_MAX)));
}

void LinuxDriver::onTimer(const QString &unit)
{
    const auto it = m_timers.find(unit);
    if (it == m_timers.end())
        return;
    if (m_parts.clock->monotonicMs() < it->second.atMs) {
        startTimer(unit); // further away than a timer reaches, or a moment early
        return;
    }
    it->second.timer.release()->deleteLater(); // it is what calls us
    m_timers.erase(it);
    m_events->timerFired(unit);
}

void LinuxDriver::cancelTimer(const QString &unit)
{
    const auto it = m_timers.find(unit);
    if (it == m_timers.end())
        return;
    it->second.timer->stop();
    it->second.timer.release()->deleteLater();
    m_timers.erase(it);
}

void LinuxDriver::wake()
{
    if (std::exchange(m_woken, true))
        return;
    QMetaObject::invokeMethod(
        this,
        [this] {
            m_woken = false;
            m_run();
        },
        Qt::QueuedConnection);
}

bool LinuxDriver::test(const Condition &condition) const
{
    return holds(condition);
}

std::optional<UserInfo> LinuxDriver::user(const QString &nameOrId) const
{
    return findUser(nameOrId);
}

void LinuxDriver::watchPaths(const QString &unit, const QList<PathLine> &paths)
{
    unwatchPaths(unit);
    auto watch = std::make_unique<PathWatch>(paths);
    connect(watch.get(), &PathWatch::changed, this, [this, unit](bool touched) {
        m_events->pathChanged(unit, touched);
    });
    m_pathWatches[unit] = std::move(watch);
}

/// It may be the one that is telling just now: it goes when the event loop has its turn.
void LinuxDriver::unwatchPaths(const QString &unit)
{
    const auto it = m_pathWatches.find(unit);
    if (it == m_pathWatches.end())
        return;
    it->second->disconnect(this);
    if (m_doneWatches.empty())
        QMetaObject::invokeMethod(
            this, [this] { m_doneWatches.clear(); }, Qt::QueuedConnection);
    m_doneWatches.push_back(std::move(it->second));
    m_pathWatches.erase(it);
}

bool LinuxDriver::hasDevice(const QString &path) const
{
    return isDevice(path);
}

Result<void> LinuxDriver::openSockets(const QString &unit, const SocketSettings &socket)
{
    auto sockets = std::make_unique<ListenSockets>(socket);
    const auto opened = sockets->open();
    sayComplaints(unit, *sockets);
    if (!opened)
        return opened;
    ListenSockets *raw = sockets.get();
    connect(raw, &ListenSockets::ready, this, [this, unit] { m_events->socketReady(unit); });
    connect(raw, &ListenSockets::broke, this, [this, unit](const QString &why) {
        m_events->socketBroke(unit, why);
    });
    connect(
        raw, &ListenSockets::connected, this,
        [this, unit, raw](int file, const Connection &connection) {
            sayComplaints(unit, *raw);
            keepConnection(unit, file, connection);
        });
    m_sockets[unit] = std::move(sockets);
    return {};
}

void LinuxDriver::keepConnection(const QString &unit, int file, Connection connection)
{
    connection.id = ++m_lastConnection;
    m_connections.emplace(connection.id, file);
    m_events->connectionCame(unit, connection);
}

void LinuxDriver::dropConnection(quint64 connection)
{
    const auto it = m_connections.find(connection);
    if (it == m_connections.end())
        return;
    ::close(it->second);
    m_connections.erase(it);
}

/// What the kernel would not do is no reason not to listen.
void LinuxDriver::sayComplaints(const QString &unit, ListenSockets &sockets)
{
    const QStringList complaints = sockets.takeComplaints();
    for (const QString &text : complaints)
        m_parts.journal->entry(
            {{"MESSAGE", (unit + QStringLiteral(": ") + text).toUtf8()},
             {"PRIORITY", "4"},
             {"OBJECT_SYSTEMD_UNIT", unit.toUtf8()}});
}

Result<void> LinuxDriver::ownSockets(const QString &unit, const SocketSettings &)
{
    const auto it = m_sockets.find(unit);
    return it == m_sockets.end() ? Result<void>() : it->second->own();
}

void LinuxDriver::watchSockets(const QString &unit)
{
    if (const auto it = m_sockets.find(unit); it != m_sockets.end())
        it->second->watch();
}

void LinuxDriver::unwatchSockets(const QString &unit)
{
    if (const auto it = m_sockets.find(unit); it != m_sockets.end())
        it->second->unwatch();
}

void LinuxDriver::flushSockets(const QString &unit)
{
    if (const auto it = m_sockets.find(unit); it != m_sockets.end())
        it->second->flush();
}

/// It may be the one that is telling just now: it goes when the event loop has its turn.
void LinuxDriver::closeSockets(const QString &unit, const SocketSettings &)
{
    const auto it = m_sockets.find(unit);
    if (it == m_sockets.end())
        return;
    it->second->disconnect(this);
    it->second->close();
    it->second.release()->deleteLater();
    m_sockets.erase(it);
}

/// What a process is passed: the connection that it was started for, or what its sockets listen on.
Result<void> LinuxDriver::addSockets(const SpawnRequest &request, OpenFiles &files) const
{
    if (const auto it = m_connections.find(request.connection); it != m_connections.end()) {
        files.sockets.push_back(it->second);
        files.socketNames.append(QStringLiteral("connection"));
    }
    for (const QString &unit : request.sockets) {
        const auto it = m_sockets.find(unit);
        if (it == m_sockets.end())
            continue;
        const QString &name = it->second->descriptorName();
        for (const int file : it->second->files()) {
            files.sockets.push_back(file);
            files.socketNames.append(name.isEmpty() ? unit : name);
        }
    }
    if (wantsSocket(request.exec) && files.sockets.size() != 1)
        return fail(
            code::badInput, files.sockets.empty() ? QStringLiteral("Got no socket.")
                                                  : QStringLiteral("Got more than one socket."));
    if (wantsSocket(request.exec)) { // programs that know nothing of sockets expect to wait
        const int file = files.sockets.front();
        fcntl(file, F_SETFL, fcntl(file, F_GETFL) & ~O_NONBLOCK);
    }
    return {};
}

QList<MountPoint> LinuxDriver::mounts()
{
    return m_mounts ? m_mounts->mounts() : QList<MountPoint>();
}

QList<SwapArea> LinuxDriver::swaps() const
{
    return m_swaps ? m_swaps->areas() : QList<SwapArea>();
}

Result<void> LinuxDriver::openAutomount(const QString &unit, const AutomountSettings &automount)
{
    auto autofs = std::make_unique<Autofs>(automount);
    if (auto open = autofs->open(); !open)
        return open;
    connect(autofs.get(), &Autofs::asked, this, [this, unit](const AutomountRequest &request) {
        m_events->automountAsked(unit, request);
    });
    connect(autofs.get(), &Autofs::broke, this, [this, unit] { m_events->automountBroke(unit); });
    m_automounts[unit] = std::move(autofs);
    return {};
}

void LinuxDriver::answerAutomount(const QString &unit, quint32 token, bool done)
{
    if (const auto it = m_automounts.find(unit); it != m_automounts.end())
        it->second->answer(token, done);
}

/// It may be the one that is telling just now: it goes when the event loop has its turn.
void LinuxDriver::closeAutomount(const QString &unit)
{
    const auto it = m_automounts.find(unit);
    if (it == m_automounts.end())
        return;
    it->second->disconnect(this);
    it->second->close();
    it->second.release()->deleteLater();
    m_automounts.erase(it);
}

Result<void> LinuxDriver::adoptProcesses(
    const QString &controlGroup, const QList<qint32> &pids, const QString &invocationId)
{
    auto files = m_groups->prepare(controlGroup);
    if (!files)
        return fail(files.error());
    if (files->empty())
        return fail(
            code::unsupported,
            QStringLiteral("processes of others can be told apart by control groups alone"));
    bool taken = true;
    for (const qint32 pid : pids) {
        const QByteArray number = QByteArray::number(pid) + '\n';
        for (const int file : *files)
            taken = write(file, number.constData(), size_t(number.size())) > 0 && taken;
        m_groups->started(controlGroup, pid, invocationId);
    }
    const Error error = systemError(QStringLiteral("Failed to move a process"));
    closeAll(*files);
    if (!taken)
        return fail(error);
    // Later: nothing is told from inside a call.
    QMetaObject::invokeMethod(
        this, [this, controlGroup] { watchAdopted(controlGroup); }, Qt::QueuedConnection);
    return {};
}

/// Processes that are no children of the engine: the end of one is waited for, then the next one.
void LinuxDriver::watchAdopted(const QString &group)
{
    const QList<qint32> pids = m_groups->processes(group);
    for (const qint32 pid : pids) {
        const int file = int(syscall(SYS_pidfd_open, pid, 0));
        if (file < 0)
            continue; // it has just ended
        auto notifier = std::make_unique<QSocketNotifier>(file, QSocketNotifier::Read);
        connect(notifier.get(), &QSocketNotifier::activated, this, [this, group, file] {
            const auto it = m_adopted.find(group);
            it->second->setEnabled(false);
            it->second.release()->deleteLater(); // it is what calls us
            m_adopted.erase(it);
            ::close(file);
            watchAdopted(group);
        });
        m_adopted[group] = std::move(notifier);
        return;
    }
    m_events->groupEmptied(group);
}

void LinuxDriver::makeFolder(const QString &path, uint mode)
{
    if (!makeFolders(path, mode))
        qCWarning(lcUnits).noquote() << "cannot make the folder" << path;
}

void LinuxDriver::removeFolder(const QString &path)
{
    if (!removeTree(path))
        qCWarning(lcUnits).noquote() << "cannot remove" << path;
}

std::optional<quint64> LinuxDriver::timerStamp(const QString &unit) const
{
    return readTimerStamp(m_stamps, unit);
}

void LinuxDriver::setTimerStamp(const QString &unit, quint64 us)
{
    if (!writeTimerStamp(m_stamps, unit, us))
        qCWarning(lcUnits).noquote() << "cannot keep the last time of" << unit << "in" << m_stamps;
}

} // namespace qd::units
