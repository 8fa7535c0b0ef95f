// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/rpc/connection.h"

#include "shared/base/log.h"
#include "shared/codec/error_codec.h"

#include <QCoreApplication>

namespace qd::rpc {
namespace {

/// More than this in the socket: chunks and pages wait, so that a call's answer soon has its turn.
constexpr qint64 kSocketHigh = 128 * 1024;

Error lost(const QString &method)
{
    return Error{
        code::unknownOutcome,
        QStringLiteral("The connection was lost before %1 was answered.").arg(method),
        {},
        nullptr};
}

} // namespace

Connection::Connection(std::unique_ptr<QSslSocket> socket, const Limits &limits, QObject *parent)
    : QObject(parent)
    , m_socket(std::move(socket))
    , m_limits(limits)
    , m_reader(limits.frameBytes)
{
    m_socket->setParent(nullptr);
    m_socket->setSocketOption(QAbstractSocket::LowDelayOption, 1);
    connect(m_socket.get(), &QSslSocket::readyRead, this, &Connection::readFrames);
    connect(m_socket.get(), &QSslSocket::encryptedBytesWritten, this, &Connection::pumpSoon);
    connect(m_socket.get(), &QSslSocket::disconnected, this, [this] {
        close({code::unreachable, QStringLiteral("The peer closed the connection."), {}, nullptr});
    });
    connect(m_socket.get(), &QSslSocket::errorOccurred, this, [this] {
        close({code::unreachable, m_socket->errorString(), {}, nullptr});
    });
    m_heard.start();
    m_beat.setInterval(m_limits.pingMs);
    connect(&m_beat, &QTimer::timeout, this, &Connection::beat);
    m_beat.start();
    // What came with the handshake's last bytes raised no signal that we have seen.
    QMetaObject::invokeMethod(this, &Connection::readFrames, Qt::QueuedConnection);
}

Connection::~Connection()
{
    close({code::cancelled, QStringLiteral("The connection was closed here."), {}, nullptr});
}

qint64 Connection::call(
    const QString &method, const QCborMap &params, int deadlineMs, Answer done,
    const QCborMap &extra)
{
    const qint64 id = m_nextId++;
    Pending pending{std::move(done), nullptr, method};
    if (!m_open) {
        QMetaObject::invokeMethod(
            this,
            [done = std::move(pending.done)] {
                if (done)
                    done(fail(code::unreachable, QStringLiteral("The connection is closed.")));
            },
            Qt::QueuedConnection);
        return id;
    }
    QCborMap frame = extra;
    frame.insert(QStringLiteral("id"), id);
    frame.insert(QStringLiteral("method"), method);
    frame.insert(QStringLiteral("params"), params);
    if (deadlineMs > 0) {
        frame.insert(QStringLiteral("deadline"), deadlineMs);
        pending.deadline = new QTimer(this);
        pending.deadline->setSingleShot(true);
        connect(pending.deadline, &QTimer::timeout, this, [this, id, method, deadlineMs] {
            send({{QStringLiteral("cancel"), id}});
            settle(
                id, fail(
                        code::deadline, QStringLiteral("%1 was not answered within %2 ms.")
                                            .arg(method)
                                            .arg(deadlineMs)));
        });
        pending.deadline->start(deadlineMs);
    }
    m_pending.insert(id, std::move(pending));
    const QByteArray encoded = encodeFrame(frame);
    if (encoded.size() - 4 > m_limits.frameBytes)
        QMetaObject::invokeMethod(
            this,
            [this, id, method] {
                settle(
                    id, fail(
                            code::limit,
                            QStringLiteral("The request %1 is larger than a frame.").arg(method)));
            },
            Qt::QueuedConnection);
    else
        sendEncoded(encoded);
    return id;
}

void Connection::cancel(qint64 id)
{
    if (!m_pending.contains(id))
        return;
    send({{QStringLiteral("cancel"), id}});
    settle(id, fail(code::cancelled, QStringLiteral("The call was cancelled.")));
}

std::shared_ptr<Stream> Connection::makeStream(qint64 id)
{
    auto stream = std::make_shared<Stream>(*this, id, m_limits.streamCredit);
    m_streams.insert(id, stream.get());
    return stream;
}

std::shared_ptr<Stream> Connection::open(
    const QString &method, const QCborMap &params, int deadlineMs, Answer answered,
    const QCborMap &extra)
{
    auto stream = makeStream(m_nextId);
    const QPointer<Stream> watched(stream.get());
    call(
        method, params, deadlineMs,
        [watched, answered = std::move(answered)](const Result<QCborMap> &result) {
            if (answered)
                answered(result);
            if (!result && watched)
                watched->finish(result.error());
        },
        extra);
    return stream;
}

std::shared_ptr<Stream> Connection::acceptStream(qint64 id)
{
    return makeStream(id);
}

void Connection::send(const QCborMap &frame)
{
    sendEncoded(encodeFrame(frame));
}

void Connection::sendEncoded(const QByteArray &frame)
{
    if (m_open)
        m_socket->write(frame);
}

void Connection::pumpSoon()
{
    if (m_pumpQueued || !m_open)
        return;
    m_pumpQueued = true;
    QMetaObject::invokeMethod(this, &Connection::pump, Qt::QueuedConnection);
}

void Connection::pump()
{
    m_pumpQueued = false;
    const auto room = [this] {
        return m_open && m_socket->bytesToWrite() + m_socket->encryptedBytesToWrite() < kSocketHigh;
    };
    // One round a turn: the producer one page, each stream one chunk; who had no room is first
    // next.
    for (bool busy = true; busy && room();) {
        busy = m_producer && m_producer();
        QList<qint64> ids = m_streams.keys();
        const auto next = std::upper_bound(ids.begin(), ids.end(), m_lastStream);
        std::rotate(ids.begin(), next, ids.end());
        for (const qint64 id : std::as_const(ids)) {
            if (!room())
                break;
            Stream *const stream = m_streams.value(id);
            m_lastStream = id;
            busy = (stream && stream->pump()) || busy;
        }
    }
}

void Connection::readFrames()
{
    if (!m_open)
        return;
    m_heard.restart();
    m_reader.feed(m_socket->readAll());
    const QPointer<Connection> self(this);
    while (self && m_open) {
        const auto frame = m_reader.next();
        if (!frame) {
            close(frame.error());
            return;
        }
        if (!frame->has_value())
            return;
        const bool good = handle(**frame);
        if (self && !good)
            close({code::corrupt, QStringLiteral("The peer broke the protocol."), {}, nullptr});
    }
}

bool Connection::handle(const QCborMap &frame)
{
    const auto integer = [&frame](QLatin1String key) {
        const QCborValue value = frame.value(key);
        return value.isInteger() ? std::optional<qint64>(value.toInteger()) : std::nullopt;
    };
    if (const auto ping = integer(QLatin1String("ping"))) {
        send({{QStringLiteral("pong"), *ping}});
        return true;
    }
    if (frame.contains(QLatin1String("pong")))
        return true;
    if (const auto stream = integer(QLatin1String("stream"))) {
        Stream *const to = m_streams.value(*stream);
        return !to || to->take(frame); // a frame for one that is just gone is no fault
    }
    const auto id = integer(QLatin1String("id"));
    if (id && frame.value(QLatin1String("result")).isMap()) {
        settle(*id, frame.value(QLatin1String("result")).toMap());
        return true;
    }
    if (id && frame.value(QLatin1String("error")).isMap()) {
        settle(*id, fail(codec::errorFromCbor(frame.value(QLatin1String("error")).toMap())));
        return true;
    }
    return m_incoming && m_incoming(frame);
}

void Connection::settle(qint64 id, Result<QCborMap> result)
{
    const auto it = m_pending.find(id);
    if (it == m_pending.end())
        return;
    const Pending pending = std::move(it.value());
    m_pending.erase(it);
    if (pending.deadline)
        pending.deadline->deleteLater();
    if (pending.done)
        pending.done(std::move(result));
}

void Connection::beat()
{
    if (m_heard.elapsed() >= m_limits.deadMs) {
        close(
            {code::unreachable,
             QStringLiteral("Nothing was heard from the peer for %1 ms.").arg(m_heard.elapsed()),
             {},
             nullptr});
        return;
    }
    send({{QStringLiteral("ping"), m_heard.msecsSinceReference()}});
}

void Connection::close(const Error &why)
{
    if (!m_open)
        return;
    m_open = false;
    m_beat.stop();
    m_socket->disconnect(this);
    m_socket->disconnectFromHost(); // after what waits to be written
    if (m_socket->state() != QAbstractSocket::UnconnectedState) {
        QSslSocket *const socket = m_socket.release();
        socket->setParent(QCoreApplication::instance()); // who ends before it has closed
        connect(socket, &QSslSocket::disconnected, socket, &QObject::deleteLater);
        QTimer::singleShot(2'000, socket, &QObject::deleteLater);
        m_socket = std::make_unique<QSslSocket>();
    }
    const QHash<qint64, Pending> pending = std::exchange(m_pending, {});
    for (const Pending &each : pending) {
        if (each.deadline)
            each.deadline->deleteLater();
        if (each.done)
            each.done(fail(lost(each.method).with(QStringLiteral("why"), why.message)));
    }
    const QList<qint64> streams = m_streams.keys();
    for (const qint64 id : streams) {
        if (Stream *stream = m_streams.value(id))
            stream->finish(why);
    }
    Q_EMIT closed(why);
}

} // namespace qd::rpc
