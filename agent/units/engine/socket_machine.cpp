// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/socket_machine.h"

#include "agent/units/engine/triggering.h"
#include "shared/unitfile/unit_name.h"

#include <algorithm>

namespace qd::units {

namespace {

constexpr int kWarning = 4;
const QString kStartPre = QStringLiteral("ExecStartPre");
const QString kStartPost = QStringLiteral("ExecStartPost");
const QString kStopPre = QStringLiteral("ExecStopPre");
const QString kStopPost = QStringLiteral("ExecStopPost");

ActiveState activeStateOf(SocketState state)
{
    switch (state) {
    case SocketState::Dead:
        return ActiveState::Inactive;
    case SocketState::StartPre:
    case SocketState::StartChown:
    case SocketState::StartPost:
        return ActiveState::Activating;
    case SocketState::Listening:
    case SocketState::Running:
        return ActiveState::Active;
    case SocketState::Failed:
        return ActiveState::Failed;
    default:
        return ActiveState::Deactivating;
    }
}

bool isStarting(SocketState state)
{
    return activeStateOf(state) == ActiveState::Activating;
}

bool isStopping(SocketState state)
{
    return activeStateOf(state) == ActiveState::Deactivating;
}

/// Whether what it listens on is open in this state.
bool isOpen(SocketState state)
{
    switch (state) {
    case SocketState::StartChown:
    case SocketState::StartPost:
    case SocketState::Listening:
    case SocketState::Running:
    case SocketState::StopPre:
    case SocketState::StopPreSigterm:
    case SocketState::StopPreSigkill:
        return true;
    default:
        return false;
    }
}

/// Down, or about to start again by itself: it has no use for a connection any more.
bool isOver(const Unit &service)
{
    const ServiceState state = service.run.state;
    return state == ServiceState::Failed || state == ServiceState::AutoRestart ||
           (state == ServiceState::Dead && service.job == 0);
}

} // namespace

/// A socket that is opened while its service runs would be a second one beside the service's own.
bool SocketMachine::isServiceAtWork(const Unit &unit) const
{
    const Unit *service = triggeredOf(unit);
    if (unit.socket.accept || !service)
        return false;
    const ServiceState state = service->run.state;
    return state != ServiceState::Dead && state != ServiceState::Failed &&
           state != ServiceState::AutoRestart;
}

StartAnswer SocketMachine::start(Unit &unit)
{
    const State state = unit.listening.state;
    if (isStopping(state))
        return StartAnswer::NotNow;
    if (isStarting(state))
        return StartAnswer::UnderWay;
    if (!unit.socket.accept) {
        const Unit *service = triggeredOf(unit);
        if (!service || service->load != LoadState::Loaded) {
            say(unit, 3,
                QStringLiteral("Socket service %1 not loaded, refusing.").arg(unit.socket.service));
            return StartAnswer::Failed;
        }
        if (isServiceAtWork(unit)) {
            say(unit, 3,
                QStringLiteral("Socket service %1 already active, refusing.")
                    .arg(unit.socket.service));
            return StartAnswer::Failed;
        }
    }
    unit.invocationId = m_core->freshId();
    unit.result = Outcome::Success;
    for (QList<ExecCommand> &commands : unit.commands) {
        for (ExecCommand &command : commands)
            command.run = {};
    }
    enterStartPre(unit);
    return StartAnswer::Begun;
}

StartAnswer SocketMachine::stop(Unit &unit)
{
    const State state = unit.listening.state;
    if (isStopping(state))
        return StartAnswer::UnderWay;
    if (isStarting(state)) { // what runs on the way up is ended first
        enterSignal(unit, State::StopPreSigterm, Outcome::Success);
        return StartAnswer::UnderWay;
    }
    enterStopPre(unit, Outcome::Success);
    return StartAnswer::Begun;
}

/// Begins a step and enters its state; false when it cannot begin.
bool SocketMachine::runs(Unit &unit, const QString &step, const QString &task, State state)
{
    if (!runStep(unit, step, task))
        return false;
    arm(unit, unit.socket.timeoutUs);
    setState(unit, state);
    return true;
}

void SocketMachine::enterStartPre(Unit &unit)
{
    if (!hasStep(unit, kStartPre))
        return enterStartChown(unit);
    if (!runs(unit, kStartPre, QStringLiteral("start-pre"), State::StartPre))
        enterDead(unit, Outcome::Resources);
}

void SocketMachine::enterStartChown(Unit &unit)
{
    const auto open = m_parts.driver->openSockets(unit.id, unit.socket);
    if (!open) {
        say(unit, kWarning, QStringLiteral("Failed to listen on sockets: ") + open.error().message);
        return enterStopPre(unit, Outcome::Resources);
    }
    if (unit.socket.user.isEmpty() && unit.socket.group.isEmpty())
        return enterStartPost(unit);
    setState(unit, State::StartChown);
    if (const auto owned = m_parts.driver->ownSockets(unit.id, unit.socket); !owned) {
        say(unit, kWarning,
            QStringLiteral("Failed to change the owner of sockets: ") + owned.error().message);
        return enterStopPre(unit, Outcome::ExitCode);
    }
    enterStartPost(unit);
}

void SocketMachine::enterStartPost(Unit &unit)
{
    if (!hasStep(unit, kStartPost))
        return enterListening(unit);
    if (!runs(unit, kStartPost, QStringLiteral("start-post"), State::StartPost))
        enterStopPre(unit, Outcome::Resources);
}

void SocketMachine::enterListening(Unit &unit)
{
    if (!unit.socket.accept && unit.socket.flushPending)
        m_parts.driver->flushSockets(unit.id);
    m_parts.driver->watchSockets(unit.id);
    setState(unit, State::Listening);
}

void SocketMachine::enterStopPre(Unit &unit, Outcome outcome)
{
    remember(unit, outcome);
    if (!hasStep(unit, kStopPre))
        return enterStopPost(unit, Outcome::Success);
    if (!runs(unit, kStopPre, QStringLiteral("stop-pre"), State::StopPre))
        enterStopPost(unit, Outcome::Resources);
}

void SocketMachine::enterStopPost(Unit &unit, Outcome outcome)
{
    remember(unit, outcome);
    // Closed before its commands run: they come after the end of what it listened on.
    m_parts.driver->closeSockets(unit.id, unit.socket);
    if (!hasStep(unit, kStopPost))
        return enterSignal(unit, State::FinalSigterm, Outcome::Success);
    if (!runs(unit, kStopPost, QStringLiteral("stop-post"), State::StopPost))
        enterSignal(unit, State::FinalSigterm, Outcome::Resources);
}

void SocketMachine::enterSignal(Unit &unit, State state, Outcome outcome)
{
    remember(unit, outcome);
    const bool kills = state == State::StopPreSigkill || state == State::FinalSigkill;
    using Signal = UnitProcesses::Signal;
    if (signalCommand(unit, kills ? Signal::Kill : Signal::Terminate)) {
        arm(unit, unit.socket.timeoutUs);
        return setState(unit, state);
    }
    if (state == State::StopPreSigterm)
        enterSignal(unit, State::StopPreSigkill, Outcome::Success);
    else if (state == State::StopPreSigkill)
        enterStopPost(unit, Outcome::Success);
    else if (state == State::FinalSigterm)
        enterSignal(unit, State::FinalSigkill, Outcome::Success);
    else
        enterDead(unit, Outcome::Success);
}

void SocketMachine::rest(Unit &unit, bool failed)
{
    setState(unit, failed ? State::Failed : State::Dead);
}

void SocketMachine::setState(Unit &unit, State state)
{
    const ActiveState before = unit.active;
    if (!isStarting(state) && !isStopping(state))
        endCommand(unit);
    if (state != State::Listening)
        m_parts.driver->unwatchSockets(unit.id);
    if (!isOpen(state))
        m_parts.driver->closeSockets(unit.id, unit.socket);
    unit.listening.state = state;
    unit.active = activeStateOf(state);
    unit.sub = toText(state);
    m_core->stateChanged(unit, before, {});
}

void SocketMachine::stepEnded(Unit &unit, Outcome outcome)
{
    const bool isFine = outcome == Outcome::Success;
    switch (unit.listening.state) {
    case State::StartPre:
        return isFine ? enterStartChown(unit) : enterSignal(unit, State::FinalSigterm, outcome);
    case State::StartPost:
        return isFine ? enterListening(unit) : enterStopPre(unit, outcome);
    case State::StopPre:
    case State::StopPreSigterm:
    case State::StopPreSigkill:
        return enterStopPost(unit, outcome);
    case State::StopPost:
    case State::FinalSigterm:
    case State::FinalSigkill:
        return enterDead(unit, outcome);
    default:
        return;
    }
}

void SocketMachine::stepBroke(Unit &unit)
{
    if (unit.listening.state == State::StartPost)
        enterStopPre(unit, Outcome::Resources);
    else if (unit.listening.state == State::StopPost)
        enterDead(unit, Outcome::Resources);
    else
        enterSignal(unit, State::FinalSigterm, Outcome::Resources);
}

void SocketMachine::timerFired(Unit &unit)
{
    switch (unit.listening.state) {
    case State::StartPre:
        say(unit, kWarning, QStringLiteral("Starting timed out. Terminating."));
        return enterSignal(unit, State::FinalSigterm, Outcome::Timeout);
    case State::StartChown:
    case State::StartPost:
        say(unit, kWarning, QStringLiteral("Starting timed out. Stopping."));
        return enterStopPre(unit, Outcome::Timeout);
    case State::StopPre:
        say(unit, kWarning, QStringLiteral("Stopping timed out. Terminating."));
        return enterSignal(unit, State::StopPreSigterm, Outcome::Timeout);
    case State::StopPost:
        say(unit, kWarning, QStringLiteral("Stopping timed out (2). Terminating."));
        return enterSignal(unit, State::FinalSigterm, Outcome::Timeout);
    default:
        return killTimedOut(unit);
    }
}

void SocketMachine::killTimedOut(Unit &unit)
{
    const bool kills = unit.kill.sendSigkill;
    switch (unit.listening.state) {
    case State::StopPreSigterm:
        say(unit, kWarning,
            kills ? QStringLiteral("Stopping timed out. Killing.")
                  : QStringLiteral("Stopping timed out. Skipping SIGKILL. Ignoring."));
        return kills ? enterSignal(unit, State::StopPreSigkill, Outcome::Timeout)
                     : enterStopPost(unit, Outcome::Timeout);
    case State::StopPreSigkill:
        say(unit, kWarning, QStringLiteral("Processes still around after SIGKILL. Ignoring."));
        return enterStopPost(unit, Outcome::Timeout);
    case State::FinalSigterm:
        say(unit, kWarning,
            kills ? QStringLiteral("Stopping timed out (2). Killing.")
                  : QStringLiteral("Stopping timed out (2). Skipping SIGKILL. Ignoring."));
        return kills ? enterSignal(unit, State::FinalSigkill, Outcome::Timeout)
                     : enterDead(unit, Outcome::Timeout);
    case State::FinalSigkill:
        say(unit, kWarning,
            QStringLiteral("Still around after SIGKILL (2). Entering failed mode."));
        return enterDead(unit, Outcome::Timeout);
    default:
        return;
    }
}

/// Whether one more activation is in order; else the socket is on its way down.
bool SocketMachine::mayTrigger(Unit &unit)
{
    const SocketSettings &socket = unit.socket;
    const bool isLimited = socket.triggerLimitIntervalUs > 0 && socket.triggerLimitBurst > 0;
    if (!isLimited ||
        unit.listening.limit.pass(
            m_parts.clock->monotonicMs(), socket.triggerLimitIntervalUs, socket.triggerLimitBurst))
        return true;
    say(unit, kWarning, QStringLiteral("Trigger limit hit, refusing further activation."));
    enterStopPre(unit, Outcome::TriggerLimitHit);
    return false;
}

void SocketMachine::ready(Unit &unit)
{
    if (unit.listening.state != State::Listening)
        return;
    if (m_core->hasStopJob(unit))
        return m_parts.driver->flushSockets(unit.id);
    if (!mayTrigger(unit)) {
        ++unit.listening.refused;
        return;
    }
    const QList<Unit *> triggered = unit.of(Dependency::Triggers).list();
    const bool comes = std::any_of(triggered.begin(), triggered.end(), [this](Unit *other) {
        return isActiveOrActivating(other->active) || m_core->hasStartJob(*other);
    });
    if (!comes && triggered.isEmpty())
        return queueFailed(unit, Error{code::notFound, QStringLiteral("there is none"), {}, {}});
    if (!comes) {
        const auto job = m_core->addJob(JobType::Start, *triggered.first(), JobMode::Replace);
        if (!job)
            return queueFailed(unit, job.error());
    }
    setState(unit, State::Running);
}

void SocketMachine::connected(Unit &unit, const Connection &connection)
{
    if (unit.listening.state != State::Listening || m_core->hasStopJob(unit) || !mayTrigger(unit) ||
        !takes(unit, connection))
        return refuse(unit, connection);
    if (const auto served = serve(unit, connection); !served) {
        m_parts.driver->dropConnection(connection.id);
        queueFailed(unit, served.error());
    }
}

bool SocketMachine::takes(Unit &unit, const Connection &connection)
{
    const auto &taken = unit.listening.connections;
    if (taken.size() >= qsizetype(unit.socket.maxConnections)) {
        say(unit, kWarning,
            QStringLiteral("Too many incoming connections (%1), dropping connection.")
                .arg(taken.size()));
        return false;
    }
    const quint32 most = unit.socket.maxConnectionsPerSource;
    if (most == 0 || connection.source.isEmpty())
        return true;
    const auto same = 1 + std::count_if(taken.begin(), taken.end(), [&](const Connection &other) {
                          return other.source == connection.source;
                      });
    if (same <= qsizetype(most))
        return true;
    say(unit, kWarning,
        QStringLiteral("Too many incoming connections (%1) from source %2, dropping connection.")
            .arg(same)
            .arg(connection.source));
    return false;
}

void SocketMachine::refuse(Unit &unit, const Connection &connection)
{
    m_parts.driver->dropConnection(connection.id);
    ++unit.listening.refused;
    m_core->changed(unit);
}

/// Starts a service of its own for the connection: "x@3-10.0.0.1:22-10.0.0.2:4711.service".
Result<void> SocketMachine::serve(Unit &unit, const Connection &connection)
{
    const QString name = QStringLiteral("%1@%2-%3.service")
                             .arg(unitfile::namePrefix(unit.id))
                             .arg(unit.listening.accepted)
                             .arg(connection.instance);
    const auto service = m_core->loadedUnit(name);
    if (!service)
        return fail(service.error());
    Unit &instance = **service;
    ++unit.listening.accepted;
    if (instance.run.state != ServiceState::Dead || instance.connection.id != 0)
        return fail(code::conflict, QStringLiteral("%1 is there already").arg(name));
    m_core->link(unit, Dependency::Before, instance);
    m_core->link(unit, Dependency::Triggers, instance);
    instance.connection = connection;
    if (!connection.peer.isEmpty() && !instance.settings.description.isEmpty())
        instance.settings.description += QStringLiteral(" (%1)").arg(connection.peer);
    unit.listening.connections.insert(instance.id, connection);
    const auto job = m_core->addJob(JobType::Start, instance, JobMode::Replace);
    if (!job) {
        instance.connection = {};
        unit.listening.connections.remove(instance.id);
        return fail(job.error());
    }
    m_core->changed(unit);
    return {};
}

void SocketMachine::queueFailed(Unit &unit, const Error &error)
{
    say(unit, kWarning,
        QStringLiteral("Failed to queue service startup job (Maybe the service file is missing or "
                       "not a %1 unit?): %2")
            .arg(
                unit.socket.accept ? QStringLiteral("template") : QStringLiteral("non-template"),
                error.message));
    enterStopPre(unit, Outcome::Resources);
}

void SocketMachine::broken(Unit &unit, const QString &why)
{
    if (unit.listening.state != State::Listening)
        return;
    say(unit, 3, why);
    enterStopPre(unit, Outcome::Resources);
}

/// Closes the connection of a service that has no use for it any more.
void SocketMachine::release(Unit &unit, Unit &service)
{
    const Connection connection = unit.listening.connections.take(service.id);
    if (connection.id == 0)
        return;
    m_parts.driver->dropConnection(connection.id);
    service.connection = {};
    m_core->changed(unit);
}

void SocketMachine::triggeredChanged(Unit &unit, Unit &other)
{
    if (other.load != LoadState::Loaded || other.type != UnitType::Service)
        return;
    if (unit.listening.connections.contains(other.id) && isOver(other))
        release(unit, other);
    const State state = unit.listening.state;
    if (unit.socket.accept || (state != State::Running && state != State::Listening))
        return;
    // A service that may not start any more would be started for ever.
    if (other.startLimit.hit)
        return enterStopPre(unit, Outcome::ServiceStartLimitHit);
    if (other.job != 0)
        return;
    switch (other.run.state) {
    case ServiceState::Dead:
    case ServiceState::Failed:
    case ServiceState::FinalSigterm:
    case ServiceState::FinalSigkill:
    case ServiceState::AutoRestart:
        return enterListening(unit);
    case ServiceState::Running:
        return setState(unit, State::Running);
    default:
        return;
    }
}

/// The files do not know of the services that connections have brought.
void SocketMachine::reloaded(Unit &unit)
{
    const QStringList services = unit.listening.connections.keys();
    for (const QString &name : services) {
        const auto service = m_core->loadedUnit(name);
        if (!service)
            continue;
        m_core->link(unit, Dependency::Before, **service);
        m_core->link(unit, Dependency::Triggers, **service);
    }
}

} // namespace qd::units
