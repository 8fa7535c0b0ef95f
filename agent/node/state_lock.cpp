// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/state_lock.h"

#include <QFile>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace qd::node {

Result<std::unique_ptr<StateLock>> StateLock::take(const NodePaths &paths)
{
    const QByteArray path = QFile::encodeName(paths.lock());
    const int fd = ::open(path.constData(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(
            code::io, QStringLiteral("cannot open %1: %2")
                          .arg(paths.lock(), QString::fromLocal8Bit(strerror(errno))));
    std::unique_ptr<StateLock> lock(new StateLock(fd));
    // Not a file with a process id in it: in a container an agent that was killed comes back with
    // the same one, and would find itself.
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0)
        return lock;
    if (errno != EWOULDBLOCK)
        return fail(
            code::io, QStringLiteral("cannot lock %1: %2")
                          .arg(paths.lock(), QString::fromLocal8Bit(strerror(errno))));
    return fail(
        code::conflict,
        QStringLiteral("another agent runs on the state folder %1: stop that one first, or say "
                       "--state for a node of its own")
            .arg(paths.state));
}

StateLock::~StateLock()
{
    ::close(m_fd);
}

} // namespace qd::node
