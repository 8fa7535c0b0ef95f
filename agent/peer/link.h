// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/peer/frame.h"
#include "agent/peer/snapshot_frames.h"
#include "agent/store/replica/peer_transport.h"
#include "shared/security/tls.h"

#include <QSslSocket>
#include <QTimer>
#include <functional>
#include <optional>

namespace qd::peer {

struct Address {
    QString host;
    quint16 port = 0;
    bool operator==(const Address &) const = default;
};

/// The way out to one member: dials its addresses in turn, with back-off up to a second, and ships
/// snapshots
/// in pieces between which other frames pass; after a lost connection where the other side says.
/// The other side has a way out of its own; only one that does not know where this member is
/// answers here.
class Link final : public QObject {
    Q_OBJECT
public:
    using Heard = std::function<void(const Frame &)>;
    using Framed = std::function<QByteArray(quint8 type, const QByteArray &payload)>;
    /// `framed` addresses a payload to the member at the other end.
    Link(
        const security::Credentials &credentials, const QList<Address> &addresses, Framed framed,
        Heard heard);
    ~Link() override;

    /// Dropped when there is no connection or too much waits: consensus sends again.
    void send(const QByteArray &frame);
    /// `done` once: whether it is whole there; it is not when nothing of it arrives for a while. A
    /// later snapshot takes the place of an earlier one, of which nothing is said any more.
    void ship(const SnapshotOffer &offer, const QByteArray &state, std::function<void(bool)> done);
    std::optional<store::Shipment> shipment() const;
    /// Where it is from now on. A connection to a place that is still among them goes on.
    void setAddresses(const QList<Address> &addresses);

private:
    struct Shipping {
        SnapshotOffer offer;
        QByteArray state;
        std::function<void(bool)> done;
        bool agreed = false; ///< the other side has said on this connection where to go on
        quint64 sent = 0;
        quint64 arrived = 0;
    };
    void offer();
    void onHave(const Frame &frame);
    void endShipping(bool whole);
    void dial();
    void lost();
    void hangUp();
    const Address &address() const { return m_addresses[m_at]; }
    void encrypted();
    void listen();
    void pour();

    security::Credentials m_credentials;
    QList<Address> m_addresses; ///< not empty
    qsizetype m_at = 0;         ///< the one that is dialled, or connected
    Framed m_framed;
    Heard m_heard;
    QByteArray m_buffer;
    QSslSocket m_socket;
    QTimer m_retry;
    QTimer m_dialling; ///< a place that does not even refuse must not hold up the others
    int m_backOffMs = 50;
    bool m_up = false;
    bool m_told = false;
    std::optional<Shipping> m_shipping;
    QTimer m_stalled;
};

} // namespace qd::peer
