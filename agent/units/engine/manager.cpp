// SPDX-License-Identifier: GPL-3.0-or-later
// What others ask of the engine.
#include "agent/units/engine/manager.h"

#include "agent/units/engine/automount_machine.h"
#include "agent/units/engine/builtin_units.h"
#include "agent/units/engine/device_machine.h"
#include "agent/units/engine/errors.h"
#include "agent/units/engine/job_queue.h"
#include "agent/units/engine/mount_machine.h"
#include "agent/units/engine/mount_setters.h"
#include "agent/units/engine/path_machine.h"
#include "agent/units/engine/plain_machine.h"
#include "agent/units/engine/registry.h"
#include "agent/units/engine/scope_machine.h"
#include "agent/units/engine/service_machine.h"
#include "agent/units/engine/socket_machine.h"
#include "agent/units/engine/swap_machine.h"
#include "agent/units/engine/timer_machine.h"
#include "shared/unitfile/unit_name.h"

#include <algorithm>

namespace qd::units {

Manager::Manager(Parts parts, Options options, QObject *parent)
    : QObject(parent)
    , m_parts(parts)
    , m_options(std::move(options))
{
    Registry::Parts registry;
    registry.source = m_parts.source;
    registry.machine = m_parts.driver;
    registry.node = &m_options.specifiers;
    registry.added = [this](Unit &unit) { unitCameIn(unit); };
    registry.said = [this](const Unit &unit, const QStringList &lines) {
        for (const QString &line : lines)
            say(&unit, LogLine{4, line, {}});
    };
    m_registry = std::make_unique<Registry>(std::move(registry));
    m_jobs = std::make_unique<JobQueue>(
        JobQueue::Parts{this, m_parts.driver, m_parts.clock, &m_registry->all()});
    m_plain = std::make_unique<PlainMachine>(static_cast<Core *>(this));
    m_paths =
        std::make_unique<PathMachine>(PathMachine::Parts{this, m_parts.driver, m_parts.clock});
    m_services = std::make_unique<ServiceMachine>(ServiceMachine::Parts{
        this, m_parts.driver, m_parts.source, m_parts.clock, &m_options.environment});
    m_sockets = std::make_unique<SocketMachine>(SocketMachine::Parts{
        this, m_parts.driver, m_parts.source, m_parts.clock, &m_options.environment});
    m_mounts = std::make_unique<MountMachine>(MountMachine::Parts{
        this, m_parts.driver, m_parts.source, m_parts.clock, &m_options.environment});
    m_automounts = std::make_unique<AutomountMachine>(static_cast<Core *>(this), m_parts.driver);
    m_devices = std::make_unique<DeviceMachine>(static_cast<Core *>(this), m_parts.driver);
    m_swaps = std::make_unique<SwapMachine>(SwapMachine::Parts{
        this, m_parts.driver, m_parts.source, m_parts.clock, &m_options.environment});
    m_scopes = std::make_unique<ScopeMachine>(ScopeMachine::Parts{
        this, m_parts.driver, m_parts.source, m_parts.clock, &m_options.environment});
    m_timers = std::make_unique<TimerMachine>(
        TimerMachine::Parts{this, m_parts.driver, m_parts.clock, m_parts.random},
        TimerMachine::Node{m_options.specifiers.machineId, m_options.bootUs, now().monotonicUs});
    m_machines = {{UnitType::Service, m_services.get()}, {UnitType::Socket, m_sockets.get()},
                  {UnitType::Mount, m_mounts.get()},     {UnitType::Automount, m_automounts.get()},
                  {UnitType::Swap, m_swaps.get()},       {UnitType::Scope, m_scopes.get()},
                  {UnitType::Timer, m_timers.get()},     {UnitType::Path, m_paths.get()},
                  {UnitType::Target, m_plain.get()},     {UnitType::Slice, m_plain.get()},
                  {UnitType::Snapshot, m_plain.get()},   {UnitType::Device, m_devices.get()}};
    m_registry->get(QStringLiteral("-.slice"));
}

Manager::~Manager() = default;

Unit *Manager::find(const QString &name) const
{
    return m_registry->find(name);
}

Result<Unit *> Manager::loadedUnit(const QString &name)
{
    switch (unitfile::nameKind(name)) {
    case unitfile::NameKind::Invalid:
        return fail(code::badInput, QStringLiteral("Unit name %1 is not valid.").arg(name));
    case unitfile::NameKind::Template:
        return fail(
            code::badInput, QStringLiteral("Unit name %1 is missing the instance name.").arg(name));
    default:
        break;
    }
    Unit &unit = m_registry->get(name);
    if (unit.load == LoadState::NotFound)
        m_registry->lookAgain(unit); // its file may have come since
    m_lookForGarbage = true;         // it stays only when something comes of it
    m_parts.driver->wake();
    return &unit;
}

QList<const Unit *> Manager::units() const
{
    QList<const Unit *> out;
    for (const auto &unit : m_registry->all())
        out.append(unit.get());
    std::sort(out.begin(), out.end(), [](const Unit *a, const Unit *b) { return a->id < b->id; });
    return out;
}

const Unit *Manager::unit(const QString &name) const
{
    return find(name);
}

Result<const Unit *> Manager::load(const QString &name)
{
    return loadedUnit(name).map([](Unit *unit) -> const Unit * { return unit; });
}

Result<const Unit *> Manager::unitOfPid(qint32 pid) const
{
    for (const UnitMachine *machine : m_machines) {
        if (const Unit *unit = machine->unitOf(pid))
            return unit;
    }
    for (const auto &unit : m_registry->all()) {
        if (unit->type != UnitType::Slice && !unit->controlGroup.isEmpty() &&
            m_parts.driver->processes(unit->controlGroup).contains(pid))
            return unit.get();
    }
    return fail(
        error::noSuchProcess,
        QStringLiteral("PID %1 does not belong to any loaded unit.").arg(pid));
}

const Unit *Manager::unitOfInvocation(const QString &invocationId) const
{
    for (const auto &unit : m_registry->all()) {
        if (!invocationId.isEmpty() && unit->invocationId == invocationId)
            return unit.get();
    }
    return nullptr;
}

QList<qint32> Manager::processes(const QString &name) const
{
    const Unit *unit = find(name);
    if (!unit || unit->controlGroup.isEmpty())
        return {};
    return m_parts.driver->processes(unit->controlGroup);
}

bool Manager::needsReload(const QString &name) const
{
    const Unit *unit = find(name);
    return unit && m_parts.source->stamp(unit->id) != unit->stamp;
}

bool Manager::canReload(const QString &name) const
{
    const Unit *unit = find(name);
    return unit && unit->load == LoadState::Loaded && isReloadable(*unit);
}

Result<JobId> Manager::enqueue(const JobRequest &request)
{
    const auto found = loadedUnit(request.unit);
    if (!found)
        return fail(found.error());
    Unit &unit = **found;
    JobType type = request.type;
    if (request.reloadIfPossible && isReloadable(unit)) {
        if (type == JobType::Restart)
            type = JobType::ReloadOrStart;
        else if (type == JobType::TryRestart)
            type = JobType::TryReload;
    }
    if (auto allowed = refuse(request, type, unit); !allowed)
        return fail(allowed.error());
    return addJob(type, unit, request.mode);
}

Result<void> Manager::refuse(const JobRequest &request, JobType type, const Unit &unit) const
{
    const bool isUnknown = unit.load == LoadState::NotFound || unit.load == LoadState::Error ||
                           unit.load == LoadState::BadSetting;
    if (type == JobType::Stop && isUnknown && unit.active == ActiveState::Inactive)
        return fail(error::noSuchUnit, QStringLiteral("Unit %1 not loaded.").arg(unit.id));
    const bool restarts = type == JobType::Restart || type == JobType::TryRestart;
    const bool starts =
        type == JobType::Start || restarts ||
        (type == JobType::ReloadOrStart && collapseJob(type, unit.active) == JobType::Start);
    const bool stops = type == JobType::Stop || restarts;
    if ((starts && unit.settings.refuseManualStart) || (stops && unit.settings.refuseManualStop))
        return fail(
            error::onlyByDependency,
            QStringLiteral("Operation refused, unit %1 may be requested by dependency only (it is "
                           "configured to refuse manual start/stop).")
                .arg(unit.id));
    if (starts && !powerVerb(unit.id).isEmpty() && !m_options.hasPower)
        return fail(
            code::unsupported,
            QStringLiteral("There is no machine to %1.").arg(powerVerb(unit.id)));
    if (request.mode == JobMode::Isolate && type != JobType::Start)
        return fail(code::badInput, QStringLiteral("Isolate is only valid for start."));
    if (request.mode == JobMode::Isolate && !unit.settings.allowIsolate)
        return fail(
            error::noIsolation, QStringLiteral("Operation refused, unit may not be isolated."));
    if (request.mode == JobMode::Triggering && type != JobType::Stop)
        return fail(
            code::badInput, QStringLiteral("--job-mode=triggering is only valid for stop."));
    return {};
}

QList<JobInfo> Manager::jobs() const
{
    QList<JobInfo> out;
    for (const Job *job : m_jobs->all())
        out.append(JobInfo{job->id, job->unit->id, job->type, job->state});
    return out;
}

std::optional<JobInfo> Manager::job(JobId id) const
{
    const Job *job = m_jobs->find(id);
    if (!job)
        return std::nullopt;
    return JobInfo{job->id, job->unit->id, job->type, job->state};
}

Result<void> Manager::cancel(JobId id)
{
    if (!m_jobs->cancel(id))
        return fail(error::noSuchJob, QStringLiteral("Job %1 does not exist.").arg(id));
    m_parts.driver->wake();
    return {};
}

void Manager::cancelAll()
{
    m_jobs->cancelAll();
    m_parts.driver->wake();
}

void Manager::reload()
{
    Q_EMIT reloading(true);
    m_registry->reload();
    for (const auto &unit : m_registry->all()) {
        changed(*unit);
        if (UnitMachine *machine = machineOf(*unit))
            machine->reloaded(*unit);
        m_bound.insert(unit.get());
        m_unneeded.insert(unit.get());
        m_upheld.insert(unit.get());
    }
    m_jobs->reconsider();
    m_lookForGarbage = true;
    run();
    Q_EMIT reloading(false);
}

Result<void> Manager::resetFailed(const QString &name)
{
    if (name.isEmpty()) {
        for (const auto &unit : m_registry->all())
            resetFailedUnit(*unit);
        return {};
    }
    Unit *unit = find(name);
    if (!unit)
        return fail(error::noSuchUnit, QStringLiteral("Unit %1 not loaded.").arg(name));
    resetFailedUnit(*unit);
    return {};
}

void Manager::resetFailedUnit(Unit &unit)
{
    unit.startLimit = {};
    unit.triggerLimit = {};
    if (UnitMachine *machine = machineOf(unit))
        machine->resetFailed(unit);
    m_lookForGarbage = true;
    m_parts.driver->wake();
}

Result<void> Manager::kill(const QString &name, Whom whom, int signalNumber)
{
    const Unit *unit = find(name);
    if (!unit)
        return fail(error::noSuchUnit, QStringLiteral("Unit %1 not loaded.").arg(name));
    const ServiceRuntime &run = unit->run;
    const bool isService = unit->type == UnitType::Service;
    const bool hasGroup = unit->type == UnitType::Slice || unit->type == UnitType::Scope;
    if (!isService && !runsCommands(unit->type) && !hasGroup)
        return fail(code::unsupported, QStringLiteral("Operation not supported"));
    const qint32 controlPid = isService ? run.controlPid : unit->command.pid;
    if (whom == Whom::Main && run.mainPid == 0)
        return fail(error::noSuchProcess, QStringLiteral("No main process to kill"));
    if (whom == Whom::Control && controlPid == 0)
        return fail(error::noSuchProcess, QStringLiteral("No control process to kill"));
    if (whom == Whom::Main)
        m_parts.driver->signalProcess(run.mainPid, signalNumber);
    else if (whom == Whom::Control)
        m_parts.driver->signalProcess(controlPid, signalNumber);
    else if (!unit->controlGroup.isEmpty())
        m_parts.driver->signalGroup(unit->controlGroup, signalNumber, {});
    return {};
}

Result<QString> Manager::createSnapshot(const QString &wanted, bool cleanup)
{
    QString name = wanted;
    while (name.isEmpty() || (wanted.isEmpty() && find(name)))
        name = QStringLiteral("snapshot-%1.snapshot").arg(m_snapshots++);
    if (unitfile::nameType(name).isEmpty())
        name += QStringLiteral(".snapshot");
    if (!unitfile::isValidName(name) || unitTypeOf(name) != UnitType::Snapshot)
        return fail(code::badInput, QStringLiteral("Invalid snapshot name %1.").arg(name));
    if (find(name))
        return fail(error::unitExists, QStringLiteral("Snapshot %1 exists already.").arg(name));
    QStringList active;
    for (const auto &unit : m_registry->all()) {
        if (isActiveOrActivating(unit->active) && unit->type != UnitType::Snapshot)
            active.append(unit->id);
    }
    Unit &unit = m_registry->get(name);
    unit.snapshot = {active, cleanup};
    unit.references = 1;
    m_registry->lookAgain(unit);
    m_parts.driver->wake();
    return name;
}

Result<void> Manager::removeSnapshot(const QString &name)
{
    Unit *unit = find(name);
    if (!unit || unit->type != UnitType::Snapshot)
        return fail(error::noSuchUnit, QStringLiteral("Snapshot %1 not loaded.").arg(name));
    unit->snapshot.cleanup = true;
    unref(name);
    return {};
}

Result<void> Manager::ref(const QString &name)
{
    Unit *unit = find(name);
    if (!unit)
        return fail(error::noSuchUnit, QStringLiteral("Unit %1 not loaded.").arg(name));
    ++unit->references;
    return {};
}

void Manager::unref(const QString &name)
{
    Unit *unit = find(name);
    if (!unit || unit->references == 0)
        return;
    --unit->references;
    m_lookForGarbage = true;
    m_parts.driver->wake();
}

QStringList Manager::unitFolders() const
{
    return m_parts.source->folders();
}

quint32 Manager::failedJobs() const
{
    return m_jobs->failed();
}

void Manager::processExecuted(qint32 pid)
{
    m_services->processExecuted(pid);
}

void Manager::processEnded(qint32 pid, const ProcessEnd &end)
{
    for (UnitMachine *machine : std::as_const(m_machines))
        machine->processEnded(pid, end);
}

void Manager::processNotified(qint32 pid, const QByteArray &message)
{
    const auto sender = unitOfPid(pid);
    if (sender && (*sender)->type == UnitType::Service)
        m_services->notified(*find((*sender)->id), pid, message);
}

void Manager::groupEmptied(const QString &controlGroup)
{
    for (const auto &unit : m_registry->all()) {
        if (unit->type != UnitType::Slice && unit->controlGroup == controlGroup)
            return machineOf(*unit)->groupEmptied(*unit);
    }
}

void Manager::timerFired(const QString &timer)
{
    if (m_jobs->timerFired(timer))
        return;
    if (timer.startsWith(kWatchdog)) {
        if (Unit *unit = find(timer.mid(kWatchdog.size())))
            m_services->watchdogFired(*unit);
        return;
    }
    Unit *unit = find(timer);
    if (UnitMachine *machine = unit ? machineOf(*unit) : nullptr)
        machine->timerFired(*unit);
}

void Manager::pathChanged(const QString &name, bool touched)
{
    Unit *unit = find(name);
    if (unit && unit->type == UnitType::Path)
        m_paths->pathChanged(*unit, touched);
    if (unit && unit->type == UnitType::Device)
        m_devices->follow(*unit);
}

/// What is mounted is a unit, whoever has mounted it (12.2).
void Manager::mountsChanged()
{
    QMap<QString, MountPoint> points; ///< the last one of each place
    const QList<MountPoint> all = m_parts.driver->mounts();
    for (const MountPoint &point : all) {
        const auto stem = unitfile::escapePath(point.where);
        const QString name = stem.value_or(QString()) + QStringLiteral(".mount");
        if (stem && unitfile::isValidName(name) && !isApiMount(point.where) &&
            point.type != u"autofs")
            points.insert(name, point);
    }
    for (auto it = points.cbegin(); it != points.cend(); ++it) {
        Unit &unit = m_registry->get(it.key());
        if (unit.load == LoadState::NotFound)
            m_registry->lookAgain(unit);
        m_mounts->seen(unit, it.value());
    }
    for (const auto &unit : m_registry->all()) {
        if (unit->type == UnitType::Mount && unit->mounting.point && !points.contains(unit->id))
            m_mounts->seen(*unit, std::nullopt);
    }
    m_lookForGarbage = true;
    m_parts.driver->wake();
}

void Manager::swapsChanged()
{
    QSet<QString> names;
    const QList<SwapArea> all = m_parts.driver->swaps();
    for (const SwapArea &area : all) {
        const auto stem = unitfile::escapePath(area.what);
        const QString name = stem.value_or(QString()) + QStringLiteral(".swap");
        if (!stem || !unitfile::isValidName(name))
            continue;
        names.insert(name);
        Unit &unit = m_registry->get(name);
        if (unit.load == LoadState::NotFound)
            m_registry->lookAgain(unit);
        m_swaps->seen(unit, area);
    }
    for (const auto &unit : m_registry->all()) {
        if (unit->type == UnitType::Swap && unit->swapping.area && !names.contains(unit->id))
            m_swaps->seen(*unit, std::nullopt);
    }
    m_lookForGarbage = true;
    m_parts.driver->wake();
}

void Manager::automountAsked(const QString &name, const AutomountRequest &request)
{
    Unit *unit = find(name);
    if (unit && unit->type == UnitType::Automount)
        m_automounts->asked(*unit, request);
    else
        m_parts.driver->answerAutomount(name, request.token, false);
}

void Manager::automountBroke(const QString &name)
{
    if (Unit *unit = find(name); unit && unit->type == UnitType::Automount)
        m_automounts->broken(*unit);
}

bool Manager::isFree(const QString &name) const
{
    const Unit *unit = find(name);
    if (!unit)
        return findUnit(*m_parts.source, name).state == FoundUnit::Missing;
    const bool hasFile = unit->load != LoadState::NotFound || !unit->fragmentPath.isEmpty();
    return !hasFile && isInactiveOrFailed(unit->active) && unit->job == 0;
}

Result<Unit *> Manager::takeTransient(const TransientStart &start)
{
    auto found = loadedUnit(start.unit);
    if (!found)
        return found;
    Unit &unit = **found;
    if (!isInactiveOrFailed(unit.active) || unit.job != 0)
        return fail(
            error::unitExists,
            QStringLiteral("Unit %1 was already loaded or has a fragment file.").arg(unit.id));
    unit.transient = true;
    unit.scoped.pids = start.pids;
    if (!start.streams.isEmpty())
        m_parts.driver->keepStreams(unit.id, start.streams);
    m_lookForGarbage = true; // it may not come to a start
    m_parts.driver->wake();
    return found;
}

Result<JobId> Manager::startTransient(const QList<TransientStart> &units, JobMode mode)
{
    // What the first one needs must be known before it is read.
    for (qsizetype i = units.size() - 1; i > 0; --i) {
        if (const auto taken = takeTransient(units[i]); !taken)
            return fail(taken.error());
    }
    const auto first = takeTransient(units.first());
    if (!first)
        return fail(first.error());
    return addJob(JobType::Start, **first, mode);
}

Result<void> Manager::abandonScope(const QString &name)
{
    Unit *unit = find(name);
    if (!unit || unit->type != UnitType::Scope)
        return fail(error::noSuchUnit, QStringLiteral("Unit %1 not loaded.").arg(name));
    m_scopes->abandon(*unit);
    return {};
}

Unit *Manager::socketNamed(const QString &name) const
{
    Unit *unit = find(name);
    return unit && unit->type == UnitType::Socket ? unit : nullptr;
}

void Manager::socketReady(const QString &name)
{
    if (Unit *unit = socketNamed(name))
        m_sockets->ready(*unit);
}

void Manager::connectionCame(const QString &name, const Connection &connection)
{
    if (Unit *unit = socketNamed(name))
        m_sockets->connected(*unit, connection);
    else
        m_parts.driver->dropConnection(connection.id);
}

void Manager::socketBroke(const QString &name, const QString &why)
{
    if (Unit *unit = socketNamed(name))
        m_sockets->broken(*unit, why);
}

void Manager::clockChanged()
{
    for (const auto &unit : m_registry->all()) {
        if (UnitMachine *machine = machineOf(*unit))
            machine->clockChanged(*unit);
    }
}

} // namespace qd::units
