// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/notify_socket.h"

#include <QFile>
#include <cerrno>
#include <climits>
#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

namespace qd::units {

namespace {

constexpr size_t kMostBytes = PIPE_BUF; ///< as systemd: a longer message is no message
constexpr size_t kMostFiles = 253;      ///< that one message can carry

/// Descriptors that came along. A sender that waits until we have read its message (systemd-notify
/// does) sees them closed.
std::vector<int> filesIn(msghdr &message, ucred &sender)
{
    std::vector<int> out;
    for (cmsghdr *header = CMSG_FIRSTHDR(&message); header;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET)
            continue;
        if (header->cmsg_type == SCM_CREDENTIALS)
            memcpy(&sender, CMSG_DATA(header), sizeof sender);
        if (header->cmsg_type == SCM_RIGHTS) {
            out.resize((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
            memcpy(out.data(), CMSG_DATA(header), out.size() * sizeof(int));
        }
    }
    return out;
}

} // namespace

NotifySocket::NotifySocket(QObject *parent)
    : QObject(parent)
{
}

NotifySocket::~NotifySocket()
{
    m_notifier.reset();
    if (m_fd >= 0)
        ::close(m_fd);
}

Result<void> NotifySocket::open(const QString &path)
{
    const QByteArray name = QFile::encodeName(path);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (size_t(name.size()) >= sizeof address.sun_path)
        return fail(code::io, QStringLiteral("%1 is too long for a socket").arg(path));
    memcpy(address.sun_path, name.constData(), size_t(name.size()));
    ::unlink(name.constData());
    m_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;
    if (m_fd < 0 || setsockopt(m_fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0 ||
        bind(m_fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0 ||
        chmod(name.constData(), 0777) != 0)
        return fail(
            code::io, QStringLiteral("cannot make the socket %1: %2")
                          .arg(path, QString::fromLocal8Bit(strerror(errno))));
    m_path = path;
    m_notifier = std::make_unique<QSocketNotifier>(m_fd, QSocketNotifier::Read);
    connect(m_notifier.get(), &QSocketNotifier::activated, this, [this] { (void)readOne(); });
    return {};
}

void NotifySocket::drain()
{
    while (m_fd >= 0 && readOne()) {
    }
}

bool NotifySocket::readOne()
{
    char bytes[kMostBytes];
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(kMostFiles * sizeof(int))];
    iovec vector{bytes, sizeof bytes};
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t size = recvmsg(m_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (size < 0)
        return false;
    ucred sender{};
    const std::vector<int> files = filesIn(message, sender);
    if (sender.pid > 0 && (message.msg_flags & MSG_TRUNC) == 0)
        Q_EMIT received(sender.pid, QByteArray(bytes, size));
    for (const int file : files)
        ::close(file);
    return true;
}

} // namespace qd::units
