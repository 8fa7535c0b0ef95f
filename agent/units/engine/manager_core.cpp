// SPDX-License-Identifier: GPL-3.0-or-later
// What the parts of the engine ask of each other: starting and stopping a unit of any type, and
// what follows from a change of state (ch3-systemd.md 3.4, 3.6).
#include "agent/units/engine/builtin_units.h"
#include "agent/units/engine/job_queue.h"
#include "agent/units/engine/manager.h"
#include "agent/units/engine/messages.h"
#include "agent/units/engine/mount_machine.h"
#include "agent/units/engine/registry.h"
#include "agent/units/engine/service_machine.h"

namespace qd::units {

namespace {

constexpr int kDebug = 7;

QString variable(const char *name, const QString &value)
{
    return QLatin1String(name) + u'=' + value;
}

/// What a unit that was started by the end of another one is told about it (U-17).
QStringList monitorOf(const Unit &unit)
{
    QStringList out{variable("MONITOR_SERVICE_RESULT", toText(unit.run.result))};
    if (unit.run.main.stop.isSet()) {
        const ExecRun &run = unit.run.main;
        out.append(variable("MONITOR_EXIT_CODE", messages::codeName(run.code)));
        out.append(variable("MONITOR_EXIT_STATUS", messages::statusName(run)));
    }
    out.append(variable("MONITOR_INVOCATION_ID", unit.invocationId));
    out.append(variable("MONITOR_UNIT", unit.id));
    return out;
}

} // namespace

UnitMachine *Manager::machineOf(const Unit &unit) const
{
    return m_machines.value(unit.type);
}

Result<JobId> Manager::addJob(JobType type, Unit &unit, JobMode mode)
{
    auto job = m_jobs->enqueue(type, unit, mode);
    m_parts.driver->wake();
    return job;
}

StartAnswer Manager::start(Unit &unit)
{
    if (isActiveOrReloading(unit.active))
        return StartAnswer::Already;
    if (unit.load != LoadState::Loaded)
        return StartAnswer::Failed;
    if (unit.active != ActiveState::Activating) {
        unit.conditionTime = now();
        unit.conditionResult = hold(unit.settings.conditions);
        changed(unit);
        if (!unit.conditionResult)
            return StartAnswer::ConditionFailed;
        unit.assertTime = now();
        unit.assertResult = hold(unit.settings.asserts);
        if (!unit.assertResult) {
            say(&unit,
                messages::about(unit, 5, QStringLiteral("Starting requested but asserts failed.")));
            return StartAnswer::AssertFailed;
        }
    }
    UnitMachine *machine = machineOf(unit);
    if (!machine)
        return StartAnswer::Unsupported;
    if (!bindingsHold(unit))
        return StartAnswer::NotBound;
    // Not while it waits for something: that is no further start.
    if (machine->hasStartLimit() && isInactiveOrFailed(unit.active) && !startIsAllowed(unit))
        return StartAnswer::Failed;
    return machine->start(unit);
}

StartAnswer Manager::stop(Unit &unit)
{
    if (isInactiveOrFailed(unit.active))
        return StartAnswer::Already;
    UnitMachine *machine = machineOf(unit);
    return machine ? machine->stop(unit) : StartAnswer::Unsupported;
}

StartAnswer Manager::reloadUnit(Unit &unit)
{
    if (unit.load != LoadState::Loaded)
        return StartAnswer::Failed;
    if (!isReloadable(unit))
        return StartAnswer::NotStartable;
    if (unit.active == ActiveState::Reloading)
        return StartAnswer::NotNow;
    if (unit.active != ActiveState::Active) {
        say(&unit, messages::about(
                       unit, 4, QStringLiteral("Unit cannot be reloaded because it is inactive.")));
        return StartAnswer::NotActive;
    }
    if (unit.type == UnitType::Service)
        return m_services->reload(unit);
    if (unit.type == UnitType::Mount)
        return m_mounts->reload(unit);
    stateChanged(unit, unit.active, {}); // it only hands the reload on
    return StartAnswer::Begun;
}

bool Manager::isReloadable(const Unit &unit) const
{
    if (unit.type == UnitType::Service)
        return !unit.service.of(ExecKind::Reload).isEmpty();
    return unit.type == UnitType::Mount || !unit.of(Dependency::PropagatesReloadTo).isEmpty();
}

bool Manager::hasStopJob(const Unit &unit) const
{
    const Job *job = m_jobs->of(unit);
    return job && job->type == JobType::Stop;
}

bool Manager::hasStartJob(const Unit &unit) const
{
    const Job *job = m_jobs->of(unit);
    return job && (job->type == JobType::Start || job->type == JobType::ReloadOrStart ||
                   job->type == JobType::Restart);
}

void Manager::link(Unit &unit, Dependency kind, Unit &other)
{
    m_registry->link(unit, kind, other);
}

/// Conditions with `|` are a group of which one must hold; all others must (U-21).
bool Manager::hold(QList<Condition> &conditions) const
{
    bool hasTriggers = false;
    bool triggered = false;
    for (Condition &condition : conditions)
        condition.result = 0;
    for (Condition &condition : conditions) {
        const bool holds = m_parts.driver->test(condition) != condition.negate;
        condition.result = holds ? 1 : -1;
        if (!condition.trigger && !holds)
            return false;
        hasTriggers = hasTriggers || condition.trigger;
        triggered = triggered || (condition.trigger && holds);
    }
    return !hasTriggers || triggered;
}

/// With BindsTo= and After= together, the other has to be active first.
bool Manager::bindingsHold(Unit &unit)
{
    for (Unit *other : unit.of(Dependency::BindsTo).list()) {
        if (!unit.of(Dependency::After).contains(other) || isActiveOrReloading(other->active))
            continue;
        say(&unit, messages::about(
                       unit, 5,
                       QStringLiteral("Bound to unit %1, but unit isn't active.").arg(other->id)));
        return false;
    }
    return true;
}

bool Manager::startIsAllowed(Unit &unit)
{
    const quint64 intervalUs = unit.settings.startLimitIntervalUs;
    const int burst = unit.settings.startLimitBurst;
    if (intervalUs == 0 || burst == 0)
        return true;
    if (unit.startLimit.pass(m_parts.clock->monotonicMs(), intervalUs, burst))
        return true;
    say(&unit, messages::about(unit, 4, QStringLiteral("Start request repeated too quickly.")));
    machineOf(unit)->refuseStart(unit);
    return false;
}

/// What happens without anybody asking must not happen for ever.
bool Manager::automaticIsAllowed(RateLimit &limit) const
{
    constexpr quint64 kInterval = 10 * unitfile::kSecond;
    constexpr int kBurst = 16;
    return limit.pass(m_parts.clock->monotonicMs(), kInterval, kBurst);
}

void Manager::stateChanged(Unit &unit, ActiveState before, StateFlags flags)
{
    stampState(unit, before);
    const ActiveState state = unit.active;
    say(&unit,
        messages::about(
            unit, kDebug, QStringLiteral("Changed to %1 (%2)").arg(toText(state), unit.sub)));
    const bool wasAskedFor = m_jobs->follow(unit, state, flags);
    if (!wasAskedFor && isInactiveOrFailed(before) && isActiveOrActivating(state))
        startAfterwards(unit);
    else if (!wasAskedFor && isActiveOrActivating(before) && isInactiveOrDeactivating(state))
        stopAfterwards(unit);

    if (state == ActiveState::Active && state != before && !powerVerb(unit.id).isEmpty())
        m_news.append(News{News::Power, unit.id});
    const bool ended = state != before && !flags.willRestart;
    if (ended && state == ActiveState::Failed)
        startTriggered(unit, Dependency::OnFailure);
    else if (ended && state == ActiveState::Inactive && before != ActiveState::Failed)
        startTriggered(unit, Dependency::OnSuccess);
    if (isInactiveOrFailed(state) && !flags.willRestart) {
        unit.monitorEnvironment.clear();
        if (unit.type == UnitType::Snapshot && unit.snapshot.cleanup && state != before)
            unref(unit.id);
        if (unit.transient)
            m_parts.driver->dropStreams(unit.id); // who reads there waits for its end
    }

    lookLater(unit);
    m_lookForGarbage = m_lookForGarbage || isInactiveOrFailed(state);
    changed(unit);
    tellTriggering(unit);
}

/// Who is bound to a unit that changed, no longer needed without it or upheld by it, is looked at
/// by run(). The end of a job alone is no reason to look.
void Manager::lookLater(Unit &unit)
{
    for (UnitSet *set : {&m_bound, &m_unneeded, &m_upheld})
        set->insert(&unit);
    for (Unit *other : unit.of(Dependency::BoundBy).list())
        m_bound.insert(other);
    for (Unit *other : unit.of(Dependency::Upholds).list())
        m_upheld.insert(other);
    if (!isInactiveOrFailed(unit.active))
        return;
    for (const Dependency kind :
         {Dependency::Requires, Dependency::Requisite, Dependency::Wants, Dependency::BindsTo,
          Dependency::Upholds}) {
        for (Unit *other : unit.of(kind).list())
            m_unneeded.insert(other);
    }
}

void Manager::tellTriggering(Unit &unit)
{
    const QList<Unit *> others = unit.of(Dependency::TriggeredBy).list();
    for (Unit *other : others) {
        if (UnitMachine *machine = machineOf(*other))
            machine->triggeredChanged(*other, unit);
    }
}

void Manager::stampState(Unit &unit, ActiveState before)
{
    const Moment moment = now();
    unit.stateChange = moment;
    const bool wasOff = isInactiveOrFailed(before);
    const bool isOff = isInactiveOrFailed(unit.active);
    const bool wasOn = isActiveOrReloading(before);
    const bool isOn = isActiveOrReloading(unit.active);
    if (wasOff && !isOff)
        unit.inactiveExit = moment;
    else if (!wasOff && isOff)
        unit.inactiveEnter = moment;
    if (!wasOn && isOn)
        unit.activeEnter = moment;
    else if (wasOn && !isOn)
        unit.activeExit = moment;
}

/// A unit has come up without a job: what it needs comes up with it.
void Manager::startAfterwards(Unit &unit)
{
    const auto start = [this, &unit](Dependency kind, JobMode mode) {
        const QList<Unit *> others = unit.of(kind).list();
        for (Unit *other : others) {
            if (!unit.of(Dependency::After).contains(other) && !isActiveOrActivating(other->active))
                (void)addJob(JobType::Start, *other, mode); // no job, no harm: as systemd does
        }
    };
    start(Dependency::Requires, JobMode::Replace);
    start(Dependency::BindsTo, JobMode::Replace);
    start(Dependency::Wants, JobMode::Fail);
    for (const Dependency kind : {Dependency::Conflicts, Dependency::ConflictedBy}) {
        const QList<Unit *> others = unit.of(kind).list();
        for (Unit *other : others) {
            if (!isInactiveOrDeactivating(other->active))
                (void)addJob(JobType::Stop, *other, JobMode::Replace);
        }
    }
}

/// A unit has gone down by itself: what is bound to it goes, too (U-04).
void Manager::stopAfterwards(Unit &unit)
{
    for (const Dependency kind : {Dependency::BoundBy, Dependency::PropagatesStopTo}) {
        const QList<Unit *> others = unit.of(kind).list();
        for (Unit *other : others) {
            if (!isInactiveOrDeactivating(other->active))
                (void)addJob(JobType::Stop, *other, JobMode::Replace);
        }
    }
}

void Manager::startTriggered(Unit &unit, Dependency kind)
{
    const QList<Unit *> others = unit.of(kind).list();
    if (others.isEmpty())
        return;
    if (!automaticIsAllowed(unit.triggerLimit)) {
        say(&unit,
            messages::about(
                unit, 4, QStringLiteral("Triggers %1= too often, ignoring.").arg(toText(kind))));
        return;
    }
    const JobMode mode = kind == Dependency::OnFailure ? unit.settings.onFailureJobMode
                                                       : unit.settings.onSuccessJobMode;
    const QString option = toText(kind) + u'=';
    say(&unit, messages::about(unit, 6, QStringLiteral("Triggering %1 dependencies.").arg(option)));
    for (Unit *other : others) {
        other->monitorEnvironment = monitorOf(unit);
        const auto job = addJob(JobType::Start, *other, mode);
        if (!job)
            say(&unit, messages::about(
                           unit, 4,
                           QStringLiteral("Failed to enqueue %1 job, ignoring: %2")
                               .arg(option, job.error().message)));
    }
}

void Manager::say(const Unit *unit, const LogLine &line)
{
    if (line.priority > m_logLevel)
        return;
    QList<JournalField> fields{
        {"MESSAGE", line.text.toUtf8()}, {"PRIORITY", QByteArray::number(line.priority)}};
    if (unit) {
        fields.append({"UNIT", unit->id.toUtf8()});
        fields.append({"OBJECT_SYSTEMD_UNIT", unit->id.toUtf8()});
        if (!unit->invocationId.isEmpty())
            fields.append({"INVOCATION_ID", unit->invocationId.toUtf8()});
    }
    m_parts.journal->entry(fields + line.fields);
}

Moment Manager::now() const
{
    return Moment{quint64(m_parts.clock->wallUs()), quint64(m_parts.clock->monotonicMs()) * 1000};
}

/// A random UUID, version 4, without its dashes: as systemd makes invocation ids.
QString Manager::freshId()
{
    const quint64 high = (m_parts.random->next() & ~0xf000ULL) | 0x4000ULL;
    const quint64 low = (m_parts.random->next() & ~(0x3ULL << 62)) | (0x2ULL << 62);
    return QStringLiteral("%1%2")
        .arg(high, 16, 16, QLatin1Char('0'))
        .arg(low, 16, 16, QLatin1Char('0'));
}

} // namespace qd::units
