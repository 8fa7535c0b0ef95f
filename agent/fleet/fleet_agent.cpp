// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/fleet/fleet_agent.h"

#include "shared/base/log.h"

namespace qd::fleet {

namespace {

bool isAlive(const BackendState &state)
{
    return state.activeState == QLatin1String("active") ||
           state.activeState == QLatin1String("activating") ||
           state.activeState == QLatin1String("reloading") ||
           state.activeState == QLatin1String("deactivating");
}

bool isKnown(const BackendState &state)
{
    return !state.loadState.isEmpty() && state.loadState != QLatin1String("not-found");
}

/// What the end of a start's job means to a person; nothing after one that has run.
QString meaningOf(const QString &result)
{
    static const QMap<QString, QString> sentences{
        {QStringLiteral("canceled"), QStringLiteral("the start was cancelled.")},
        {QStringLiteral("timeout"), QStringLiteral("the start timed out.")},
        {QStringLiteral("failed"), QStringLiteral("the start failed, its log says more.")},
        {QStringLiteral("dependency"), QStringLiteral("a unit that it requires did not start.")},
        {QStringLiteral("assert"),
         QStringLiteral("an assertion in its file (Assert...=) is not met.")},
        {QStringLiteral("unsupported"),
         QStringLiteral("the unit engine cannot start units of this type.")},
        {QStringLiteral("skipped"),
         QStringLiteral("a condition in its file (Condition...=) is not met.")}};
    if (result == QLatin1String("done"))
        return {};
    return sentences.value(result, QStringLiteral("the start's job ended as %1.").arg(result));
}

/// An engine's sentence, as the end of one of ours.
QString fullStop(const QString &sentence)
{
    return sentence.endsWith(u'.') ? sentence : sentence + u'.';
}

} // namespace

FleetAgent::FleetAgent(
    Setup setup, store::StoreClient &store, StoreMirror &mirror, UnitBackend &backend,
    const Clock &clock, QObject *parent)
    : QObject(parent)
    , m_setup(std::move(setup))
    , m_store(store)
    , m_mirror(mirror)
    , m_backend(backend)
    , m_clock(clock)
{
    m_roundTimer.setInterval(m_setup.roundMs);
    m_sampleTimer.setInterval(m_setup.sampleMs);
    m_soon.setSingleShot(true);
    m_soon.setInterval(20);
    connect(&m_roundTimer, &QTimer::timeout, this, &FleetAgent::round);
    connect(&m_sampleTimer, &QTimer::timeout, this, &FleetAgent::sample);
    connect(&m_soon, &QTimer::timeout, this, &FleetAgent::sample);
    connect(&m_backend, &UnitBackend::stirred, &m_soon, qOverload<>(&QTimer::start));
    connect(&m_backend, &UnitBackend::connectionChanged, this, &FleetAgent::connectionChanged);
    connect(&m_backend, &UnitBackend::startEnded, this, &FleetAgent::startEnded);
    connect(&m_mirror, &StoreMirror::changed, this, [this](bool decisive) {
        if (decisive)
            wake();
    });
}

void FleetAgent::start()
{
    m_roundTimer.start();
    m_sampleTimer.start();
    wake();
}

void FleetAgent::connectionChanged(bool connected)
{
    // Another engine perhaps, which may have lost what the one before had: look anew.
    m_adopted = false;
    m_adopting = false;
    m_working = false;
    m_sampling = false;
    m_tasks.clear();
    m_endsAfter.clear();
    m_startedAfter.clear();
    m_outcomes.clear();
    m_runBefore.clear();
    m_runs.clear();
    m_complaints.clear();
    m_removing.clear();
    if (connected)
        wake();
}

/// What is in this machine already, of an agent before this one: it runs on untouched.
void FleetAgent::adopt()
{
    if (m_adopting)
        return;
    m_adopting = true;
    QMap<QString, QString> hashes;
    const auto files = m_backend.files();
    for (auto it = files.begin(); it != files.end(); ++it)
        hashes.insert(it.key(), unitfile::fleetHash(it.value()));
    const QPointer<FleetAgent> self(this);
    m_backend.query(
        hashes.keys(), [self, hashes](const Result<QMap<QString, BackendState>> &states) {
            if (!self || !self->m_adopting)
                return;
            self->m_adopting = false;
            if (states)
                self->adopted(hashes, *states);
            else
                qCWarning(lcFleet).noquote() << "looking for units:" << states.error().text();
        });
}

void FleetAgent::adopted(
    const QMap<QString, QString> &hashes, const QMap<QString, BackendState> &states)
{
    m_found.clear();
    for (auto it = hashes.begin(); it != hashes.end(); ++it) {
        const BackendState state = states.value(it.key());
        if (!isKnown(state))
            continue; // a file that the engine does not know: loaded again if it is wanted
        const ClusterState::Job *job = m_mirror.state().job(it.key());
        // One that has run to its end in this engine's life, on our word, was launched too.
        const bool ended =
            !state.invocationId.isEmpty() && job != nullptr && job->launchedOn == m_setup.machineId;
        const bool launched = isAlive(state) || ended;
        m_found.insert(it.key(), {it.value(), launched, false});
        if (job != nullptr) // what the agent before has told is true still
            m_outcomes.insert(it.key(), {job->states.value(m_setup.machineId).start, 0});
        qCInfo(lcFleet).noquote() << "found" << it.key() << state.activeState << state.subState;
    }
    m_adopted = true;
    if (m_lost)
        stopAll();
    round();
    sample();
}

void FleetAgent::wake()
{
    QTimer::singleShot(0, this, &FleetAgent::round);
}

void FleetAgent::round()
{
    if (!m_backend.isConnected() || !m_mirror.isReady())
        return;
    if (!m_adopted) {
        adopt();
        return;
    }
    if (m_working) {
        m_again = true;
        return;
    }
    if (m_fenced && !m_leaving)
        return;
    const auto wanted =
        m_leaving ? QMap<QString, WantedUnit>() : m_mirror.state().wantedOn(m_setup.machineId);
    for (auto it = m_found.begin(); it != m_found.end(); ++it) {
        if (!it->launched && wanted.value(it.key()).target != Unit::Target::Launched)
            m_outcomes.remove(it.key()); // it is not to be started any more
    }
    m_tasks = agentTasks(wanted, m_found, m_stale);
    m_again = false;
    m_working = true;
    runNext();
}

void FleetAgent::runNext()
{
    if (m_tasks.isEmpty()) {
        m_working = false;
        if (m_handedOver && m_found.isEmpty())
            std::exchange(m_handedOver, {})();
        else if (m_again)
            wake();
        return;
    }
    const AgentTask task = m_tasks.takeFirst();
    const QPointer<FleetAgent> self(this);
    run(task, [self, task](const Result<void> &result) {
        if (!self || !self->m_working)
            return;
        if (result) {
            self->m_complaints.remove(task.unit);
        } else {
            self->complain(task.unit, result.error());
            self->m_again = false; // the next round tries again
            // What one unit cannot have is no reason to keep the others waiting.
            if (task.kind == AgentTask::Reload || result.error().code == code::unreachable)
                self->m_tasks.clear();
        }
        self->runNext();
    });
}

/// Once: a task that fails is tried in every round, with the same words.
void FleetAgent::complain(const QString &unit, const Error &why)
{
    if (std::exchange(m_complaints[unit], why.text()) != why.text())
        qCWarning(lcFleet).noquote() << "agent:" << unit << why.text();
}

void FleetAgent::keepOutcome(const QString &unit, const StartOutcome &outcome)
{
    m_outcomes.insert(unit, {outcome, m_sampleNumber + 1});
    m_soon.start();
}

void FleetAgent::startRefused(const QString &unit, const Error &why)
{
    const QString sentence = fullStop(why.text());
    // It is asked for again and again: what stays the same is told once.
    if (why.code != code::unreachable && m_outcomes.value(unit).start.error != sentence)
        keepOutcome(unit, {QStringLiteral("refused"), sentence, m_clock.wallUs()});
}

void FleetAgent::startEnded(const QString &unit, const QString &result)
{
    if (!m_found.contains(unit))
        return;
    qCInfo(lcFleet).noquote() << "the start of" << unit << "has ended:" << result;
    keepOutcome(unit, {result, meaningOf(result), m_clock.wallUs()});
}

void FleetAgent::noticeNoRun(const QString &unit, qint64 number, const BackendState &state)
{
    const auto before = m_runBefore.constFind(unit);
    if (before == m_runBefore.constEnd() || number < m_startedAfter.value(unit) || state.queued)
        return;
    const bool ran = isAlive(state) || state.invocationId != *before;
    m_runBefore.erase(before);
    if (m_outcomes.contains(unit))
        return;
    QString result = QStringLiteral("done");
    if (!ran)
        result = state.activeState == QLatin1String("failed") ? QStringLiteral("failed")
                 : !state.asserted                            ? QStringLiteral("assert")
                 : state.skipped                              ? QStringLiteral("skipped")
                                                              : QStringLiteral("dependency");
    m_outcomes.insert(unit, {{result, meaningOf(result), m_clock.wallUs()}, number});
}

StartOutcome
FleetAgent::outcomeOf(const QString &unit, qint64 number, const BackendState &state) const
{
    const auto kept = m_outcomes.constFind(unit);
    if (kept == m_outcomes.constEnd() || number < kept->fromSample)
        return {};
    StartOutcome out = kept->start;
    const bool failed = state.activeState == QLatin1String("failed");
    if (isAlive(state)) // it was restarted, or started by another
        out.error.clear();
    else if (failed && out.result == QLatin1String("failed"))
        out.error.clear(); // it did run, and its state says the rest
    else if (out.result == QLatin1String("done") && state.skipped) {
        out.result = QStringLiteral("skipped");
        out.error = meaningOf(out.result);
    }
    return out;
}

void FleetAgent::run(const AgentTask &task, UnitBackend::Done done)
{
    static const QStringList verbs{
        QStringLiteral("unloads"), QStringLiteral("loads"), QStringLiteral("reloads"),
        QStringLiteral("stops"), QStringLiteral("starts")};
    qCInfo(lcFleet).noquote() << "agent" << verbs.value(task.kind) << task.unit << "because"
                              << task.reason;
    const QPointer<FleetAgent> self(this);
    switch (task.kind) {
    case AgentTask::Unload:
        return beginUnload(task.unit, std::move(done));
    case AgentTask::Load:
        return loadUnit(task.unit, std::move(done));
    case AgentTask::Reload:
        return m_backend.reload([self, done = std::move(done)](const Result<void> &result) {
            if (self && result)
                self->m_stale = false;
            done(result);
        });
    case AgentTask::Stop:
        return stopUnit(task.unit, std::move(done));
    case AgentTask::Start:
        return startUnit(task.unit, std::move(done));
    }
}

void FleetAgent::loadUnit(const QString &unit, UnitBackend::Done done)
{
    const ClusterState::Job *job = m_mirror.state().job(unit);
    const auto text = job != nullptr ? m_mirror.state().text(job->hash) : std::nullopt;
    if (!text) {
        done({}); // destroyed meanwhile
        return;
    }
    const QPointer<FleetAgent> self(this);
    m_backend.load(
        unit, text->toUtf8(),
        [self, unit, hash = job->hash, done = std::move(done)](const Result<void> &result) {
            if (self && result) {
                self->m_found.insert(unit, {hash, false, false});
                self->m_stale = true;
                self->m_soon.start();
            }
            done(result);
        });
}

void FleetAgent::startUnit(const QString &unit, UnitBackend::Done done)
{
    if (m_fenced || !m_found.contains(unit)) {
        done({});
        return;
    }
    const QPointer<FleetAgent> self(this);
    m_backend.start(unit, [self, unit, done = std::move(done)](const Result<void> &result) {
        if (self && !result && self->m_found.contains(unit))
            self->startRefused(unit, result.error());
        if (self && result && self->m_found.contains(unit)) {
            self->m_outcomes.remove(unit);
            self->m_runBefore.insert(unit, self->m_runs.value(unit));
            self->m_found[unit].launched = true;
            self->m_startedAfter.insert(unit, self->m_sampleNumber + 1);
            self->m_soon.start();
            if (self->m_lost) // while the engine was being asked
                self->stopAll();
        }
        done(result);
    });
}

void FleetAgent::stopUnit(const QString &unit, UnitBackend::Done done)
{
    forget(unit);
    m_outcomes.remove(unit);
    m_runBefore.remove(unit);
    const QPointer<FleetAgent> self(this);
    m_backend.stop(unit, [self, unit, done = std::move(done)](const Result<void> &result) {
        const bool ok = result || result.error().code == code::notFound;
        if (self && ok && self->m_found.contains(unit)) {
            self->m_found[unit].launched = false;
            self->m_soon.start();
        }
        done(ok ? Result<void>{} : result);
    });
}

void FleetAgent::beginUnload(const QString &unit, UnitBackend::Done done)
{
    const QPointer<FleetAgent> self(this);
    stopUnit(unit, [self, unit, done = std::move(done)](const Result<void> &result) {
        if (self && result && self->m_found.contains(unit)) {
            self->m_found[unit].unloading = true;
            self->m_endsAfter.insert(unit, self->m_sampleNumber + 1);
        }
        done(result);
    });
}

void FleetAgent::finishUnload(const QString &unit)
{
    m_endsAfter.remove(unit);
    m_removing.insert(unit);
    const QPointer<FleetAgent> self(this);
    m_backend.unload(unit, [self, unit](const Result<void> &result) {
        if (!self || !self->m_removing.remove(unit))
            return;
        if (!result) {
            qCWarning(lcFleet).noquote() << "agent:" << unit << result.error().text();
            self->m_endsAfter.insert(unit, self->m_sampleNumber + 1);
            return;
        }
        self->m_found.remove(unit);
        self->m_startedAfter.remove(unit);
        self->m_outcomes.remove(unit);
        self->m_runBefore.remove(unit);
        self->m_runs.remove(unit);
        self->m_stale = true;
        for (const QString &key :
             {self->keys().state(unit, self->m_setup.machineId), self->keys().legacyState(unit)}) {
            self->m_published.remove(key);
            self->m_store.write(deleteRequest(key), [](const Result<store::Event> &) {});
        }
        self->wake();
    });
}

void FleetAgent::fence()
{
    m_fenced = true;
    m_lost = true;
    if (m_backend.isConnected() && m_adopted)
        stopAll(); // else when it is known what there is
}

void FleetAgent::stopAll()
{
    for (auto it = m_found.begin(); it != m_found.end(); ++it) {
        if (it->launched && !it->unloading)
            stopUnit(it.key(), [unit = it.key()](const Result<void> &result) {
                if (!result)
                    qCWarning(lcFleet).noquote() << "agent:" << unit << result.error().text();
            });
    }
}

void FleetAgent::unfence()
{
    m_fenced = false;
    m_lost = false;
    m_published.clear();
    wake();
    sample();
}

void FleetAgent::handOver(std::function<void()> done)
{
    m_handedOver = std::move(done);
    m_leaving = true;
    if (!m_backend.isConnected() || !m_adopted) {
        std::exchange(m_handedOver, {})();
        return;
    }
    wake();
}

void FleetAgent::sample()
{
    if (!m_adopted || m_sampling || m_found.isEmpty() || !m_backend.isConnected())
        return;
    m_sampling = true;
    const qint64 number = ++m_sampleNumber;
    const QPointer<FleetAgent> self(this);
    m_backend.query(
        m_found.keys(), [self, number](const Result<QMap<QString, BackendState>> &states) {
            if (!self)
                return;
            self->m_sampling = false;
            if (states && self->m_adopted)
                self->sampled(number, *states);
        });
}

void FleetAgent::sampled(qint64 number, const QMap<QString, BackendState> &states)
{
    QStringList ended;
    for (auto it = m_endsAfter.begin(); it != m_endsAfter.end(); ++it) {
        if (number >= it.value() && !isAlive(states.value(it.key())))
            ended.append(it.key());
    }
    for (const QString &unit : ended)
        finishUnload(unit);
    if (!m_fenced)
        publish(number, states);
}

qint64 FleetAgent::renewalMs() const
{
    const qint64 ttl = qint64(m_setup.ttlSeconds) * 1000;
    return m_setup.ttlSeconds <= 10 ? ttl / 2 : ttl * 4 / 5;
}

void FleetAgent::publish(qint64 number, const QMap<QString, BackendState> &states)
{
    for (auto it = m_found.begin(); it != m_found.end(); ++it) {
        const auto state = states.constFind(it.key());
        // A look from before the start would show what is over.
        const bool stale = number < m_startedAfter.value(it.key());
        if (state == states.constEnd() || it->unloading || stale)
            continue;
        noticeNoRun(it.key(), number, *state);
        m_runs.insert(it.key(), state->invocationId);
        const QByteArray document = encode(StateDocument{
            state->loadState, state->activeState, state->subState, m_setup.machineId, it->hash,
            state->invocationId, state->mainPid, state->sinceUs,
            outcomeOf(it.key(), number, *state)});
        renew(keys().state(it.key(), m_setup.machineId), document);
        renew(keys().legacyState(it.key()), document);
        const ClusterState::Job *job = m_mirror.state().job(it.key());
        const bool waits = state->queued && !isAlive(*state);
        if (it->launched && !waits && job != nullptr && !job->need.global)
            renew(keys().heartbeat(it.key()), m_setup.machineId.toLatin1());
    }
}

/// Writes the key when it says something else than before, or when its time runs out.
void FleetAgent::renew(const QString &key, const QByteArray &value)
{
    const qint64 now = m_clock.monotonicMs();
    const auto before = m_published.constFind(key);
    const bool fresh = before != m_published.constEnd() && before->document == value &&
                       now - before->atMs < renewalMs();
    if (fresh || m_inFlight.contains(key))
        return;
    m_inFlight.insert(key);
    const bool same = before != m_published.constEnd() && before->document == value;
    const store::WriteRequest request = same ? refreshRequest(key, value, m_setup.ttlSeconds)
                                             : putRequest(key, value, m_setup.ttlSeconds);
    const QPointer<FleetAgent> self(this);
    m_store.write(request, [self, key, value, now](const Result<store::Event> &event) {
        if (!self)
            return;
        self->m_inFlight.remove(key);
        if (event)
            self->m_published.insert(key, {value, now});
        else
            self->m_published.remove(key);
    });
}

/// The unit is no longer launched here.
void FleetAgent::forget(const QString &unit)
{
    const QString key = keys().heartbeat(unit);
    m_published.remove(key);
    store::WriteRequest request = deleteRequest(key);
    request.prevValue = m_setup.machineId.toLatin1();
    m_store.write(request, [](const Result<store::Event> &) {});
}

} // namespace qd::fleet
