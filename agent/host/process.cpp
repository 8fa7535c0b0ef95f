// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/host/process.h"

#include "shared/base/clock.h"

#include <QFile>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace qd::host {

namespace {

/// argv for exec, backed by the bytes it points into.
class Arguments {
public:
    explicit Arguments(const QStringList &command)
    {
        for (const QString &word : command)
            m_bytes.push_back(QFile::encodeName(word));
        for (QByteArray &word : m_bytes)
            m_pointers.push_back(word.data());
        m_pointers.push_back(nullptr);
    }
    char *const *get() { return m_pointers.data(); }

private:
    std::vector<QByteArray> m_bytes;
    std::vector<char *> m_pointers;
};

int exitCodeOf(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Error cannotStart(const QStringList &command, int number)
{
    return Error{
        code::io,
        QStringLiteral("cannot start %1: %2")
            .arg(command.value(0), QString::fromLocal8Bit(strerror(number))),
        {},
        nullptr};
}

/// Collects both pipes until they close or time is up; false on time-out.
bool drain(int out, int err, Finished &finished, int timeoutMs)
{
    const SystemClock clock;
    const qint64 end = clock.monotonicMs() + timeoutMs;
    QByteArray outBytes;
    QByteArray errBytes;
    pollfd files[2] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
    while (files[0].fd >= 0 || files[1].fd >= 0) {
        const qint64 left = end - clock.monotonicMs();
        if (left <= 0)
            return false;
        if (poll(files, 2, int(left)) < 0 && errno != EINTR)
            return false;
        for (int i = 0; i < 2; ++i) {
            if (files[i].fd < 0 || files[i].revents == 0)
                continue;
            char buffer[8192];
            const ssize_t got = read(files[i].fd, buffer, sizeof buffer);
            if (got > 0)
                (i == 0 ? outBytes : errBytes).append(buffer, got);
            else if (got == 0 || errno != EINTR)
                files[i].fd = -1;
        }
    }
    finished.output = QString::fromUtf8(outBytes);
    finished.errors = QString::fromUtf8(errBytes);
    return true;
}

} // namespace

Result<Finished> runToEnd(const QStringList &command, int timeoutMs)
{
    int out[2];
    int err[2];
    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
        return fail(cannotStart(command, errno));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    pid_t pid = -1;
    Arguments arguments(command);
    const int failed =
        posix_spawnp(&pid, arguments.get()[0], &actions, nullptr, arguments.get(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    close(err[1]);
    Finished finished;
    const bool complete = failed == 0 && drain(out[0], err[0], finished, timeoutMs);
    close(out[0]);
    close(err[0]);
    if (failed != 0)
        return fail(cannotStart(command, failed));
    if (!complete)
        kill(pid, SIGKILL);
    int status = 0;
    waitpid(pid, &status, 0);
    if (!complete)
        return fail(
            code::deadline,
            QStringLiteral("%1 did not end within %2 ms").arg(command.value(0)).arg(timeoutMs));
    finished.exitCode = exitCodeOf(status);
    return finished;
}

Result<pid_t> start(const QStringList &command, const QString &logFile, bool detached)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    const QByteArray log = QFile::encodeName(logFile);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(
        &actions, STDOUT_FILENO, log.constData(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(
        &attributes, short(POSIX_SPAWN_SETSIGMASK | (detached ? POSIX_SPAWN_SETSID : 0)));
    pid_t pid = -1;
    Arguments arguments(command);
    const int failed =
        posix_spawnp(&pid, arguments.get()[0], &actions, &attributes, arguments.get(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (failed != 0)
        return fail(cannotStart(command, failed));
    return pid;
}

bool isAlive(pid_t pid)
{
    if (pid <= 0)
        return false;
    QFile stat(QStringLiteral("/proc/%1/stat").arg(pid));
    if (!stat.open(QIODevice::ReadOnly))
        return false;
    const QByteArray line = stat.readAll();
    const qsizetype afterName = line.lastIndexOf(')');
    return afterName > 0 && line.size() > afterName + 2 && line.at(afterName + 2) != 'Z';
}

bool awaitGone(pid_t pid, int timeoutMs)
{
    const SystemClock clock;
    const qint64 end = clock.monotonicMs() + timeoutMs;
    while (isAlive(pid)) {
        if (clock.monotonicMs() >= end)
            return false;
        poll(nullptr, 0, 10);
    }
    return true;
}

} // namespace qd::host
