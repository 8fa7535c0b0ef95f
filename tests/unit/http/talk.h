// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/http/server.h"

#include <QTcpSocket>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace qd::test {

/// A client that says exactly the bytes that it is told to.
class Talk {
public:
    explicit Talk(const http::Server &server)
        : Talk()
    {
        m_socket.connectToHost(QHostAddress::LocalHost, server.port());
    }
    explicit Talk(int socket)
        : Talk()
    {
        m_socket.setSocketDescriptor(socket);
    }

    void say(const QByteArray &bytes) { m_socket.write(bytes); }
    void get(const QByteArray &path) { say("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n"); }
    /// Its end of the conversation; it goes on listening.
    void stopSending()
    {
        m_socket.flush();
        ::shutdown(int(m_socket.socketDescriptor()), SHUT_WR);
    }
    void leave() { m_socket.abort(); }
    bool isOpen() const { return m_socket.state() != QAbstractSocket::UnconnectedState; }
    bool isConnected() const { return m_socket.state() == QAbstractSocket::ConnectedState; }
    qsizetype answers() const { return got.count("HTTP/1.1 "); }

    QByteArray got;

private:
    Talk()
    {
        QObject::connect(
            &m_socket, &QTcpSocket::readyRead, &m_socket, [this] { got += m_socket.readAll(); });
    }

    QTcpSocket m_socket;
};

/// A client that asks and then does not read.
class DeafTalk {
public:
    explicit DeafTalk(const http::Server &server)
        : m_socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_port = htons(server.port());
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        // The kernel answers for the server: no event loop is needed here.
        if (::connect(m_socket, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0)
            qWarning("cannot connect");
    }
    ~DeafTalk()
    {
        if (m_socket >= 0)
            ::close(m_socket);
    }
    DeafTalk(const DeafTalk &) = delete;
    DeafTalk &operator=(const DeafTalk &) = delete;

    void get(const QByteArray &path)
    {
        const QByteArray bytes = "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n";
        if (::send(m_socket, bytes.data(), size_t(bytes.size()), MSG_NOSIGNAL) != bytes.size())
            qWarning("cannot send");
    }
    /// Hands the connection to someone who reads.
    int take() { return std::exchange(m_socket, -1); }

private:
    int m_socket;
};

} // namespace qd::test
