// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/rpc/dial.h"

#include <QCborArray>

namespace qd::rpc {
namespace {

/// One attempt; a child of the context, gone when it has been answered.
class Attempt : public QObject {
    Q_OBJECT
public:
    Attempt(const Target &target, QObject *context, DialAnswer done)
        : QObject(context)
        , m_target(target)
        , m_done(std::move(done))
        , m_socket(std::make_unique<QSslSocket>())
    {
        connect(m_socket.get(), &QSslSocket::encrypted, this, &Attempt::greet);
        connect(m_socket.get(), &QSslSocket::errorOccurred, this, [this] {
            finish(fail(code::unreachable, where() + m_socket->errorString()));
        });
        m_timer.setSingleShot(true);
        connect(&m_timer, &QTimer::timeout, this, [this] {
            finish(fail(
                code::deadline,
                where() + QStringLiteral("no answer within %1 ms").arg(m_target.timeoutMs)));
        });
        m_timer.start(target.timeoutMs);
        m_socket->setSslConfiguration(target.tls);
        // The verdict on the certificate is `verify`'s; Qt only asks for it (QueryPeer).
        m_socket->connectToHostEncrypted(target.address, target.port);
    }

    ~Attempt() override
    {
        // Given up: the connection answers the hello on its way out, and nobody wants to hear it.
        m_done = {};
        m_connection.reset();
    }

private:
    QString where() const
    {
        return QStringLiteral("%1:%2: ").arg(m_target.address).arg(m_target.port);
    }

    void greet()
    {
        m_socket->disconnect(this);
        if (const auto ok = m_target.verify(*m_socket); !ok) {
            finish(fail(ok.error()));
            return;
        }
        m_connection = std::make_shared<Connection>(std::move(m_socket), m_target.limits);
        const QCborMap params{
            {QStringLiteral("version"), 1},
            {QStringLiteral("client"), m_target.client},
            {QStringLiteral("features"), QCborArray{}}};
        const QPointer<Attempt> self(this);
        m_connection->call(
            QStringLiteral("hello"), params, 0, [self](const Result<QCborMap> &welcome) {
                if (self)
                    self->greeted(welcome);
            });
    }

    void greeted(const Result<QCborMap> &welcome)
    {
        if (welcome)
            finish(Dialled{m_connection, *welcome});
        else if (welcome.error().code == code::unknownOutcome)
            finish(fail(
                code::unreachable, where() + welcome.error().detail.value(QStringLiteral("why"))));
        else
            finish(fail(welcome.error()));
    }

    void finish(Result<Dialled> result)
    {
        m_timer.stop();
        if (!m_done)
            return;
        const DialAnswer done = std::exchange(m_done, {});
        deleteLater();
        // The connection must not die inside one of its own callbacks.
        QMetaObject::invokeMethod(
            parent(),
            [done, result = std::move(result), keep = std::move(m_connection)] { done(result); },
            Qt::QueuedConnection);
    }

    Target m_target;
    DialAnswer m_done;
    std::unique_ptr<QSslSocket> m_socket;
    std::shared_ptr<Connection> m_connection;
    QTimer m_timer;
};

} // namespace

void dial(const Target &target, QObject *context, DialAnswer done)
{
    new Attempt(target, context, std::move(done));
}

} // namespace qd::rpc

#include "dial.moc"
