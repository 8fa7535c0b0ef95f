// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/fleet/engine/documents.h"
#include "agent/store/store_client.h"
#include "shared/base/clock.h"

#include <QObject>
#include <QTimer>

namespace qd::fleet {

/// Says in the store that this machine is there, every half time to live (a quarter of a short one,
/// which an election must not use up), and knows when the others may think that it is not (F67,
/// F73; the split-brain rule).
class Presence : public QObject {
    Q_OBJECT
public:
    Presence(
        store::StoreClient &store, const Keys &keys, MachineDocument self, int ttlSeconds,
        const Clock &clock, QObject *parent = nullptr);

    void start();
    /// The machine can take units, or cannot: without a unit engine the key is let run out, so that
    /// an engine which is restarted costs nothing.
    void setAble(bool able);
    bool isThere() const { return m_there; }
    /// The metadata or the address is another now.
    void setSelf(const MachineDocument &self);
    /// Takes the key away at once, on a shutdown that is meant.
    void leave(std::function<void()> done);

Q_SIGNALS:
    /// The store has the key, as of its index.
    void there(quint64 index);
    /// The key's time is nearly over, and it could not be renewed: others will take the units. Also
    /// when it could not be made for so long after the start.
    void lost();

private:
    void tick();
    void beat();
    qint64 ttlMs() const { return qint64(m_ttl) * 1000; }
    qint64 renewalMs() const { return m_ttl <= 10 ? ttlMs() / 4 : ttlMs() / 2; }
    /// So much before the others can act, the units here begin to stop.
    qint64 fenceMs() const { return ttlMs() - std::min<qint64>(1'000, ttlMs() / 10); }

    store::StoreClient &m_store;
    Keys m_keys;
    MachineDocument m_self;
    int m_ttl;
    const Clock &m_clock;
    QTimer m_timer;
    QByteArray m_written; ///< what the key says
    bool m_able = true;
    bool m_there = false;
    bool m_left = false;
    bool m_inFlight = false;
    bool m_failed = false; ///< an attempt since the last success has failed
    qint64 m_sentMs = 0;   ///< of the latest attempt
    bool m_saidLost = false;
    qint64 m_validFromMs = 0; ///< when the latest success was sent; at first, the start
};

} // namespace qd::fleet
