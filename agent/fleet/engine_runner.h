// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/fleet/store_mirror.h"
#include "shared/base/clock.h"

namespace qd::fleet {

/// How machines are called, by id; lost ones too.
using MachineNames = std::function<QMap<QString, QString>()>;

/// The engine of this node: holds the lease when it can, and while it does, carries out the rounds
/// of reconcile() (F71, F72).
class EngineRunner : public QObject {
    Q_OBJECT
public:
    struct Setup {
        QString machineId;
        int intervalMs = 2'000;
        int leaseSeconds = 10;
        /// How long after its start the engine believes in machines that it has not seen yet: after
        /// a power cut of all, the first one up must not take everything.
        int graceMs = 30'000;
    };
    EngineRunner(
        Setup setup, store::StoreClient &store, StoreMirror &mirror, const Clock &clock,
        MachineNames names, QObject *parent = nullptr);

    void start();
    /// Gives the lease back.
    void stop();
    bool leads() const { return m_clock.monotonicMs() < m_leadsUntilMs; }

private:
    void tick();
    void claim();
    void claimed(const Result<store::Event> &event, qint64 sentMs);
    void round();
    ClusterView view() const;
    void writeTargets(const QList<TargetWrite> &writes);
    void writeTarget(QList<TargetWrite> ofOneUnit);
    void writeReasons(const EngineRound &round);
    void send(const store::WriteRequest &request, std::function<void(bool)> then = {});

    Setup m_setup;
    store::StoreClient &m_store;
    StoreMirror &m_mirror;
    const Clock &m_clock;
    MachineNames m_names;
    QTimer m_timer;
    QTimer m_graceOver;
    QSet<QString> m_seen; ///< machines that have been there since the start
    qint64 m_startedMs = 0;
    qint64 m_leadsUntilMs = 0;
    quint64 m_leaseIndex = 0;
    bool m_claiming = false;
    bool m_stopped = false;
    int m_inFlight = 0;
    bool m_failed = false;      ///< a write of this round
    quint64 m_writtenIndex = 0; ///< the mirror must have seen this before the next round
};

} // namespace qd::fleet
