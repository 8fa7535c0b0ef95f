// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/http/poller.h"
#include "shared/http/socket_address.h"
#include "shared/http/stream.h"

#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace qd::http {

namespace {

class SocketStream final : public Stream, Poller::Watcher {
public:
    SocketStream(Poller &poller, int socket, Listener &listener)
        : m_poller(poller)
        , m_socket(socket)
        , m_listener(listener)
        , m_number(poller.add(socket, EPOLLIN | EPOLLRDHUP, *this))
    {
    }
    ~SocketStream() override
    {
        m_poller.remove(m_number);
        ::close(m_socket);
    }

    qsizetype read(char *to, qsizetype most) override
    {
        for (;;) {
            const auto count = ::recv(m_socket, to, size_t(most), MSG_DONTWAIT);
            if (count >= 0)
                return qsizetype(count);
            if (errno != EINTR)
                return errno == EAGAIN || errno == EWOULDBLOCK ? kLater : kBroken;
        }
    }
    qsizetype write(QByteArrayView bytes) override
    {
        for (;;) {
            const auto count =
                ::send(m_socket, bytes.data(), size_t(bytes.size()), MSG_DONTWAIT | MSG_NOSIGNAL);
            if (count >= 0)
                return qsizetype(count);
            if (errno != EINTR)
                return errno == EAGAIN || errno == EWOULDBLOCK ? kLater : kBroken;
        }
    }
    void endWriting() override { ::shutdown(m_socket, SHUT_WR); }
    void want(bool reading, bool writing) override
    {
        quint32 events = 0;
        if (!m_halfClosed)
            events |= EPOLLRDHUP;
        if (reading)
            events |= EPOLLIN;
        if (writing)
            events |= EPOLLOUT;
        m_poller.change(m_number, events);
    }

    QByteArray address() const override { return peerAddress(m_socket); }
    bool isEncrypted() const override { return false; }
    QByteArray certificateName() const override { return {}; }

private:
    /// One thing a round: each may destroy this object; what is left comes again.
    void ready(quint32 events) override
    {
        if (events & (EPOLLERR | EPOLLHUP))
            return m_listener.broken();
        if (events & EPOLLIN)
            return m_listener.readable();
        if (events & EPOLLRDHUP) {
            m_halfClosed = true;
            return m_listener.halfClosed();
        }
        if (events & EPOLLOUT)
            m_listener.writable();
    }

    Poller &m_poller;
    int m_socket;
    Listener &m_listener;
    bool m_halfClosed = false;
    quint32 m_number;
};

} // namespace

std::unique_ptr<Stream> socketStream(Poller &poller, int socket, Stream::Listener &listener)
{
    return std::make_unique<SocketStream>(poller, socket, listener);
}

} // namespace qd::http
