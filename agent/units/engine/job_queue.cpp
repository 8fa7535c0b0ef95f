// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/job_queue.h"

#include "agent/units/engine/messages.h"
#include "agent/units/engine/transaction.h"

namespace qd::units {

namespace {

/// Names of timers: no unit's name has a slash.
const QString kTimerPrefix = QStringLiteral("job/");

/// Whether a running job of type `running` does all that `wanted` asks for.
bool covers(JobType running, JobType wanted)
{
    return mergeJobs(running, wanted) == running;
}

} // namespace

JobQueue::JobQueue(Parts parts)
    : m_parts(parts)
{
}

JobQueue::~JobQueue() = default;

Job *JobQueue::at(JobId id) const
{
    const auto found = m_jobs.find(id);
    return found == m_jobs.end() ? nullptr : found->second.get();
}

const Job *JobQueue::find(JobId id) const
{
    return at(id);
}

QList<const Job *> JobQueue::all() const
{
    QList<const Job *> out;
    for (const auto &[id, job] : m_jobs)
        out.append(job.get());
    return out;
}

Result<JobId> JobQueue::enqueue(JobType type, Unit &unit, JobMode mode)
{
    Transaction transaction(
        *m_parts.core, [this](const Unit &u) { return m_byUnit.value(&u); }, m_generation);
    const auto planned = transaction.plan(type, unit, mode, *m_parts.units);
    for (const Transaction::Message &message : transaction.messages())
        m_parts.core->say(message.unit, message.line);
    if (!planned)
        return fail(planned.error());
    const QList<PlannedJob *> jobs = transaction.jobs();
    if (mode == JobMode::Isolate || mode == JobMode::Flush) {
        QList<Unit *> kept;
        for (const PlannedJob *job : jobs)
            kept.append(job->unit);
        cancelOthers(kept);
    }
    JobId out = 0;
    for (const PlannedJob *job : jobs) {
        Job *installed =
            install(job->type, *job->unit, job->ignoreOrder, mode == JobMode::ReplaceIrreversibly);
        if (job == transaction.anchor())
            out = installed->id;
    }
    return out;
}

void JobQueue::cancelOthers(const QList<Unit *> &kept)
{
    QList<JobId> ids;
    for (const auto &[id, job] : m_jobs) {
        if (!kept.contains(job->unit))
            ids.append(id);
    }
    for (const JobId id : std::as_const(ids)) {
        if (Job *job = at(id))
            finish(*job, JobResult::Canceled, false, false);
    }
}

Job *JobQueue::install(JobType type, Unit &unit, bool ignoreOrder, bool irreversible)
{
    Job *present = type == JobType::Nop ? nullptr : m_byUnit.value(&unit);
    if (present && !areConflicting(present->type, type))
        return mergeInto(*present, type, ignoreOrder, irreversible);
    if (present)
        finish(*present, JobResult::Canceled, false, false);

    auto owned = std::make_unique<Job>();
    Job *job = owned.get();
    job->id = ++m_lastId;
    job->unit = &unit;
    job->type = type;
    job->ignoreOrder = ignoreOrder;
    job->irreversible = irreversible;
    job->sinceMs = m_parts.clock->monotonicMs();
    m_jobs.emplace(job->id, std::move(owned));
    if (type != JobType::Nop) { // a job that does nothing stands in nobody's way
        m_byUnit.insert(&unit, job);
        unit.job = job->id;
        m_parts.core->changed(unit);
    }
    m_parts.core->jobWasAdded(*job);
    armTimer(*job);
    makeReady(*job);
    return job;
}

Job *JobQueue::mergeInto(Job &installed, JobType type, bool ignoreOrder, bool irreversible)
{
    const bool goesOn = installed.state == JobState::Running && type != JobType::Reload &&
                        covers(installed.type, type);
    const JobType before = installed.type;
    installed.type =
        mergeAndCollapse(installed.type, type, installed.unit->active).value_or(installed.type);
    installed.irreversible = installed.irreversible || irreversible;
    installed.ignoreOrder = installed.ignoreOrder || ignoreOrder;
    if (installed.state == JobState::Running && !goesOn)
        installed.state = JobState::Waiting; // it has more to do than it began with
    if (installed.type != before || !goesOn)
        m_parts.core->jobHasChanged(installed);
    makeReady(installed);
    return &installed;
}

void JobQueue::makeReady(Job &job)
{
    if (job.queued)
        return;
    job.queued = true;
    m_ready.append(job.id);
    m_parts.driver->wake();
}

void JobQueue::makeReady(const Unit &unit)
{
    if (Job *job = m_byUnit.value(&unit))
        makeReady(*job);
}

void JobQueue::makeNeighboursReady(const Unit &unit)
{
    for (const Dependency kind : {Dependency::After, Dependency::Before}) {
        for (const Unit *other : unit.of(kind).list())
            makeReady(*other);
    }
}

void JobQueue::reconsider()
{
    for (const auto &[id, job] : m_jobs)
        makeReady(*job);
}

void JobQueue::run()
{
    while (!m_ready.isEmpty()) {
        const JobId id = m_ready.takeFirst();
        Job *job = at(id);
        if (!job)
            continue;
        job->queued = false;
        if (job->state == JobState::Waiting && isRunnable(*job))
            perform(id);
    }
}

bool JobQueue::isRunnable(const Job &job) const
{
    if (job.ignoreOrder || job.type == JobType::Nop)
        return true;
    for (const Unit *other : job.unit->of(Dependency::After).list()) {
        const Job *theirs = m_byUnit.value(other);
        if (theirs && compareAfter(job, *theirs) > 0)
            return false;
    }
    for (const Unit *other : job.unit->of(Dependency::Before).list()) {
        const Job *theirs = m_byUnit.value(other);
        if (theirs && compareBefore(job, *theirs) > 0)
            return false;
    }
    return true;
}

void JobQueue::perform(JobId id)
{
    Job &job = *at(id);
    job.state = JobState::Running;
    if (job.runSinceMs == 0)
        job.runSinceMs = m_parts.clock->monotonicMs();
    armTimer(job);
    m_parts.core->jobHasChanged(job);
    Unit &unit = *job.unit;
    const StartAnswer answer = attempt(job);
    // Whatever that did may have ended the job, or made a waiting start of a restart.
    const Job *left = at(id);
    if (answer == StartAnswer::Begun && left && left->state == JobState::Running) {
        const LogLine line = messages::jobBegun(unit, *left);
        if (!line.text.isEmpty())
            m_parts.core->say(&unit, line);
    }
    settle(id, answer);
}

StartAnswer JobQueue::attempt(Job &job)
{
    Unit &unit = *job.unit;
    switch (job.type) {
    case JobType::Start:
        return m_parts.core->start(unit);
    case JobType::Stop:
    case JobType::Restart:
        return m_parts.core->stop(unit);
    case JobType::Reload:
        return m_parts.core->reloadUnit(unit);
    case JobType::VerifyActive:
        if (isActiveOrReloading(unit.active))
            return StartAnswer::Already;
        return unit.active == ActiveState::Activating ? StartAnswer::NotNow
                                                      : StartAnswer::NotStartable;
    default:
        return StartAnswer::Already; // nothing to do
    }
}

void JobQueue::settle(JobId id, StartAnswer answer)
{
    Job *job = at(id);
    if (!job)
        return;
    switch (answer) {
    case StartAnswer::Begun:
    case StartAnswer::UnderWay:
        return;
    case StartAnswer::NotNow:
        job->state = JobState::Waiting;
        m_parts.core->jobHasChanged(*job);
        return;
    case StartAnswer::Already:
        return finish(*job, JobResult::Done, true, true);
    case StartAnswer::ConditionFailed:
        return finish(*job, JobResult::Done, true, false);
    case StartAnswer::NotStartable:
        return finish(*job, JobResult::Skipped, true, false);
    case StartAnswer::NotActive:
        return finish(*job, JobResult::Invalid, true, false);
    case StartAnswer::AssertFailed:
        return finish(*job, JobResult::Assert, true, false);
    case StartAnswer::Unsupported:
        return finish(*job, JobResult::Unsupported, true, false);
    case StartAnswer::NotBound:
        return finish(*job, JobResult::Dependency, true, false);
    case StartAnswer::Failed:
        return finish(*job, JobResult::Failed, true, false);
    }
}

bool JobQueue::follow(Unit &unit, ActiveState now, StateFlags flags)
{
    Job *job = m_byUnit.value(&unit);
    if (!job)
        return false;
    if (job->state == JobState::Waiting)
        makeReady(*job); // what it could not do before it may be able to do now
    const bool running = job->state == JobState::Running;
    switch (job->type) {
    case JobType::Start:
    case JobType::VerifyActive:
        if (isActiveOrReloading(now)) {
            finish(*job, JobResult::Done, true, false);
        } else if (running && now != ActiveState::Activating) {
            if (now == ActiveState::Failed)
                finish(*job, JobResult::Failed, true, false);
            else if (now == ActiveState::Inactive)
                finish(*job, flags.skipped ? JobResult::Skipped : JobResult::Done, true, false);
            return false;
        }
        return true;
    case JobType::Reload:
        if (running && now == ActiveState::Active) {
            finish(*job, flags.reloadFailed ? JobResult::Failed : JobResult::Done, true, false);
        } else if (running && now != ActiveState::Activating && now != ActiveState::Reloading) {
            if (isInactiveOrFailed(now))
                finish(
                    *job, now == ActiveState::Failed ? JobResult::Failed : JobResult::Done, true,
                    false);
            return false;
        }
        return true;
    case JobType::Stop:
    case JobType::Restart:
        if (isInactiveOrFailed(now)) {
            finish(*job, JobResult::Done, true, false);
        } else if (running && now != ActiveState::Deactivating) {
            finish(*job, JobResult::Failed, true, false);
            return false;
        }
        return true;
    default:
        return true;
    }
}

void JobQueue::finish(Job &job, JobResult result, bool recursive, bool already)
{
    Unit &unit = *job.unit;
    const JobType type = job.type;
    if (!already) {
        const LogLine line = messages::jobEnded(unit, job, result);
        if (!line.text.isEmpty())
            m_parts.core->say(&unit, line);
    }
    if (result == JobResult::Done && type == JobType::Restart) {
        job.type = JobType::Start; // the second half of a restart
        job.state = JobState::Waiting;
        m_parts.core->jobHasChanged(job);
        makeReady(job);
        makeNeighboursReady(unit);
        return;
    }
    if (result == JobResult::Failed || result == JobResult::Invalid)
        ++m_failed;
    m_parts.driver->cancelTimer(kTimerPrefix + QString::number(job.id));
    const std::unique_ptr<Job> ended = std::move(m_jobs.at(job.id));
    m_jobs.erase(ended->id);
    if (m_byUnit.value(&unit) == ended.get()) {
        m_byUnit.remove(&unit);
        unit.job = 0;
        m_parts.core->changed(unit);
    }
    m_parts.core->jobWasRemoved(*ended, result);

    const bool starts = type == JobType::Start || type == JobType::VerifyActive;
    if (result != JobResult::Done && recursive && starts)
        failDependants(
            unit, {Dependency::RequiredBy, Dependency::RequisiteOf, Dependency::BoundBy});
    if (result != JobResult::Done && recursive && type == JobType::Stop)
        failDependants(unit, {Dependency::ConflictedBy});
    // A start that is done although its unit is not active, of a oneshot: not enough for Requisite.
    if (result == JobResult::Done && (type == JobType::Start || type == JobType::Reload) &&
        !isActiveOrReloading(unit.active))
        failDependants(unit, {Dependency::RequisiteOf});
    if (result == JobResult::Timeout || result == JobResult::Dependency) {
        m_parts.core->say(&unit, messages::jobFailed(unit, *ended, result));
        m_parts.core->startTriggered(unit, Dependency::OnFailure);
    }
    makeNeighboursReady(unit);
}

void JobQueue::failDependants(Unit &unit, std::initializer_list<Dependency> kinds)
{
    for (const Dependency kind : kinds) {
        const QList<Unit *> others = unit.of(kind).list();
        for (const Unit *other : others) {
            Job *job = m_byUnit.value(other);
            if (job && (job->type == JobType::Start || job->type == JobType::VerifyActive))
                finish(*job, JobResult::Dependency, true, false);
        }
    }
}

bool JobQueue::cancel(JobId id)
{
    Job *job = at(id);
    if (job)
        finish(*job, JobResult::Canceled, true, false);
    return job;
}

void JobQueue::cancelAll()
{
    while (!m_jobs.empty())
        finish(*m_jobs.begin()->second, JobResult::Canceled, false, false);
}

/// JobTimeoutSec= counts from the installation, JobRunningTimeoutSec= from the beginning.
void JobQueue::armTimer(const Job &job)
{
    const UnitSettings &settings = job.unit->settings;
    qint64 at = -1;
    const auto consider = [&at](quint64 us, qint64 since) {
        if (us == unitfile::kInfinity)
            return;
        const qint64 end = since + qint64(us / 1000);
        at = at < 0 ? end : std::min(at, end);
    };
    consider(settings.jobTimeoutUs, job.sinceMs);
    if (job.state == JobState::Running)
        consider(settings.jobRunningTimeoutUs, job.runSinceMs);
    if (at >= 0)
        m_parts.driver->armTimer(kTimerPrefix + QString::number(job.id), at);
}

bool JobQueue::timerFired(const QString &timer)
{
    if (!timer.startsWith(kTimerPrefix))
        return false;
    if (Job *job = at(timer.mid(kTimerPrefix.size()).toUInt())) {
        m_parts.core->say(job->unit, messages::jobTimedOut(*job->unit, *job));
        finish(*job, JobResult::Timeout, true, false);
    }
    return true;
}

} // namespace qd::units
