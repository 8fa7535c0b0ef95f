// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/session/remote_client.h"

#include "console/session/pairing.h"
#include "console/session/remote_stream.h"
#include "console/session/remote_subscription.h"
#include "shared/base/log.h"
#include "shared/codec/codec.h"
#include "shared/model/node.h"
#include "shared/security/verify.h"

#include <QFutureWatcher>

namespace qd::session {
namespace {

QCborMap routed(const CallOptions &options)
{
    return options.node.isEmpty() ? QCborMap{} : QCborMap{{QStringLiteral("node"), options.node}};
}

QFuture<Result<QCborMap>> answered(Result<QCborMap> result)
{
    QPromise<Result<QCborMap>> promise;
    promise.start();
    promise.addResult(std::move(result));
    promise.finish();
    return promise.future();
}

} // namespace

RemoteClient::RemoteClient(Setup setup, QObject *parent)
    : Client(parent)
    , m_setup(std::move(setup))
    , m_addresses(m_setup.addresses)
{
    m_pause.setSingleShot(true);
    connect(&m_pause, &QTimer::timeout, this, &RemoteClient::tryNext);
}

RemoteClient::~RemoteClient()
{
    if (m_connection)
        m_connection->disconnect(this);
}

void RemoteClient::setState(State state)
{
    if (state == m_state)
        return;
    m_state = state;
    Q_EMIT stateChanged(state);
}

void RemoteClient::connectToCluster()
{
    if (m_state != State::Disconnected)
        return;
    m_failed = 0;
    m_next = 0;
    setState(State::Connecting);
    tryNext();
}

void RemoteClient::disconnectFromCluster()
{
    m_pause.stop();
    m_attempt.reset();
    if (const auto connection = std::exchange(m_connection, nullptr)) {
        connection->disconnect(this);
        connection->close(
            {code::cancelled, QStringLiteral("Disconnected by the user."), {}, nullptr});
    }
    m_bySub.clear();
    setState(State::Disconnected);
}

void RemoteClient::tryNext()
{
    if (m_addresses.isEmpty()) {
        setState(State::Disconnected);
        Q_EMIT trouble(
            {code::badInput, QStringLiteral("There is no address to connect to."), {}, nullptr});
        return;
    }
    const QString address = m_addresses.at(m_next % m_addresses.size());
    rpc::Target target;
    std::tie(target.address, target.port) = splitAddress(address);
    target.tls = security::clientTls(m_setup.credentials, security::alpnControl);
    target.client = m_setup.clientName;
    target.timeoutMs = m_setup.connectMs;
    target.limits = m_setup.limits;
    target.verify = [root =
                         m_setup.credentials.authority](const QSslSocket &socket) -> Result<void> {
        const auto node = security::verifyNode(socket.peerCertificate(), root);
        if (!node)
            return fail(node.error());
        return {};
    };
    m_attempt = std::make_unique<QObject>();
    rpc::dial(target, m_attempt.get(), [this, address](const Result<rpc::Dialled> &dialled) {
        m_attempt.release()->deleteLater();
        if (dialled) {
            connected(address, *dialled);
            return;
        }
        qCInfo(lcSession).noquote() << "cannot connect to" << address << dialled.error().text();
        Q_EMIT trouble(dialled.error());
        ++m_next;
        pauseThenRetry();
    });
}

void RemoteClient::pauseThenRetry()
{
    if (m_state == State::Disconnected)
        return;
    ++m_failed;
    // The other addresses are tried at once; a pause comes after a whole round, twice as long each.
    const qsizetype rounds = m_failed / qMax<qsizetype>(1, m_addresses.size());
    const bool roundOver = m_failed % qMax<qsizetype>(1, m_addresses.size()) == 0;
    const int pause = qMin<qint64>(
        m_setup.longestPauseMs, qint64(m_setup.firstPauseMs)
                                    << qBound(qsizetype(0), rounds - 1, qsizetype(10)));
    m_pause.start(roundOver ? pause : 0);
}

void RemoteClient::connected(const QString &address, const rpc::Dialled &dialled)
{
    m_failed = 0;
    m_connectedTo = address;
    m_connection = dialled.connection;
    m_welcome = dialled.welcome;
    m_connection->setIncoming([this](const QCborMap &frame) {
        routeFrame(frame);
        return true;
    });
    connect(m_connection.get(), &rpc::Connection::closed, this, &RemoteClient::lost);
    if (!m_connection->isOpen()) { // lost between the hello's answer and now
        lost({code::unreachable, QStringLiteral("The connection was lost."), {}, nullptr});
        return;
    }
    // Copied first: who hears that we are connected may subscribe, and that one starts by itself.
    const QList<QPointer<RemoteSubscription>> waiting(
        m_subscriptions.cbegin(), m_subscriptions.cend());
    setState(State::Connected);
    for (const auto &subscription : waiting) {
        if (m_connection && subscription)
            start(*subscription);
    }
    if (m_connection)
        learnAddresses();
}

void RemoteClient::lost(const Error &why)
{
    qCInfo(lcSession).noquote() << "lost" << m_connectedTo << why.text();
    if (const auto connection = std::exchange(m_connection, nullptr)) {
        connection->disconnect(this);
        // It must not die inside its own signal.
        QMetaObject::invokeMethod(
            this, [connection] {}, Qt::QueuedConnection);
    }
    m_bySub.clear();
    for (RemoteSubscription *subscription : std::as_const(m_subscriptions))
        subscription->m_sub = 0;
    setState(State::Reconnecting);
    Q_EMIT trouble(why);
    if (m_state == State::Reconnecting)
        m_pause.start(0);
}

void RemoteClient::learnAddresses()
{
    m_connection->call(
        QStringLiteral("node.list"), {}, 10'000,
        [self = QPointer<RemoteClient>(this)](const Result<QCborMap> &answer) {
            if (!self || !answer)
                return;
            const auto nodes = codec::listFromCbor<Node>(*answer, QStringLiteral("items"));
            if (!nodes)
                return;
            const qsizetype before = self->m_addresses.size();
            for (const Node &node : *nodes) {
                const bool known = std::any_of(
                    self->m_addresses.cbegin(), self->m_addresses.cend(), [&](const QString &a) {
                        return splitAddress(a) == splitAddress(node.address);
                    });
                if (!known && !node.address.isEmpty())
                    self->m_addresses.append(node.address);
            }
            if (self->m_addresses.size() != before)
                Q_EMIT self->addressesLearnt(self->m_addresses);
        });
}

void RemoteClient::routeFrame(const QCborMap &frame)
{
    if (RemoteSubscription *const to = m_bySub.value(frame.value(QLatin1String("sub")).toInteger()))
        to->take(frame);
}

void RemoteClient::start(RemoteSubscription &subscription)
{
    subscription.m_rows.clear();
    subscription.m_removed.clear();
    m_connection->call(
        QStringLiteral("subscribe"), subscription.request(), 10'000,
        [self = QPointer<RemoteClient>(this),
         to = QPointer<RemoteSubscription>(&subscription)](const Result<QCborMap> &answer) {
            if (!self)
                return;
            if (!to) {
                // Nobody wants it any more, but the agent has begun.
                if (answer && self->m_connection)
                    self->m_connection->call(
                        QStringLiteral("unsubscribe"),
                        {{QStringLiteral("sub"), answer->value(QLatin1String("sub"))}}, 0, {});
                return;
            }
            if (!answer) {
                // Lost connections are made up for; what the agent refuses is refused for good.
                if (answer.error().code != code::unknownOutcome)
                    Q_EMIT to->failed(answer.error());
                return;
            }
            to->m_sub = answer->value(QLatin1String("sub")).toInteger();
            to->m_newEpoch = answer->value(QLatin1String("epoch")).toString();
            self->m_bySub.insert(to->m_sub, to);
        });
}

QFuture<Result<QCborMap>>
RemoteClient::call(const QString &method, const QCborMap &params, const CallOptions &options)
{
    if (!m_connection)
        return answered(fail(code::unreachable, QStringLiteral("Not connected to a cluster.")));
    const auto promise = std::make_shared<QPromise<Result<QCborMap>>>();
    promise->start();
    const QFuture<Result<QCborMap>> future = promise->future();
    const auto settle = [promise](const Result<QCborMap> &result) {
        promise->addResult(result);
        promise->finish();
    };
    const qint64 id =
        m_connection->call(method, params, options.deadlineMs, settle, routed(options));
    auto *const watcher = new QFutureWatcher<Result<QCborMap>>(this);
    connect(
        watcher, &QFutureWatcherBase::canceled, this,
        [id, connection = QPointer<rpc::Connection>(m_connection.get())] {
            if (connection)
                connection->cancel(id);
        });
    connect(watcher, &QFutureWatcherBase::finished, watcher, &QObject::deleteLater);
    watcher->setFuture(future);
    return future;
}

std::unique_ptr<Subscription>
RemoteClient::subscribe(const QString &collection, const QCborMap &params)
{
    auto subscription = std::make_unique<RemoteSubscription>(*this, collection, params);
    if (m_connection)
        start(*subscription);
    return subscription;
}

std::unique_ptr<ByteStream>
RemoteClient::open(const QString &method, const QCborMap &params, const CallOptions &options)
{
    if (!m_connection)
        return std::make_unique<RemoteStream>(nullptr);
    return std::make_unique<RemoteStream>(
        m_connection->open(method, params, options.deadlineMs, {}, routed(options)));
}

} // namespace qd::session
