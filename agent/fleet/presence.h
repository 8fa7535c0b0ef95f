// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/fleet/engine/documents.h"
#include "agent/store/store_client.h"
#include "shared/base/clock.h"

#include <QObject>
#include <QTimer>

namespace qd::fleet {

/// Says in the store that this machine is there, every half time to live, and knows when the others
/// must think that it is not (F67, F73; the split-brain rule).
class Presence : public QObject {
    Q_OBJECT
public:
    Presence(
        store::StoreClient &store, const Keys &keys, MachineDocument self, int ttlSeconds,
        const Clock &clock, QObject *parent = nullptr);

    void start();
    bool isThere() const { return m_there; }
    /// The metadata or the address is another now.
    void setSelf(const MachineDocument &self);
    /// Takes the key away at once, on a shutdown that is meant.
    void leave(std::function<void()> done);

Q_SIGNALS:
    /// The store has the key, as of its index.
    void there(quint64 index);
    /// The key's time is over, and it could not be renewed: others may have taken the units.
    void lost();

private:
    void tick();
    void beat();

    store::StoreClient &m_store;
    Keys m_keys;
    MachineDocument m_self;
    int m_ttl;
    const Clock &m_clock;
    QTimer m_timer;
    bool m_there = false;
    bool m_left = false;
    bool m_inFlight = false;
    bool m_failed = false;    ///< an attempt since the last success has failed
    qint64 m_sentMs = 0;      ///< of the latest attempt
    qint64 m_validFromMs = 0; ///< when the latest success was sent
};

} // namespace qd::fleet
