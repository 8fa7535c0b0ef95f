// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/listen_sockets.h"

#include "agent/units/driver/connection_names.h"
#include "agent/units/driver/folders.h"
#include "agent/units/driver/socket_open.h"
#include "agent/units/driver/socket_options.h"
#include "agent/units/driver/users.h"

#include <QFile>
#include <QSocketNotifier>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace qd::units {

namespace {

QString systemWords()
{
    return QString::fromLocal8Bit(strerror(errno));
}

/// The other side has gone again before its connection was taken.
bool isOver(int error)
{
    return error == EAGAIN || error == EINTR || error == ECONNABORTED || error == EPROTO ||
           error == ECONNRESET || error == ETIMEDOUT || error == EPIPE || error == ENETDOWN ||
           error == EHOSTUNREACH || error == ENETUNREACH || error == EHOSTDOWN || error == ENONET ||
           error == ENOPROTOOPT || error == EOPNOTSUPP || error == ESHUTDOWN || error == ENOTCONN;
}

} // namespace

ListenSockets::ListenSockets(const SocketSettings &socket, QObject *parent)
    : QObject(parent)
    , m_socket(socket)
{
}

ListenSockets::~ListenSockets()
{
    for (Port &port : m_ports) {
        port.notifier.reset();
        ::close(port.file);
    }
}

Result<void> ListenSockets::open()
{
    for (const ListenLine &line : std::as_const(m_socket.lines)) {
        const auto file = openListenLine(line, m_socket);
        if (!file) {
            close();
            return fail(file.error());
        }
        const bool isSocket = line.kind != ListenKind::Fifo && line.kind != ListenKind::Special &&
                              line.kind != ListenKind::MessageQueue;
        if (isSocket)
            m_complaints += setSocketOptions(*file, line, m_socket);
        m_ports.push_back(Port{line, *file, nullptr});
    }
    makeSymlinks();
    return {};
}

/// Names beside the one file; that one cannot be made is no reason not to listen.
void ListenSockets::makeSymlinks()
{
    const auto port = std::find_if(
        m_ports.begin(), m_ports.end(), [](const Port &one) { return one.line.isFile(); });
    if (port == m_ports.end())
        return;
    const QByteArray target = QFile::encodeName(port->line.text);
    for (const QString &path : std::as_const(m_socket.symlinks)) {
        const QByteArray name = QFile::encodeName(path);
        makeFoldersAbove(path, m_socket.directoryMode);
        if (QFile::symLinkTarget(path) == port->line.text || symlink(target, name) == 0)
            continue;
        if (errno == EEXIST && m_socket.removeOnStop && unlink(name) == 0 &&
            symlink(target, name) == 0)
            continue;
        m_complaints.append(QStringLiteral("Failed to create symlink %1 → %2, ignoring: %3")
                                .arg(port->line.text, path, systemWords()));
    }
}

Result<void> ListenSockets::own() const
{
    uid_t uid = uid_t(-1);
    gid_t gid = gid_t(-1);
    if (!m_socket.user.isEmpty()) {
        const auto user = findUser(m_socket.user);
        if (!user)
            return fail(code::notFound, QStringLiteral("no user %1").arg(m_socket.user));
        uid = user->uid;
        gid = user->gid;
    }
    if (!m_socket.group.isEmpty()) {
        const auto group = findGroup(m_socket.group);
        if (!group)
            return fail(code::notFound, QStringLiteral("no group %1").arg(m_socket.group));
        gid = *group;
    }
    for (const Port &port : m_ports) {
        if (port.line.isFile() &&
            lchown(QFile::encodeName(port.line.text).constData(), uid, gid) != 0)
            return fail(code::io, systemWords());
    }
    return {};
}

void ListenSockets::watch()
{
    for (size_t i = 0; i < m_ports.size(); ++i) {
        Port &port = m_ports[i];
        if (!port.notifier) {
            port.notifier = std::make_unique<QSocketNotifier>(port.file, QSocketNotifier::Read);
            connect(port.notifier.get(), &QSocketNotifier::activated, this, [this, i] {
                onReadable(i);
            });
        }
        port.notifier->setEnabled(true);
    }
}

void ListenSockets::unwatch()
{
    for (Port &port : m_ports) {
        if (port.notifier)
            port.notifier->setEnabled(false);
    }
}

/// Who hears of it may close, and forget, all of this.
void ListenSockets::onReadable(size_t index)
{
    if (index >= m_ports.size())
        return;
    const Port &port = m_ports[index];
    pollfd state{port.file, POLLIN, 0};
    if (poll(&state, 1, 0) <= 0)
        return;
    if ((state.revents & POLLHUP) != 0) {
        Q_EMIT broke(QStringLiteral("Got POLLHUP on a listening socket. The service probably "
                                    "invoked shutdown() on it, and should better not do that."));
    } else if ((state.revents & POLLIN) == 0) {
        Q_EMIT broke(QStringLiteral("Got unexpected poll event (0x%1) on socket.")
                         .arg(state.revents, 0, 16));
    } else if (m_socket.accept && port.line.takesConnections()) {
        takeConnection(port);
    } else {
        Q_EMIT ready();
    }
}

void ListenSockets::takeConnection(const Port &port)
{
    const int file = accept4(port.file, nullptr, nullptr, SOCK_CLOEXEC);
    if (file < 0) {
        if (!isOver(errno))
            Q_EMIT broke(
                QStringLiteral("Failed to accept connection socket: %1").arg(systemWords()));
        return;
    }
    m_complaints += setSocketOptions(file, port.line, m_socket);
    if (const auto connection = nameConnection(file))
        Q_EMIT connected(file, *connection);
    else
        ::close(file);
}

void ListenSockets::flush()
{
    for (const Port &port : m_ports)
        flushListenLine(port.file, port.line);
}

void ListenSockets::close()
{
    for (Port &port : m_ports) {
        if (port.notifier) {
            port.notifier->setEnabled(false);
            port.notifier.release()->deleteLater(); // it may be what calls us
        }
        ::close(port.file);
        if (m_socket.removeOnStop)
            removeListenLine(port.line);
    }
    if (m_socket.removeOnStop && !m_ports.empty()) {
        for (const QString &path : std::as_const(m_socket.symlinks))
            unlink(QFile::encodeName(path).constData());
    }
    m_ports.clear();
}

std::vector<int> ListenSockets::files() const
{
    std::vector<int> out;
    for (const Port &port : m_ports)
        out.push_back(port.file);
    return out;
}

} // namespace qd::units
