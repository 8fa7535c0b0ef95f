// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/journal/writer_process.h"

#include <QFile>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace qd::journal {

namespace {

constexpr int kPipeBytes = 256 * 1024;

Error systemError(const QString &what)
{
    return Error{
        code::io,
        what + QStringLiteral(": ") + QString::fromLocal8Bit(strerror(errno)),
        {},
        nullptr};
}

/// Ours, save for the way to our own service manager: it would take the writer's word for ours that
/// we are ready.
std::vector<char *> environment()
{
    std::vector<char *> out;
    for (char **each = environ; *each != nullptr; ++each) {
        if (!QByteArrayView(*each).startsWith("NOTIFY_SOCKET="))
            out.push_back(*each);
    }
    out.push_back(nullptr);
    return out;
}

int spawn(pid_t *pid, const QByteArray &program, const QByteArray &file, int input)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    // A group of its own: Ctrl+C at a terminal must not end it before the last words are written.
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    QByteArray output = "--output=" + file;
    QByteArray name = program;
    QByteArray dash = "-";
    char *const arguments[] = {name.data(), output.data(), dash.data(), nullptr};
    const int error = posix_spawn(
        pid, program.constData(), &actions, &attributes, arguments, environment().data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

} // namespace

WriterProcess::WriterProcess(QObject *parent)
    : QObject(parent)
{
}

WriterProcess::~WriterProcess()
{
    closePipe();
    if (m_pid > 0)
        reap();
    if (m_pidFd >= 0)
        ::close(m_pidFd);
}

Result<void> WriterProcess::start(const QString &program, const QString &file)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return fail(systemError(QStringLiteral("cannot make the journal's pipe")));
    m_readEnd = ends[0];
    m_writeEnd = ends[1];
    fcntl(m_writeEnd, F_SETFL, O_NONBLOCK);
    fcntl(m_writeEnd, F_SETPIPE_SZ, kPipeBytes);
    if (const int error =
            spawn(&m_pid, QFile::encodeName(program), QFile::encodeName(file), m_readEnd)) {
        errno = error;
        m_pid = -1;
        closePipe();
        return fail(systemError(QStringLiteral("cannot start %1").arg(program)));
    }
    m_pidFd = int(syscall(SYS_pidfd_open, m_pid, 0));
    if (m_pidFd < 0) {
        const Error error = systemError(QStringLiteral("cannot watch the journal's writer"));
        kill(m_pid, SIGKILL);
        waitpid(m_pid, nullptr, 0);
        m_pid = -1;
        closePipe();
        return fail(error);
    }
    m_exit = std::make_unique<QSocketNotifier>(m_pidFd, QSocketNotifier::Read);
    connect(m_exit.get(), &QSocketNotifier::activated, this, [this] { onExit(); });
    m_room = std::make_unique<QSocketNotifier>(m_writeEnd, QSocketNotifier::Write);
    m_room->setEnabled(false);
    connect(m_room.get(), &QSocketNotifier::activated, this, [this] {
        m_room->setEnabled(false);
        Q_EMIT writable();
    });
    return {};
}

qint64 WriterProcess::offer(QByteArrayView bytes)
{
    if (m_writeEnd < 0)
        return 0;
    qint64 taken = 0;
    while (taken < bytes.size()) {
        const ssize_t n = write(m_writeEnd, bytes.data() + taken, size_t(bytes.size() - taken));
        if (n > 0)
            taken += n;
        else if (errno != EINTR)
            break;
    }
    m_written += taken;
    if (taken < bytes.size())
        m_room->setEnabled(true);
    return taken;
}

qint64 WriterProcess::consumed() const
{
    int waiting = 0;
    if (m_readEnd < 0 || ioctl(m_readEnd, FIONREAD, &waiting) != 0)
        return m_written;
    return m_written - waiting;
}

void WriterProcess::finish()
{
    m_room.reset();
    if (m_writeEnd >= 0)
        ::close(m_writeEnd);
    m_writeEnd = -1;
}

void WriterProcess::onExit()
{
    m_exit->setEnabled(false);
    reap();
    m_pid = -1;
    Q_EMIT ended();
}

void WriterProcess::reap()
{
    // Somebody who reaps every child of this process may have been quicker; that is no matter, for
    // unlike its number the descriptor never comes to mean another process.
    siginfo_t info{};
    waitid(idtype_t(P_PIDFD), id_t(m_pidFd), &info, WEXITED | WNOHANG);
}

void WriterProcess::closePipe()
{
    finish();
    if (m_readEnd >= 0)
        ::close(m_readEnd);
    m_readEnd = -1;
}

} // namespace qd::journal
