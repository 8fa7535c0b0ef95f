// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/peer/link.h"

#include "shared/base/log.h"
#include "shared/security/verify.h"

namespace qd::peer {

namespace {
constexpr int kMaxBackOffMs = 1'000;
constexpr int kDialMs = 3'000;
constexpr qint64 kMaxWaiting = 16 * 1024 * 1024;
constexpr qint64 kShipAhead = 256 * 1024;
constexpr qsizetype kPiece = 64 * 1024;
/// Of a shipment of which nothing arrives: consensus tries again.
constexpr int kStalledMs = 10'000;
} // namespace

Link::Link(
    const security::Credentials &credentials, const QList<Address> &addresses, Framed framed,
    Heard heard)
    : m_credentials(credentials)
    , m_addresses(addresses)
    , m_framed(std::move(framed))
    , m_heard(std::move(heard))
{
    m_retry.setSingleShot(true);
    m_stalled.setSingleShot(true);
    m_stalled.setInterval(kStalledMs);
    connect(&m_stalled, &QTimer::timeout, this, [this] { endShipping(false); });
    connect(&m_retry, &QTimer::timeout, this, &Link::dial);
    m_dialling.setSingleShot(true);
    m_dialling.setInterval(kDialMs);
    connect(&m_dialling, &QTimer::timeout, this, [this] {
        hangUp();
        lost();
    });
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
    endShipping(false);
}

void Link::dial()
{
    m_socket.abort();
    m_buffer.clear();
    m_socket.setSslConfiguration(security::clientTls(m_credentials, security::alpnRaft));
    m_socket.connectToHostEncrypted(address().host, address().port);
    m_dialling.start();
}

void Link::setAddresses(const QList<Address> &addresses)
{
    if (addresses == m_addresses)
        return;
    const qsizetype at = addresses.indexOf(address());
    m_addresses = addresses;
    m_at = at >= 0 ? at : addresses.size() - 1; // after it, the first is next
    if (at >= 0)
        return;
    m_backOffMs = 50;
    m_retry.stop();
    hangUp();
    lost();
}

/// Without hearing of it.
void Link::hangUp()
{
    const QSignalBlocker quiet(m_socket);
    m_socket.abort();
}

void Link::encrypted()
{
    const auto node = security::verifyNode(m_socket.peerCertificate(), m_credentials.authority);
    if (!node) {
        qCWarning(lcPeer).noquote()
            << "member at" << address().host << address().port
            << "refused:" << node.error().detail.value(QStringLiteral("reason"))
            << node.error().message;
        m_told = true;
        m_socket.abort();
        return lost();
    }
    m_socket.setSocketOption(QAbstractSocket::LowDelayOption, 1);
    m_dialling.stop();
    m_up = true;
    m_told = false;
    m_backOffMs = 50;
    qCInfo(lcPeer).noquote() << "connected to" << node->text() << "at" << address().host;
    offer();
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
        if ((*frame)->type == kSnapshotHave)
            onHave(**frame);
        else
            m_heard(**frame);
    }
}

void Link::lost()
{
    if (m_retry.isActive())
        return;
    m_dialling.stop();
    m_retry.start(m_backOffMs);
    m_backOffMs = std::min(m_backOffMs * 2, kMaxBackOffMs);
    if (!m_told)
        qCInfo(lcPeer).noquote() << "no connection to" << address().host << address().port << ":"
                                 << m_socket.errorString();
    m_told = true;
    m_up = false;
    m_at = (m_at + 1) % m_addresses.size();
    if (m_shipping)
        m_shipping->agreed = false; // offered again on the next connection
}

void Link::send(const QByteArray &frame)
{
    if (m_up && m_socket.bytesToWrite() + m_socket.encryptedBytesToWrite() < kMaxWaiting)
        m_socket.write(frame);
}

void Link::ship(const SnapshotOffer &offer, const QByteArray &state, std::function<void(bool)> done)
{
    m_shipping = Shipping{offer, state, std::move(done)};
    m_stalled.start();
    this->offer();
}

void Link::endShipping(bool whole)
{
    m_stalled.stop();
    if (m_shipping)
        std::exchange(m_shipping, std::nullopt)->done(whole);
}

std::optional<store::Shipment> Link::shipment() const
{
    if (!m_shipping)
        return std::nullopt;
    return store::Shipment{qint64(m_shipping->arrived), qint64(m_shipping->offer.size)};
}

void Link::offer()
{
    if (m_up && m_shipping)
        m_socket.write(m_framed(kSnapshotOffer, encode(m_shipping->offer)));
}

void Link::onHave(const Frame &frame)
{
    const auto have = decodeHave(frame.payload);
    if (!have || !m_shipping || have->index != m_shipping->offer.message.snapshot.index ||
        have->offset > m_shipping->offer.size)
        return;
    if (have->offset > m_shipping->arrived)
        m_stalled.start();
    m_shipping->arrived = have->offset;
    if (!m_shipping->agreed) {
        m_shipping->agreed = true;
        m_shipping->sent = have->offset;
    }
    if (have->offset == m_shipping->offer.size)
        return endShipping(true);
    pour();
}

void Link::pour()
{
    while (m_up && m_shipping && m_shipping->agreed && m_shipping->sent < m_shipping->offer.size &&
           m_socket.bytesToWrite() + m_socket.encryptedBytesToWrite() < kShipAhead) {
        m_socket.write(
            m_framed(kSnapshotPiece, encodeChunk(m_shipping->state, m_shipping->sent, kPiece)));
        m_shipping->sent = std::min(m_shipping->sent + kPiece, m_shipping->offer.size);
    }
}

} // namespace qd::peer
