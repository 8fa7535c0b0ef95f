// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/host/machine.h"

#include "agent/host/power.h"
#include "agent/host/process.h"
#include "shared/base/clock.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace qd::host {

quint64 startTime(pid_t pid)
{
    QFile stat(QStringLiteral("/proc/%1/stat").arg(pid));
    if (!stat.open(QIODevice::ReadOnly))
        return 0;
    const QByteArray line = stat.readAll();
    const QList<QByteArray> fields = line.mid(line.lastIndexOf(')') + 2).split(' ');
    return fields.size() > 19 ? fields.at(19).toULongLong() : 0;
}

namespace {

Error system(const QString &what)
{
    return Error{
        code::io,
        what + QStringLiteral(": ") + QString::fromLocal8Bit(strerror(errno)),
        {},
        nullptr};
}

Result<void> writeTo(const QString &path, const QByteArray &text)
{
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly | QIODevice::Unbuffered) || file.write(text) < 0)
        return fail(code::io, QStringLiteral("cannot write %1: %2").arg(path, file.errorString()));
    return {};
}

Result<void> mountOn(
    const QString &target, const char *source, const char *type, unsigned long flags,
    const char *data = nullptr)
{
    if (mount(source, QFile::encodeName(target).constData(), type, flags, data) != 0)
        return fail(system(QStringLiteral("cannot mount %1").arg(target)));
    return {};
}

Result<void> bind(const QString &from, const QString &to)
{
    if (!QFileInfo::exists(to))
        return {}; // a machine without that place has nothing to hide there
    const QByteArray source = QFile::encodeName(from);
    return mountOn(to, source.constData(), nullptr, MS_BIND | MS_REC);
}

/// The node's own view of the control groups that it entered: they are the roots there.
void mountControlGroups(const QStringList &groups)
{
    if (groups.isEmpty())
        return;
    const QString top = QStringLiteral("/sys/fs/cgroup");
    const bool unifiedOnly = groups.size() == 1 &&
                             !groups.first().startsWith(top + QStringLiteral("/systemd")) &&
                             !groups.first().startsWith(top + QStringLiteral("/unified"));
    if (unifiedOnly) {
        (void)mountOn(top, "cgroup2", "cgroup2", MS_NOSUID | MS_NOEXEC | MS_NODEV);
        return;
    }
    // Without them the unit engine tracks processes as their subreaper: so a failure here is no
    // end.
    if (!mountOn(top, "cgroup", "tmpfs", MS_NOSUID | MS_NOEXEC | MS_NODEV, "mode=755"))
        return;
    for (const QString &group : groups) {
        const bool legacy = group.startsWith(top + QStringLiteral("/systemd"));
        const QString point =
            top + (legacy ? QStringLiteral("/systemd") : QStringLiteral("/unified"));
        QDir().mkpath(point);
        (void)mountOn(
            point, "cgroup", legacy ? "cgroup" : "cgroup2", MS_NOSUID | MS_NOEXEC | MS_NODEV,
            legacy ? "none,name=systemd" : nullptr);
    }
}

Result<void> prepareFiles(const NodeSpec &spec)
{
    for (const QString &folder :
         {spec.stateDir(), spec.logDir() + QStringLiteral("/journal/") + spec.machineId,
          spec.dir + QStringLiteral("/etc/systemd/system")}) {
        if (!QDir().mkpath(folder))
            return fail(code::io, QStringLiteral("cannot make the folder %1").arg(folder));
    }
    return writeTo(spec.dir + QStringLiteral("/etc/machine-id"), spec.machineId.toLatin1() + '\n');
}

/// An empty one, as after each start of a machine.
Result<void> mountRun()
{
    auto done = mountOn(QStringLiteral("/run"), "tmpfs", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
    for (const char *folder : {"/run/quarterdeck", "/run/systemd", "/run/systemd/system"})
        mkdir(folder, 0755);
    // The machine's kernel and its start are none of the node's.
    return done ? writeTo(QStringLiteral("/run/systemd/container"), "quarterdeck\n") : done;
}

Result<void> arrangeMounts(const NodeSpec &spec, const QStringList &groups)
{
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return fail(system(QStringLiteral("cannot make the node's mounts private")));
    const QString etc = spec.dir + QStringLiteral("/etc");
    Result<void> done =
        bind(etc + QStringLiteral("/systemd/system"), QStringLiteral("/etc/systemd/system"));
    if (done)
        done = bind(etc + QStringLiteral("/machine-id"), QStringLiteral("/etc/machine-id"));
    if (done)
        done = bind(spec.logDir(), QStringLiteral("/var/log"));
    if (done)
        done = mountRun();
    if (done)
        done = mountOn(QStringLiteral("/proc"), "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC);
    if (done)
        done = bind(spec.bootIdFile(), QStringLiteral("/proc/sys/kernel/random/boot_id"));
    if (done)
        mountControlGroups(groups);
    return done;
}

constexpr qint64 kLeastDelayMs = 200;
constexpr qint64 kMostDelayMs = 5000;

/// A program of the node that is started again when it ends, as a service manager would.
struct Sibling {
    QStringList command;
    QString log;
    pid_t pid = -1;
    qint64 startedMs = 0;
    qint64 delayMs = kLeastDelayMs;
    bool forGood = false; ///< it has ended with kEndsForGood
};
/// RestartPreventExitStatus= of the agent's service: the node was removed from its cluster.
constexpr int kEndsForGood = 4;
constexpr int kStopTimeoutMs = 20'000;

volatile sig_atomic_t g_stop = 0;

void onTerminate(int)
{
    g_stop = 1;
}

void onChild(int) {}

std::vector<Sibling> siblings(const NodeSpec &spec)
{
    const QString programs = QCoreApplication::applicationDirPath();
    const QString log = spec.logDir() + QStringLiteral("/");
    Sibling engine;
    engine.command = {
        programs + QStringLiteral("/quarterdeck-unitd"),
        QStringLiteral("--run"),
        QStringLiteral("/run/quarterdeck"),
        QStringLiteral("--log"),
        QStringLiteral("/var/log"),
        QStringLiteral("--stamps"),
        spec.dir + QStringLiteral("/timers"),
        QStringLiteral("--system-bus"),
        QStringLiteral("/run/dbus/system_bus_socket"),
        QStringLiteral("--power"),
        spec.powerPipe(),
        QStringLiteral("--private-socket"),
        QStringLiteral("/run/systemd/private"),
        QStringLiteral("--unit-path"),
        QStringLiteral("/etc/systemd/system"),
        QStringLiteral("--unit-path"),
        QStringLiteral("/run/systemd/system")};
    engine.log = log + QStringLiteral("unitd.log");
    Sibling agent;
    agent.command = {
        programs + QStringLiteral("/quarterdeckd"),
        QStringLiteral("run"),
        QStringLiteral("--state"),
        spec.stateDir(),
        QStringLiteral("--run"),
        QStringLiteral("/run/quarterdeck"),
        QStringLiteral("--log"),
        QStringLiteral("/var/log"),
        QStringLiteral("--address"),
        spec.address,
        QStringLiteral("--presence-ttl"),
        QString::number(spec.presenceTtl)};
    agent.log = log + QStringLiteral("agent.log");
    return {engine, agent};
}

void startDue(std::vector<Sibling> &all, qint64 nowMs)
{
    for (Sibling &one : all) {
        if (one.pid > 0 || one.forGood || nowMs - one.startedMs < one.delayMs)
            continue;
        // One that ran for a while starts again at once; one that cannot live backs off.
        const bool lived = nowMs - one.startedMs > 2 * kMostDelayMs;
        one.delayMs = lived ? kLeastDelayMs : qMin(one.delayMs * 2, kMostDelayMs);
        one.startedMs = nowMs;
        const auto started = start(one.command, one.log, true);
        if (started)
            one.pid = *started;
        else
            fprintf(stderr, "node: %s\n", qPrintable(started.error().text()));
    }
}

/// Reaps everything that has ended; orphans of the whole node end up here too.
void reap(std::vector<Sibling> &all)
{
    int status = 0;
    for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0; pid = waitpid(-1, &status, WNOHANG)) {
        for (Sibling &one : all) {
            if (one.pid != pid)
                continue;
            one.pid = -1;
            one.forGood = WIFEXITED(status) && WEXITSTATUS(status) == kEndsForGood;
        }
    }
}

/// Agent first (its machine leaves the cluster in order), then the engine (it stops the units).
void stopInOrder(std::vector<Sibling> &all)
{
    const SystemClock clock;
    for (auto one = all.rbegin(); one != all.rend(); ++one) {
        if (one->pid > 0)
            kill(one->pid, SIGTERM);
        const qint64 end = clock.monotonicMs() + kStopTimeoutMs;
        while (one->pid > 0 && clock.monotonicMs() < end) {
            reap(all);
            usleep(10'000);
        }
    }
}

/// Nothing of the node goes on until it is woken.
void sleepUntilWoken(Power &power, const QString &state)
{
    kill(-1, SIGSTOP); // all but this process
    power.note(state);
    while (!g_stop && power.take() != u"wake")
        usleep(50'000);
    power.note(QStringLiteral("on"));
    kill(-1, SIGCONT);
}

void stayHalted(const Power &power)
{
    power.note(QStringLiteral("halted"));
    while (!g_stop)
        usleep(50'000);
}

/// What is to be started, in a machine that knows nothing of its earlier life but its disk.
std::vector<Sibling> bootAgain(const NodeSpec &spec, const Power &power)
{
    auto done = power.renewBootId();
    umount2("/run", MNT_DETACH);
    if (done)
        done = mountRun();
    if (!done)
        fprintf(stderr, "node: %s\n", qPrintable(done.error().text()));
    return siblings(spec);
}

/// Agent and engine, until SIGTERM or the power button end it.
void runSiblings(const NodeSpec &spec, Power &power)
{
    const SystemClock clock;
    std::vector<Sibling> all = siblings(spec);
    while (!g_stop) {
        // Before anything is started again: the engine says it and ends.
        const QString asked = power.take();
        if (asked == u"poweroff")
            break;
        if (asked == u"suspend" || asked == u"hibernate")
            sleepUntilWoken(
                power,
                asked == u"suspend" ? QStringLiteral("suspended") : QStringLiteral("hibernated"));
        if (asked == u"reboot" || asked == u"halt") {
            stopInOrder(all);
            kill(-1, SIGKILL);
        }
        if (asked == u"reboot")
            all = bootAgain(spec, power);
        if (asked == u"halt")
            stayHalted(power);
        startDue(all, clock.monotonicMs());
        usleep(50'000); // a child's end or a signal cuts it short
        reap(all);
    }
    stopInOrder(all);
}

} // namespace

Result<void> enterUserNamespace()
{
    const uid_t user = geteuid();
    const gid_t group = getegid();
    if (user == 0)
        return {};
    if (unshare(CLONE_NEWUSER) != 0)
        return fail(system(QStringLiteral(
            "a local node needs root, or a kernel that lets users make user namespaces")));
    auto done = writeTo(QStringLiteral("/proc/self/setgroups"), "deny");
    if (done)
        done =
            writeTo(QStringLiteral("/proc/self/uid_map"), "0 " + QByteArray::number(user) + " 1\n");
    if (done)
        done = writeTo(
            QStringLiteral("/proc/self/gid_map"), "0 " + QByteArray::number(group) + " 1\n");
    return done;
}

int runFirstProcess(const NodeSpec &spec, const QStringList &controlGroups)
{
    Power power(spec);
    auto opened = prepareFiles(spec);
    if (opened)
        opened = power.open();
    if (opened)
        opened = power.renewBootId();
    if (!opened) {
        fprintf(stderr, "node: %s\n", qPrintable(opened.error().text()));
        return 1;
    }
    if (const auto arranged = arrangeMounts(spec, controlGroups); !arranged) {
        fprintf(stderr, "node: %s\n", qPrintable(arranged.error().text()));
        return 1;
    }
    const QByteArray name = spec.name.toUtf8();
    sethostname(name.constData(), size_t(name.size()));

    struct sigaction action {};
    action.sa_handler = onTerminate;
    sigaction(SIGTERM, &action, nullptr);
    sigaction(SIGINT, &action, nullptr);
    action.sa_handler = onChild;
    sigaction(SIGCHLD, &action, nullptr);

    runSiblings(spec, power);
    return 0;
}

} // namespace qd::host
