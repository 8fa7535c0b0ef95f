// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/http/server.h"

#include "shared/http/connection.h"
#include "shared/http/poller.h"

#include <QElapsedTimer>
#include <QTcpServer>
#include <QTimer>
#include <csignal>
#include <ctime>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unordered_map>

namespace qd::http {

namespace {

constexpr int kBacklog = 1024;
constexpr int kResumeMs = 200;
constexpr size_t kScratchBytes = 64 * 1024;

/// Hands over the bare sockets.
class Listener final : public QTcpServer {
public:
    explicit Listener(std::function<void(int)> accepted)
        : m_accepted(std::move(accepted))
    {
    }

protected:
    void incomingConnection(qintptr socket) override { m_accepted(int(socket)); }

private:
    std::function<void(int)> m_accepted;
};

void setOption(int socket, int level, int option, int value)
{
    // A socket that cannot have it works without.
    static_cast<void>(setsockopt(socket, level, option, &value, sizeof value));
}

/// Answers leave at once, and a client whose machine has gone is noticed within a minute.
void tune(int socket)
{
    setOption(socket, IPPROTO_TCP, TCP_NODELAY, 1);
    setOption(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    setOption(socket, IPPROTO_TCP, TCP_KEEPIDLE, 30);
    setOption(socket, IPPROTO_TCP, TCP_KEEPINTVL, 10);
    setOption(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

Result<void> listening(QTcpServer &server, const QHostAddress &address, quint16 port)
{
    if (server.listen(address, port))
        return {};
    return fail(
        code::io, QStringLiteral("cannot listen on %1 port %2: %3")
                      .arg(address.toString())
                      .arg(port)
                      .arg(server.errorString()));
}

} // namespace

class Server::Private final : public ConnectionHost {
public:
    Private(Handler handler, const Limits &limits)
        : m_handler(std::move(handler))
        , m_limits(limits)
        , m_scratch(kScratchBytes)
    {
        m_clock.start();
        const int shortest = std::min({limits.requestMs, limits.idleMs, limits.stalledMs});
        m_sweep.setInterval(std::clamp(shortest / 4, 20, 1'000));
        QObject::connect(&m_sweep, &QTimer::timeout, &m_sweep, [this] { sweep(); });
        m_flush.setSingleShot(true);
        QObject::connect(&m_flush, &QTimer::timeout, &m_flush, [this] { flushAll(); });
    }
    ~Private() override
    {
        m_listeners.clear();
        m_tlsListeners.clear();
        const auto all = std::exchange(m_connections, {});
        for (const auto &[key, connection] : all)
            connection->close();
    }

    const Limits &limits() const override { return m_limits; }
    const Handler &handler() const override { return m_handler; }
    qint64 nowMs() const override { return m_clock.elapsed(); }
    std::vector<char> &scratch() override { return m_scratch; }
    QByteArrayView dateLine() override
    {
        const std::time_t now = std::time(nullptr);
        if (now != m_dateOf) {
            m_dateOf = now;
            std::tm parts = {};
            gmtime_r(&now, &parts);
            char text[64];
            const size_t size =
                std::strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
            m_date = QByteArray(text, qsizetype(size));
        }
        return m_date;
    }
    void flushLater(const std::shared_ptr<Connection> &connection) override
    {
        m_due.push_back(connection);
        if (!m_flush.isActive())
            m_flush.start(0);
    }
    void ended(Connection &connection) override
    {
        m_connections.erase(&connection);
        if (m_connections.empty())
            m_sweep.stop();
    }

    Result<void> listen(const QHostAddress &address, quint16 port)
    {
        return listen(m_listeners, address, port, [this](int socket, Connection &connection) {
            return socketStream(m_poller, socket, connection.listener());
        });
    }
    Result<void> listenTls(const QHostAddress &address, quint16 port, const TlsContext &tls)
    {
        // OpenSSL writes to sockets as to files: one whose client has gone would end the process.
        std::signal(SIGPIPE, SIG_IGN);
        return listen(
            m_tlsListeners, address, port,
            [this, tls = tls](int socket, Connection &connection) mutable {
                tls.refresh();
                return tlsStream(m_poller, socket, tls, connection.listener());
            });
    }
    quint16 port() const { return m_listeners.empty() ? 0 : m_listeners.front()->serverPort(); }
    quint16 tlsPort() const
    {
        return m_tlsListeners.empty() ? 0 : m_tlsListeners.front()->serverPort();
    }
    qsizetype connections() const { return qsizetype(m_connections.size()); }
    bool isValid() const { return m_poller.isValid(); }

private:
    using Listeners = std::vector<std::unique_ptr<Listener>>;
    using MakeStream = std::function<std::unique_ptr<Stream>(int socket, Connection &)>;

    Result<void>
    listen(Listeners &listeners, const QHostAddress &address, quint16 port, const MakeStream &make)
    {
        auto listener =
            std::make_unique<Listener>([this, make](int socket) { welcome(socket, make); });
        listener->setListenBacklogSize(kBacklog);
        goOnAccepting(*listener);
        auto done = listening(*listener, address, port);
        if (done)
            listeners.push_back(std::move(listener));
        return done;
    }
    /// Out of descriptors, Qt stops accepting for good: it goes on when some may be free.
    static void goOnAccepting(QTcpServer &server)
    {
        QObject::connect(&server, &QTcpServer::acceptError, &server, [&server] {
            QTimer::singleShot(kResumeMs, &server, [&server] { server.resumeAccepting(); });
        });
    }
    void welcome(int socket, const MakeStream &make)
    {
        tune(socket);
        const auto connection = std::make_shared<Connection>(*this);
        connection->start(make(socket, *connection));
        admit(connection);
    }
    void admit(const std::shared_ptr<Connection> &connection)
    {
        const bool full = connections() >= m_limits.connections;
        m_connections.emplace(connection.get(), connection);
        if (!m_sweep.isActive())
            m_sweep.start();
        if (full)
            connection->refuse(text(503, "503 Service Unavailable: too many connections"));
    }
    void sweep()
    {
        std::vector<std::shared_ptr<Connection>> all;
        all.reserve(m_connections.size());
        for (const auto &[key, connection] : m_connections)
            all.push_back(connection);
        for (const auto &connection : all)
            connection->checkTime(nowMs());
    }
    void flushAll()
    {
        const auto due = std::exchange(m_due, {});
        for (const auto &connection : due)
            connection->flush();
    }

    Handler m_handler;
    Limits m_limits;
    Poller m_poller;
    QElapsedTimer m_clock;
    std::vector<char> m_scratch;
    std::time_t m_dateOf = 0;
    QByteArray m_date;
    std::unordered_map<Connection *, std::shared_ptr<Connection>> m_connections;
    std::vector<std::shared_ptr<Connection>> m_due;
    QTimer m_sweep;
    QTimer m_flush;
    Listeners m_listeners;
    Listeners m_tlsListeners;
};

Server::Server(Handler handler, const Limits &limits, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<Private>(std::move(handler), limits))
{
}

Server::~Server() = default;

Result<void> Server::listen(const QHostAddress &address, quint16 port)
{
    if (!d->isValid())
        return fail(code::io, QStringLiteral("the kernel gave no epoll set"));
    return d->listen(address, port);
}

Result<void> Server::listenTls(const QHostAddress &address, quint16 port, const TlsContext &tls)
{
    if (!d->isValid())
        return fail(code::io, QStringLiteral("the kernel gave no epoll set"));
    return d->listenTls(address, port, tls);
}

Result<void> Server::listen(const Place &place, const std::optional<TlsContext> &tls)
{
    if (!place.encrypted)
        return listen(place.address, place.port);
    if (tls)
        return listenTls(place.address, place.port, *tls);
    return fail(code::internal, QStringLiteral("there is no certificate to listen with"));
}

quint16 Server::tlsPort() const
{
    return d->tlsPort();
}

quint16 Server::port() const
{
    return d->port();
}

qsizetype Server::connections() const
{
    return d->connections();
}

} // namespace qd::http
