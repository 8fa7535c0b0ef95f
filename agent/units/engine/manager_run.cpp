// SPDX-License-Identifier: GPL-3.0-or-later
// What the engine does when it is woken: jobs, units that nobody needs, news.
#include "agent/units/engine/builtin_units.h"
#include "agent/units/engine/device_machine.h"
#include "agent/units/engine/job_queue.h"
#include "agent/units/engine/manager.h"
#include "agent/units/engine/messages.h"
#include "agent/units/engine/registry.h"
#include "agent/units/engine/service_machine.h"
#include "agent/units/engine/unit_machine.h"

namespace qd::units {

namespace {

constexpr int kDebug = 7;

} // namespace

void Manager::run()
{
    if (m_running)
        return; // called by someone who heard the news
    m_running = true;
    // First what follows from changes, then the jobs: one that only waits still counts as needing.
    do {
        startWhatIsUpheld();
        stopWhatIsBound();
        stopWhatIsUnneeded();
        m_jobs->run();
    } while (!m_upheld.isEmpty() || !m_bound.isEmpty() || !m_unneeded.isEmpty());
    collect();
    flush();
    m_running = false;
}

void Manager::stopWhatIsBound()
{
    const QList<Unit *> units = m_bound.list();
    m_bound.clear();
    for (Unit *unit : units) {
        if (unit->active != ActiveState::Active || unit->job != 0)
            continue;
        for (const Unit *other : unit->of(Dependency::BindsTo).list()) {
            if (other->job != 0 || !isInactiveOrFailed(other->active) ||
                m_services->willRestart(*other))
                continue;
            if (!automaticIsAllowed(unit->stopLimit))
                break;
            say(unit, messages::about(
                          *unit, 6,
                          QStringLiteral("Unit is stopped because bound to inactive unit %1.")
                              .arg(other->id)));
            (void)addJob(JobType::Stop, *unit, JobMode::Replace);
            break;
        }
    }
}

void Manager::stopWhatIsUnneeded()
{
    const QList<Unit *> units = m_unneeded.list();
    m_unneeded.clear();
    for (Unit *unit : units) {
        if (isUnneeded(*unit) && automaticIsAllowed(unit->stopLimit))
            (void)addJob(JobType::Stop, *unit, JobMode::Fail);
    }
}

void Manager::startWhatIsUpheld()
{
    const QList<Unit *> units = m_upheld.list();
    m_upheld.clear();
    if (m_stopping)
        return;
    for (Unit *unit : units) {
        if (!isInactiveOrFailed(unit->active) || unit->job != 0)
            continue;
        for (const Unit *other : unit->of(Dependency::UpheldBy).list()) {
            if (other->job != 0 || !isActiveOrReloading(other->active))
                continue;
            if (automaticIsAllowed(unit->stopLimit))
                (void)addJob(JobType::Start, *unit, JobMode::Fail);
            break;
        }
    }
}

bool Manager::isUnneeded(const Unit &unit) const
{
    if (!unit.settings.stopWhenUnneeded || unit.active != ActiveState::Active || unit.job != 0)
        return false;
    const Dependency needs[] = {
        Dependency::RequiredBy, Dependency::RequisiteOf, Dependency::WantedBy, Dependency::BoundBy,
        Dependency::UpheldBy};
    for (const Dependency kind : needs) {
        for (const Unit *other : unit.of(kind).list()) {
            if (other->job != 0 || !isInactiveOrFailed(other->active) ||
                m_services->willRestart(*other))
                return false;
        }
    }
    return true;
}

/// Forgets the units that do nothing and that nobody names who does.
void Manager::collect()
{
    if (!m_lookForGarbage)
        return;
    m_lookForGarbage = false;
    QSet<Unit *> kept;
    for (const auto &unit : m_registry->all()) {
        const bool isOver =
            unit->active == ActiveState::Inactive ||
            (unit->active == ActiveState::Failed && unit->settings.collectsFailed) ||
            unit->type == UnitType::Device; // there because somebody names it
        if (unit->perpetual || !isOver || unit->job != 0 || unit->references > 0 ||
            !unit->controlGroup.isEmpty())
            markNeeded(*unit, kept);
    }
    for (const Job *job : m_jobs->all())
        markNeeded(*job->unit, kept);
    QSet<Unit *> garbage;
    QStringList ids;
    for (const auto &unit : m_registry->all()) {
        if (kept.contains(unit.get()))
            continue;
        garbage.insert(unit.get());
        ids.append(unit->id);
    }
    if (garbage.isEmpty())
        return;
    flush(); // what they have done is told before they are gone
    for (Unit *unit : std::as_const(garbage)) {
        for (UnitSet *set : {&m_bound, &m_unneeded, &m_upheld})
            set->remove(unit);
        if (unit->type == UnitType::Device)
            m_parts.driver->unwatchPaths(unit->id);
        if (unit->transient)
            m_parts.driver->dropStreams(unit->id);
    }
    m_registry->remove(garbage);
    for (const QString &id : std::as_const(ids))
        Q_EMIT unitRemoved(id);
}

void Manager::markNeeded(Unit &unit, QSet<Unit *> &kept) const
{
    QList<Unit *> open{&unit};
    while (!open.isEmpty()) {
        Unit *next = open.takeLast();
        if (kept.contains(next))
            continue;
        kept.insert(next);
        open += next->named.list();
    }
}

void Manager::unitCameIn(Unit &unit)
{
    m_news.append(News{News::UnitIn, unit.id});
    if (unit.perpetual && unit.type == UnitType::Slice)
        startPerpetual(unit);
    if (unit.type == UnitType::Device)
        m_devices->follow(unit);
    m_lookForGarbage = true;
    m_parts.driver->wake();
}

/// The slices that are always there.
void Manager::startPerpetual(Unit &unit)
{
    unit.active = ActiveState::Active;
    unit.sub = QStringLiteral("active");
    unit.controlGroup = unit.groupPath.isEmpty() ? QStringLiteral("/") : unit.groupPath;
    stampState(unit, ActiveState::Inactive);
}

void Manager::changed(Unit &unit)
{
    m_dirty.insert(&unit);
    m_parts.driver->wake();
}

void Manager::jobWasAdded(const Job &job)
{
    say(job.unit, LogLine{
                      kDebug,
                      QStringLiteral("Installed new job %1/%2 as %3")
                          .arg(job.unit->id, toText(job.type))
                          .arg(job.id),
                      {}});
    m_news.append(News{News::JobIn, job.unit->id, job.id});
}

void Manager::jobHasChanged(const Job &job)
{
    m_news.append(News{News::JobOther, job.unit->id, job.id});
}

void Manager::jobWasRemoved(const Job &job, JobResult result)
{
    say(job.unit, LogLine{
                      kDebug,
                      QStringLiteral("Job %1 %2/%3 finished, result=%4")
                          .arg(job.id)
                          .arg(job.unit->id, toText(job.type), toText(result)),
                      {}});
    m_news.append(News{News::JobOut, job.unit->id, job.id, result});
    const QList<Unit *> others = job.unit->of(Dependency::TriggeredBy).list();
    for (Unit *other : others) {
        if (UnitMachine *machine = machineOf(*other))
            machine->triggeredJobEnded(*other, *job.unit);
    }
    m_lookForGarbage = true;
    m_parts.driver->wake();
}

/// Tells what has happened, in order; the state of a unit before the end of its job, because who
/// waits for the job looks at the state then.
void Manager::flush()
{
    const QList<News> news = std::exchange(m_news, {});
    for (const News &item : news) {
        switch (item.kind) {
        case News::UnitIn:
            Q_EMIT unitAdded(item.unit);
            break;
        case News::JobIn:
            Q_EMIT jobAdded(item.job, item.unit);
            break;
        case News::JobOther:
            if (m_jobs->find(item.job))
                Q_EMIT jobChanged(item.job);
            break;
        case News::Power:
            Q_EMIT powerAsked(powerVerb(item.unit));
            break;
        case News::JobOut:
            flushChange(find(item.unit));
            Q_EMIT jobRemoved(item.job, item.unit, item.result);
            break;
        }
    }
    while (!m_dirty.isEmpty())
        flushChange(m_dirty.list().first());
}

void Manager::flushChange(Unit *unit)
{
    if (!unit || !m_dirty.contains(unit))
        return;
    m_dirty.remove(unit);
    Q_EMIT unitChanged(unit->id);
}

} // namespace qd::units
