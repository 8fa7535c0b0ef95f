// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/socket_open.h"

#include "agent/units/driver/folders.h"
#include "agent/units/driver/socket_options.h"

#include <QFile>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <mqueue.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace qd::units {

namespace {

using Family = unitfile::SocketAddress::Family;

Error systemError()
{
    return Error{code::io, QString::fromLocal8Bit(strerror(errno)), {}, nullptr};
}

/// Closes `file` unless something was wrong before already; the words are of the first failure.
Result<int> failClosing(int file)
{
    const Error error = systemError();
    if (file >= 0)
        close(file);
    return fail(error);
}

struct Bound {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

template <class T>
Bound boundTo(const T &address, socklen_t size = sizeof(T))
{
    Bound out;
    memcpy(&out.storage, &address, sizeof address);
    out.size = size;
    return out;
}

Bound unixAddress(const unitfile::SocketAddress &address)
{
    sockaddr_un out{};
    out.sun_family = AF_UNIX;
    const QByteArray name = QFile::encodeName(address.path);
    const bool isFile = address.isFile();
    // An abstract name begins with a zero and has no end but its length.
    memcpy(out.sun_path + (isFile ? 0 : 1), name.constData(), size_t(name.size()));
    return boundTo(out, socklen_t(offsetof(sockaddr_un, sun_path) + 1 + size_t(name.size())));
}

Bound addressOf(const unitfile::SocketAddress &address)
{
    switch (address.family) {
    case Family::Unix:
    case Family::Abstract:
        return unixAddress(address);
    case Family::IPv4: {
        sockaddr_in out{};
        out.sin_family = AF_INET;
        out.sin_port = htons(quint16(address.port));
        inet_pton(AF_INET, address.host.toLatin1().constData(), &out.sin_addr);
        return boundTo(out);
    }
    case Family::IPv6: {
        sockaddr_in6 out{};
        out.sin6_family = AF_INET6;
        out.sin6_port = htons(quint16(address.port));
        inet_pton(AF_INET6, address.host.toLatin1().constData(), &out.sin6_addr);
        if (!address.interface.isEmpty())
            out.sin6_scope_id = if_nametoindex(address.interface.toLatin1().constData());
        return boundTo(out);
    }
    case Family::VSock: {
        sockaddr_vm out{};
        out.svm_family = AF_VSOCK;
        out.svm_cid = address.cid;
        out.svm_port = address.port;
        return boundTo(out);
    }
    }
    return {};
}

int typeOf(ListenKind kind)
{
    switch (kind) {
    case ListenKind::Datagram:
        return SOCK_DGRAM;
    case ListenKind::SequentialPacket:
        return SOCK_SEQPACKET;
    default:
        return SOCK_STREAM;
    }
}

/// A port of every address where the kernel has no IPv6: every IPv4 address then.
ListenLine reachable(const ListenLine &line, int protocol)
{
    if (line.address.family != Family::IPv6 || line.address.host != u"::")
        return line;
    const int probe = socket(AF_INET6, typeOf(line.kind) | SOCK_CLOEXEC, protocol);
    if (probe >= 0)
        close(probe);
    ListenLine out = line;
    if (probe < 0 && errno == EAFNOSUPPORT) {
        out.address.family = Family::IPv4;
        out.address.host = QStringLiteral("0.0.0.0");
    }
    return out;
}

bool bindFile(int file, const Bound &bound, const ListenLine &line, const SocketSettings &socket)
{
    const auto *address = reinterpret_cast<const sockaddr *>(&bound.storage);
    if (!line.address.isFile())
        return bind(file, address, bound.size) == 0;
    makeFoldersAbove(line.address.path, socket.directoryMode);
    const ExactMode exact(socket.mode);
    if (bind(file, address, bound.size) == 0)
        return true;
    // What an engine before this one has left behind.
    return errno == EADDRINUSE && unlink(QFile::encodeName(line.address.path).constData()) == 0 &&
           bind(file, address, bound.size) == 0;
}

Result<int> openSocket(const ListenLine &wanted, const SocketSettings &settings)
{
    const ListenLine line = reachable(wanted, settings.protocol);
    const Bound bound = addressOf(line.address);
    const int file = socket(
        bound.storage.ss_family, typeOf(line.kind) | SOCK_CLOEXEC | SOCK_NONBLOCK,
        line.address.isIp() ? settings.protocol : 0);
    if (file < 0)
        return fail(systemError());
    setBindOptions(file, line, settings);
    if (!bindFile(file, bound, line, settings) ||
        (line.takesConnections() && listen(file, int(settings.backlog)) != 0))
        return failClosing(file);
    return file;
}

Result<int> openNetlink(const ListenLine &line)
{
    const int file =
        socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, line.netlink.family);
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = line.netlink.group;
    if (file < 0 || bind(file, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
        return failClosing(file);
    return file;
}

/// Somebody else's file of that name is not taken for ours.
bool isOurs(int file, mode_t mode, bool fifo)
{
    struct stat found {};
    if (fstat(file, &found) != 0)
        return false;
    const bool same = (!fifo || S_ISFIFO(found.st_mode)) && (found.st_mode & 0777) == mode &&
                      found.st_uid == getuid() && found.st_gid == getgid();
    if (!same)
        errno = EEXIST;
    return same;
}

Result<int> openFifo(const ListenLine &line, const SocketSettings &socket)
{
    const QByteArray path = QFile::encodeName(line.text);
    makeFoldersAbove(line.text, socket.directoryMode);
    const ExactMode exact(socket.mode);
    if (mkfifo(path.constData(), mode_t(socket.mode)) != 0 && errno != EEXIST)
        return fail(systemError());
    const int file =
        open(path.constData(), O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
    if (file < 0 || !isOurs(file, mode_t(socket.mode), true))
        return failClosing(file);
    if (socket.pipeSize > 0)
        (void)fcntl(file, F_SETPIPE_SZ, int(socket.pipeSize)); // as large as the limit lets it
    return file;
}

Result<int> openSpecial(const ListenLine &line, const SocketSettings &socket)
{
    const int file = open(
        QFile::encodeName(line.text).constData(),
        (socket.writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
    struct stat found {};
    if (file < 0 || fstat(file, &found) != 0)
        return failClosing(file);
    if (!S_ISREG(found.st_mode) && !S_ISCHR(found.st_mode)) {
        errno = EEXIST;
        return failClosing(file);
    }
    return file;
}

Result<int> openQueue(const ListenLine &line, const SocketSettings &socket)
{
    mq_attr attributes{};
    attributes.mq_maxmsg = long(socket.queueMessages);
    attributes.mq_msgsize = long(socket.queueMessageSize);
    const bool given = socket.queueMessages > 0 && socket.queueMessageSize > 0;
    const ExactMode exact(socket.mode);
    const mqd_t queue = mq_open(
        QFile::encodeName(line.text).constData(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_CREAT,
        mode_t(socket.mode), given ? &attributes : nullptr);
    if (queue < 0 || !isOurs(queue, mode_t(socket.mode), false))
        return failClosing(queue);
    return queue;
}

bool hasInput(int file)
{
    pollfd state{file, POLLIN, 0};
    return poll(&state, 1, 0) > 0 && (state.revents & POLLIN) != 0;
}

/// Takes one message, some bytes or one connection and throws it away.
bool takeOne(int file, const ListenLine &line)
{
    if (line.kind == ListenKind::MessageQueue) {
        mq_attr attributes{};
        mq_getattr(file, &attributes);
        QByteArray message(attributes.mq_msgsize, '\0');
        return mq_receive(file, message.data(), size_t(message.size()), nullptr) >= 0;
    }
    if (line.takesConnections()) {
        const int connection = accept4(file, nullptr, nullptr, SOCK_CLOEXEC);
        return connection >= 0 && close(connection) == 0;
    }
    std::array<char, 4096> bytes;
    return read(file, bytes.data(), bytes.size()) > 0;
}

} // namespace

Result<int> openListenLine(const ListenLine &line, const SocketSettings &socket)
{
    switch (line.kind) {
    case ListenKind::Stream:
    case ListenKind::Datagram:
    case ListenKind::SequentialPacket:
        return openSocket(line, socket);
    case ListenKind::Netlink:
        return openNetlink(line);
    case ListenKind::Fifo:
        return openFifo(line, socket);
    case ListenKind::Special:
        return openSpecial(line, socket);
    case ListenKind::MessageQueue:
        return openQueue(line, socket);
    case ListenKind::UsbFunction:
        break;
    }
    return fail(code::unsupported, QStringLiteral("Operation not supported"));
}

void removeListenLine(const ListenLine &line)
{
    if (line.kind == ListenKind::MessageQueue)
        mq_unlink(QFile::encodeName(line.text).constData());
    else if (line.isFile())
        unlink(QFile::encodeName(line.text).constData());
}

void flushListenLine(int file, const ListenLine &line)
{
    // A look before each step: the service may have made it wait.
    while (hasInput(file)) {
        if (!takeOne(file, line))
            return;
    }
}

} // namespace qd::units
