// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/fleet/store_mirror.h"
#include "agent/fleet/unit_backend.h"
#include "shared/base/clock.h"

namespace qd::fleet {

/// The agent of this machine: gives the unit engine what is scheduled here, takes away what is not,
/// and reports how the units fare (F5, F72, F74). It never starts a process itself.
class FleetAgent : public QObject {
    Q_OBJECT
public:
    struct Setup {
        QString machineId;
        int ttlSeconds = 30; ///< of states and heartbeats
        int roundMs = 5'000;
        int sampleMs = 1'000;
    };
    FleetAgent(
        Setup setup, store::StoreClient &store, StoreMirror &mirror, UnitBackend &backend,
        const Clock &clock, QObject *parent = nullptr);

    void start();
    /// The machine counts as lost: stops what runs, starts nothing (the split-brain rule).
    void fence();
    /// The machine is there again, as of this index of the store.
    void unfence();
    bool isFenced() const { return m_fenced; }
    /// Unloads everything, on a shutdown that is meant (F83); `done` when nothing runs any more.
    void handOver(std::function<void()> done);
    bool has(const QString &unit) const { return m_found.contains(unit); }

private:
    struct Outcome {
        StartOutcome start;
        qint64 fromSample = 0; ///< the first look that shows the unit as the start has left it
    };
    struct Published {
        QByteArray document;
        qint64 atMs = 0;
    };
    void connectionChanged(bool connected);
    void adopt();
    void adopted(const QMap<QString, QString> &hashes, const QMap<QString, BackendState> &states);
    void wake();
    void startRefused(const QString &unit, const Error &why);
    void startEnded(const QString &unit, const QString &result);
    /// The look tells that the start is over, without a run: what no job's end has told.
    void noticeNoRun(const QString &unit, qint64 number, const BackendState &state);
    void keepOutcome(const QString &unit, const StartOutcome &outcome);
    /// What the last start has come to, as far as this look at the unit can tell.
    StartOutcome outcomeOf(const QString &unit, qint64 number, const BackendState &state) const;
    void complain(const QString &unit, const Error &why);
    void round();
    void runNext();
    void run(const AgentTask &task, UnitBackend::Done done);
    void loadUnit(const QString &unit, UnitBackend::Done done);
    void stopUnit(const QString &unit, UnitBackend::Done done);
    void stopAll();
    void startUnit(const QString &unit, UnitBackend::Done done);
    void beginUnload(const QString &unit, UnitBackend::Done done);
    void finishUnload(const QString &unit);
    void sample();
    void sampled(qint64 number, const QMap<QString, BackendState> &states);
    void publish(qint64 number, const QMap<QString, BackendState> &states);
    void renew(const QString &key, const QByteArray &value);
    void forget(const QString &unit);
    qint64 renewalMs() const;
    const Keys &keys() const { return m_mirror.state().keys(); }

    Setup m_setup;
    store::StoreClient &m_store;
    StoreMirror &m_mirror;
    UnitBackend &m_backend;
    const Clock &m_clock;
    QTimer m_roundTimer;
    QTimer m_sampleTimer;
    QTimer m_soon;
    QMap<QString, FoundUnit> m_found;
    QMap<QString, qint64>
        m_endsAfter; ///< unit that unloads -> the first look that can tell its end
    QMap<QString, qint64> m_startedAfter; ///< unit that was started -> likewise, its beginning
    QMap<QString, Outcome> m_outcomes;
    QMap<QString, QString> m_runBefore;  ///< unit that was started -> its invocation id before
    QMap<QString, QString> m_runs;       ///< invocation ids as of the last look
    QMap<QString, QString> m_complaints; ///< what was last logged of a unit's tasks
    QSet<QString> m_removing;            ///< its files are being taken away
    QList<AgentTask> m_tasks;
    QMap<QString, Published> m_published; ///< by key
    QSet<QString> m_inFlight;             ///< keys that are being written
    std::function<void()> m_handedOver;
    bool m_leaving = false; ///< hands over, and takes nothing any more
    qint64 m_sampleNumber = 0;
    bool m_adopted = false;
    bool m_adopting = false;
    bool m_working = false;
    bool m_again = false;
    bool m_stale = false; ///< unit files changed since the engine last read them
    bool m_fenced = true; ///< until the machine is there
    bool m_lost = false;  ///< it was, or should have been, and is no longer
    bool m_sampling = false;
};

} // namespace qd::fleet
