// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/peer/link.h"

#include "shared/base/log.h"
#include "shared/security/verify.h"

namespace qd::peer {

namespace {
constexpr int kMaxBackOffMs = 1'000;
constexpr qint64 kMaxWaiting = 16 * 1024 * 1024;
constexpr qint64 kShipAhead = 256 * 1024;
} // namespace

Link::Link(const security::Credentials &credentials, const Address &address, Heard heard)
    : m_credentials(credentials)
    , m_address(address)
    , m_heard(std::move(heard))
{
    m_retry.setSingleShot(true);
    connect(&m_retry, &QTimer::timeout, this, &Link::dial);
    connect(&m_socket, &QSslSocket::encrypted, this, &Link::encrypted);
    connect(&m_socket, &QSslSocket::errorOccurred, this, &Link::lost);
    connect(&m_socket, &QSslSocket::disconnected, this, &Link::lost);
    connect(&m_socket, &QSslSocket::encryptedBytesWritten, this, &Link::pour);
    connect(&m_socket, &QSslSocket::readyRead, this, &Link::listen);
    dial();
}

Link::~Link()
{
    m_socket.disconnect();
    for (const Shipment &shipment : m_shipments)
        shipment.done(false);
}

void Link::dial()
{
    m_socket.abort();
    m_buffer.clear();
    m_socket.setSslConfiguration(security::clientTls(m_credentials, security::alpnRaft));
    m_socket.connectToHostEncrypted(m_address.host, m_address.port);
}

void Link::encrypted()
{
    const auto node = security::verifyNode(m_socket.peerCertificate(), m_credentials.authority);
    if (!node) {
        qCWarning(lcPeer).noquote()
            << "member at" << m_address.host << m_address.port
            << "refused:" << node.error().detail.value(QStringLiteral("reason"))
            << node.error().message;
        m_told = true;
        m_socket.abort();
        return lost();
    }
    m_socket.setSocketOption(QAbstractSocket::LowDelayOption, 1);
    m_up = true;
    m_told = false;
    m_backOffMs = 50;
    qCInfo(lcPeer).noquote() << "connected to" << node->text() << "at" << m_address.host;
    pour();
}

void Link::listen()
{
    m_buffer += m_socket.readAll();
    if (!m_up)
        return; // not before it is known who speaks
    while (true) {
        const auto frame = takeFrame(m_buffer);
        if (!frame)
            return m_socket.abort();
        if (!*frame)
            return;
        m_heard(**frame);
    }
}

void Link::lost()
{
    if (m_retry.isActive())
        return;
    m_retry.start(m_backOffMs);
    m_backOffMs = std::min(m_backOffMs * 2, kMaxBackOffMs);
    if (!m_told)
        qCInfo(lcPeer).noquote() << "no connection to" << m_address.host << m_address.port << ":"
                                 << m_socket.errorString();
    m_told = true;
    m_up = false;
    const auto shipments = std::exchange(m_shipments, {});
    for (const Shipment &shipment : shipments)
        shipment.done(false);
}

void Link::send(const QByteArray &frame)
{
    if (m_up && m_socket.bytesToWrite() + m_socket.encryptedBytesToWrite() < kMaxWaiting)
        m_socket.write(frame);
}

void Link::ship(std::deque<QByteArray> chunks, std::function<void(bool)> done)
{
    m_shipments.push_back({std::move(chunks), std::move(done)});
    // Not from inside this call: `done` may come at once.
    QMetaObject::invokeMethod(
        this,
        [this] {
            if (m_up)
                return pour();
            const auto shipments = std::exchange(m_shipments, {});
            for (const Shipment &shipment : shipments)
                shipment.done(false);
        },
        Qt::QueuedConnection);
}

void Link::pour()
{
    while (m_up && !m_shipments.empty() &&
           m_socket.bytesToWrite() + m_socket.encryptedBytesToWrite() < kShipAhead) {
        Shipment &first = m_shipments.front();
        if (!first.chunks.empty()) {
            m_socket.write(first.chunks.front());
            first.chunks.pop_front();
            continue;
        }
        const auto done = std::move(first.done);
        m_shipments.pop_front();
        done(true);
    }
}

} // namespace qd::peer
