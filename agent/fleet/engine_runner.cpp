// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/fleet/engine_runner.h"

#include "shared/base/log.h"

#include <QPointer>

namespace qd::fleet {

namespace {
constexpr int kVersion = 1;
}

EngineRunner::EngineRunner(
    Setup setup, store::StoreClient &store, StoreMirror &mirror, const Clock &clock,
    MachineNames names, QObject *parent)
    : QObject(parent)
    , m_setup(std::move(setup))
    , m_store(store)
    , m_mirror(mirror)
    , m_clock(clock)
    , m_names(std::move(names))
{
    m_timer.setInterval(m_setup.intervalMs);
    connect(&m_timer, &QTimer::timeout, this, &EngineRunner::tick);
    m_graceOver.setSingleShot(true);
    connect(&m_graceOver, &QTimer::timeout, this, &EngineRunner::round);
    connect(&m_mirror, &StoreMirror::changed, this, [this](bool decisive) {
        if (!decisive)
            return;
        for (const MachineDocument &machine : m_mirror.state().machines())
            m_seen.insert(machine.id);
        if (!leads() && !m_mirror.state().lease())
            claim(); // it has run out: do not wait for the next tick
        round();
    });
}

void EngineRunner::start()
{
    m_startedMs = m_clock.monotonicMs();
    m_timer.start();
    m_graceOver.start(m_setup.graceMs);
    store::WriteRequest version =
        putRequest(m_mirror.state().keys().engineVersion(), QByteArray::number(kVersion));
    version.prevExist = false;
    m_store.write(version, [](const Result<store::Event> &) {});
    tick();
}

void EngineRunner::stop()
{
    m_stopped = true;
    m_timer.stop();
    m_graceOver.stop();
    if (!leads())
        return;
    m_leadsUntilMs = 0;
    store::WriteRequest request = deleteRequest(m_mirror.state().keys().lease());
    request.prevIndex = m_leaseIndex;
    m_store.write(request, [](const Result<store::Event> &) {});
}

void EngineRunner::tick()
{
    claim();
    round();
}

void EngineRunner::claim()
{
    if (m_claiming || m_stopped || !m_mirror.isReady())
        return;
    const QString key = m_mirror.state().keys().lease();
    store::WriteRequest request =
        putRequest(key, encode(LeaseDocument{m_setup.machineId, kVersion}), m_setup.leaseSeconds);
    const auto held = m_store.getLocal(store::GetRequest{key, false, false, false});
    if (held) {
        const LeaseDocument lease = readLease(held->node.value);
        // Our own of before a restart is ours; an older engine's is taken over.
        if (lease.machineId != m_setup.machineId && lease.version >= kVersion)
            return;
        request.prevIndex = held->node.modifiedIndex;
    } else {
        request.prevExist = false;
    }
    m_claiming = true;
    const qint64 sent = m_clock.monotonicMs();
    const QPointer<EngineRunner> self(this);
    m_store.write(request, [self, sent](const Result<store::Event> &event) {
        if (self)
            self->claimed(event, sent);
    });
}

void EngineRunner::claimed(const Result<store::Event> &event, qint64 sentMs)
{
    m_claiming = false;
    if (!event)
        return; // what is left of the time that we hold it runs out by itself
    if (!leads())
        qCInfo(lcFleet) << "this machine's engine leads now";
    m_leaseIndex = event->node.modifiedIndex;
    m_leadsUntilMs = sentMs + qint64(m_setup.leaseSeconds) * 1000;
    round();
}

ClusterView EngineRunner::view() const
{
    ClusterView out = m_mirror.state().view(m_names ? m_names() : QMap<QString, QString>());
    if (m_clock.monotonicMs() - m_startedMs >= m_setup.graceMs)
        return out;
    for (auto it = out.units.begin(); it != out.units.end();) {
        const bool awaited = !it->target.isEmpty() && !m_seen.contains(it->target) &&
                             it->desired != Unit::Target::Inactive;
        it = awaited ? out.units.erase(it) : std::next(it);
    }
    return out;
}

void EngineRunner::round()
{
    if (m_stopped || !leads() || m_inFlight > 0 || m_mirror.index() < m_writtenIndex)
        return; // comes again with the next change or tick
    m_failed = false;
    const EngineRound round = reconcile(view());
    writeTargets(round.writes);
    writeReasons(round);
}

void EngineRunner::writeTargets(const QList<TargetWrite> &writes)
{
    QMap<QString, QList<TargetWrite>> byUnit;
    for (const TargetWrite &write : writes)
        byUnit[write.unit].append(write);
    for (const QList<TargetWrite> &ofOneUnit : byUnit)
        writeTarget(ofOneUnit);
}

void EngineRunner::writeTarget(QList<TargetWrite> ofOneUnit)
{
    const TargetWrite write = ofOneUnit.takeFirst();
    const QString key = m_mirror.state().keys().target(write.unit);
    store::WriteRequest request;
    if (write.kind == TargetWrite::Assign) {
        qCInfo(lcFleet).noquote() << "engine:" << write.unit << "goes to" << write.machine;
        request = putRequest(key, write.machine.toLatin1());
        request.prevExist = false;
    } else {
        qCInfo(lcFleet).noquote() << "engine:" << write.unit << "leaves" << write.machine;
        request = deleteRequest(key);
        request.prevValue = write.machine.toLatin1();
    }
    send(request, [this, rest = std::move(ofOneUnit)](bool ok) {
        if (ok && !rest.isEmpty())
            writeTarget(rest);
    });
}

void EngineRunner::writeReasons(const EngineRound &round)
{
    QMap<QString, QString> assigned;
    for (const TargetWrite &write : round.writes) {
        if (write.kind == TargetWrite::Assign)
            assigned.insert(write.unit, write.machine);
    }
    for (auto it = round.reasons.begin(); it != round.reasons.end(); ++it) {
        const ReasonDocument document{assigned.value(it.key()), it.value()};
        const ClusterState::Job *job = m_mirror.state().job(it.key());
        if (job != nullptr && job->reason != document)
            send(putRequest(m_mirror.state().keys().reason(it.key()), encode(document)));
    }
}

void EngineRunner::send(const store::WriteRequest &request, std::function<void(bool)> then)
{
    ++m_inFlight;
    const QPointer<EngineRunner> self(this);
    m_store.write(request, [self, then = std::move(then)](const Result<store::Event> &event) {
        if (!self)
            return;
        --self->m_inFlight;
        if (event)
            self->m_writtenIndex = std::max(self->m_writtenIndex, event->node.modifiedIndex);
        else
            self->m_failed = true;
        if (!event)
            qCDebug(lcFleet).noquote() << "engine:" << event.error().text();
        if (then)
            then(event.has_value());
        // The mirror has perhaps shown all of it already, while others were on their way. After a
        // failure the next tick tries again.
        if (self->m_inFlight == 0 && !self->m_failed)
            self->m_mirror.whenSeen(self->m_writtenIndex, self, [self] { self->round(); });
    });
}

} // namespace qd::fleet
