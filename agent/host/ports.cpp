// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/host/ports.h"

#include <QDir>
#include <QFile>
#include <QHostAddress>
#include <arpa/inet.h>
#include <cerrno>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace qd::host {

namespace {

sockaddr_in socketAddress(const QString &address, quint16 port)
{
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port);
    out.sin_addr.s_addr = htonl(QHostAddress(address).toIPv4Address());
    return out;
}

bool isFree(const QString &address, quint16 port)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const sockaddr_in where = socketAddress(address, port);
    const bool bound = bind(fd, reinterpret_cast<const sockaddr *>(&where), sizeof where) == 0;
    close(fd);
    return bound;
}

/// The inode of the socket that listens on the port, from /proc/net/tcp; empty when none does.
QByteArray listeningInode(const QString &address, quint16 port)
{
    QFile table(QStringLiteral("/proc/net/tcp"));
    if (!table.open(QIODevice::ReadOnly))
        return {};
    const quint32 network = htonl(QHostAddress(address).toIPv4Address());
    const QList<QByteArray> lines = table.readAll().split('\n');
    for (const QByteArray &line : lines) {
        const QList<QByteArray> fields = line.simplified().split(' ');
        if (fields.size() < 10 || fields.at(3) != "0A")
            continue;
        const QList<QByteArray> local = fields.at(1).split(':');
        const quint32 ip = local.value(0).toUInt(nullptr, 16);
        if (local.value(1).toUInt(nullptr, 16) == port && (ip == network || ip == 0))
            return fields.at(9);
    }
    return {};
}

/// "name (pid 123)" of the process that holds the socket, as far as this user may see it.
QString holderOf(const QByteArray &inode)
{
    const QString wanted = QStringLiteral("socket:[%1]").arg(QString::fromLatin1(inode));
    const QStringList processes =
        QDir(QStringLiteral("/proc")).entryList({QStringLiteral("[0-9]*")}, QDir::Dirs);
    for (const QString &pid : processes) {
        const QDir files(QStringLiteral("/proc/%1/fd").arg(pid));
        const QStringList names = files.entryList(QDir::Files | QDir::System);
        for (const QString &name : names) {
            char target[64] = {};
            const QByteArray path = QFile::encodeName(files.filePath(name));
            if (readlink(path.constData(), target, sizeof target - 1) < 0 ||
                wanted != QString::fromLatin1(target))
                continue;
            QFile comm(QStringLiteral("/proc/%1/comm").arg(pid));
            const bool readable = comm.open(QIODevice::ReadOnly);
            return QStringLiteral("%1 (pid %2)")
                .arg(readable ? QString::fromUtf8(comm.readAll()).trimmed() : QString(), pid);
        }
    }
    return QStringLiteral("another process");
}

} // namespace

Result<void> requireFree(const QString &address)
{
    for (const quint16 port : {kEtcdPort, kPeerPort, kControlPort}) {
        if (isFree(address, port))
            continue;
        return fail(
            kTaken, QStringLiteral("%1:%2 is taken by %3")
                        .arg(address)
                        .arg(port)
                        .arg(holderOf(listeningInode(address, port))));
    }
    return {};
}

bool answersHealthy(const QString &address)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    timeval limit{1, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    const sockaddr_in where = socketAddress(address, kEtcdPort);
    QByteArray answer;
    if (connect(fd, reinterpret_cast<const sockaddr *>(&where), sizeof where) == 0) {
        const QByteArray request =
            "GET /health HTTP/1.1\r\nHost: " + address.toLatin1() + "\r\nConnection: close\r\n\r\n";
        char buffer[4096];
        if (send(fd, request.constData(), size_t(request.size()), MSG_NOSIGNAL) > 0) {
            for (ssize_t got = recv(fd, buffer, sizeof buffer, 0); got > 0;
                 got = recv(fd, buffer, sizeof buffer, 0))
                answer.append(buffer, got);
        }
    }
    close(fd);
    return answer.startsWith("HTTP/1.1 200") && answer.contains("true");
}

pid_t childNamed(pid_t parent, const QString &name)
{
    QFile children(QStringLiteral("/proc/%1/task/%1/children").arg(parent));
    if (!children.open(QIODevice::ReadOnly))
        return 0;
    const QList<QByteArray> pids = children.readAll().simplified().split(' ');
    for (const QByteArray &pid : pids) {
        QFile comm(QStringLiteral("/proc/%1/comm").arg(QString::fromLatin1(pid)));
        if (comm.open(QIODevice::ReadOnly) &&
            QString::fromUtf8(comm.readAll()).trimmed() == name.left(15))
            return pid.toInt();
    }
    return 0;
}

} // namespace qd::host
