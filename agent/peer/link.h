// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/peer/frame.h"
#include "shared/security/tls.h"

#include <QSslSocket>
#include <QTimer>
#include <deque>
#include <functional>

namespace qd::peer {

struct Address {
    QString host;
    quint16 port = 0;
    bool operator==(const Address &) const = default;
};

/// The way out to one member: dials, dials again with back-off up to a second, and ships snapshots
/// in chunks between which other frames pass. The other side has a way out of its own; only one
/// that does not know where this member is answers here.
class Link final : public QObject {
    Q_OBJECT
public:
    using Heard = std::function<void(const Frame &)>;
    Link(const security::Credentials &credentials, const Address &address, Heard heard);
    ~Link() override;

    /// Dropped when there is no connection or too much waits: consensus sends again.
    void send(const QByteArray &frame);
    /// `chunks` are whole frames.
    void ship(std::deque<QByteArray> chunks, std::function<void(bool)> done);
    const Address &address() const { return m_address; }

private:
    struct Shipment {
        std::deque<QByteArray> chunks;
        std::function<void(bool)> done;
    };
    void dial();
    void lost();
    void encrypted();
    void listen();
    void pour();

    security::Credentials m_credentials;
    Address m_address;
    Heard m_heard;
    QByteArray m_buffer;
    QSslSocket m_socket;
    QTimer m_retry;
    int m_backOffMs = 50;
    bool m_up = false;
    bool m_told = false;
    std::deque<Shipment> m_shipments;
};

} // namespace qd::peer
