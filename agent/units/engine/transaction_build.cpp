// SPDX-License-Identifier: GPL-3.0-or-later
// The first step of a transaction: what a request drags along.
#include "agent/units/engine/errors.h"
#include "agent/units/engine/transaction.h"

namespace qd::units {

Transaction::Transaction(const Core &core, Installed installed, quint32 &generation)
    : m_core(core)
    , m_installed(std::move(installed))
    , m_generation(generation)
{
}

Transaction::~Transaction()
{
    // Links point at each other's jobs: take them apart before the jobs go.
    for (const auto &job : m_jobs) {
        job->needs.clear();
        job->neededBy.clear();
    }
}

Result<void> Transaction::plan(
    JobType type, Unit &unit, JobMode mode, const std::vector<std::unique_ptr<Unit>> &all)
{
    m_mode = mode;
    Wish wish{collapseJob(type, unit.active), &unit};
    wish.ignoreRequirements =
        mode == JobMode::IgnoreDependencies || mode == JobMode::IgnoreRequirements;
    wish.ignoreOrder = mode == JobMode::IgnoreDependencies;
    if (auto added = add(wish); !added)
        return added;
    if (mode == JobMode::Isolate)
        addIsolation(all);
    return activate(mode);
}

void Transaction::addIsolation(const std::vector<std::unique_ptr<Unit>> &units)
{
    for (const auto &unit : units) {
        if (unit->settings.ignoreOnIsolate || unit->perpetual || m_byUnit.contains(unit.get()))
            continue;
        if (isInactiveOrFailed(unit->active) && !m_installed(*unit))
            continue;
        // What cannot be stopped stays; that is no reason to refuse.
        (void)add(Wish{JobType::Stop, unit.get(), m_anchor, true});
    }
}

Result<void> Transaction::refuseLoadState(const Unit &unit) const
{
    if (unit.load == LoadState::Loaded)
        return {};
    if (!unit.loadError.code.isEmpty())
        return fail(unit.loadError);
    return fail(error::loadFailed, QStringLiteral("Unit %1 is not loaded properly.").arg(unit.id));
}

bool Transaction::isApplicable(const Unit &unit, JobType type) const
{
    switch (type) {
    case JobType::Stop:
    case JobType::Restart:
    case JobType::TryRestart:
        return !unit.perpetual;
    case JobType::Reload:
    case JobType::TryReload:
    case JobType::ReloadOrStart:
        return m_core.isReloadable(unit);
    default:
        return true;
    }
}

PlannedJob *Transaction::addOne(JobType type, Unit &unit, bool &isNew)
{
    QList<PlannedJob *> &jobs = m_byUnit[&unit];
    for (PlannedJob *job : std::as_const(jobs)) {
        if (job->type == type) {
            isNew = false;
            return job;
        }
    }
    if (jobs.isEmpty())
        m_order.append(&unit);
    m_jobs.push_back(std::make_unique<PlannedJob>());
    PlannedJob *job = m_jobs.back().get();
    job->unit = &unit;
    job->type = type;
    jobs.append(job);
    isNew = true;
    return job;
}

Result<void> Transaction::add(const Wish &wish)
{
    Unit &unit = *wish.unit;
    if (wish.type != JobType::Stop) {
        if (auto loaded = refuseLoadState(unit); !loaded)
            return loaded;
    }
    if (!isApplicable(unit, wish.type))
        return fail(
            error::notApplicable, QStringLiteral("Job type %1 is not applicable for unit %2.")
                                      .arg(toText(wish.type), unit.id));
    bool isNew = false;
    PlannedJob *job = addOne(wish.type, unit, isNew);
    job->ignoreOrder = job->ignoreOrder || wish.ignoreOrder;
    if (wish.by) {
        auto link = std::make_shared<PlannedJob::Link>();
        *link = {wish.by, job, wish.matters, wish.conflicts};
        wish.by->needs.append(link);
        job->neededBy.append(link);
    } else {
        m_anchor = job;
    }
    if (!isNew || wish.ignoreRequirements || wish.type == JobType::Nop)
        return {};
    if (wish.type == JobType::Start || wish.type == JobType::Restart) {
        if (auto added = addForStart(job, wish); !added)
            return added;
    }
    const bool restartsOthers =
        m_mode == JobMode::RestartDependencies && wish.type == JobType::Start && !wish.by;
    if (wish.type == JobType::Stop || wish.type == JobType::Restart || restartsOthers)
        return addForStop(job, wish);
    if (wish.type == JobType::Reload)
        return addReloads(job, wish);
    return {};
}

/// One job for each unit that `job`'s depends on in one way. What does not matter may fail; a job
/// type that is not applicable never counts.
Result<void> Transaction::addAll(
    PlannedJob *job, const Wish &wish, Dependency kind, JobType type, bool matters, bool conflicts)
{
    const QList<Unit *> others = job->unit->of(kind).list();
    for (Unit *other : others) {
        const JobType collapsed = collapseJob(type, other->active);
        if (collapsed == JobType::Nop)
            continue;
        const auto added =
            add(Wish{collapsed, other, job, matters, conflicts, false, wish.ignoreOrder});
        if (!added && matters && added.error().code != error::notApplicable)
            return added;
    }
    return {};
}

Result<void> Transaction::addForStart(PlannedJob *job, const Wish &wish)
{
    const struct {
        Dependency kind;
        JobType type;
        bool matters;
        bool conflicts;
    } rules[] = {
        {Dependency::Requires, JobType::Start, true, false},
        {Dependency::BindsTo, JobType::Start, true, false},
        {Dependency::Wants, JobType::Start, false, false},
        {Dependency::Upholds, JobType::Start, false, false},
        {Dependency::Requisite, JobType::VerifyActive, true, false},
        {Dependency::Conflicts, JobType::Stop, true, true},
        {Dependency::ConflictedBy, JobType::Stop, false, false},
    };
    for (const auto &rule : rules) {
        const auto added = addAll(job, wish, rule.kind, rule.type, rule.matters, rule.conflicts);
        if (!added)
            return added;
    }
    return {};
}

Result<void> Transaction::addForStop(PlannedJob *job, const Wish &wish)
{
    // A restart goes on as try-restart, so that nothing starts that was not there.
    const bool stops = wish.type == JobType::Stop;
    const JobType type = stops ? JobType::Stop : JobType::TryRestart;
    const Dependency kinds[] = {
        Dependency::RequiredBy, Dependency::RequisiteOf, Dependency::BoundBy,
        Dependency::ConsistsOf, Dependency::PropagatesStopTo};
    for (const Dependency kind : kinds) {
        if (!stops && kind == Dependency::PropagatesStopTo)
            continue;
        if (auto added = addAll(job, wish, kind, type, true, false); !added)
            return added;
    }
    return {};
}

Result<void> Transaction::addReloads(PlannedJob *job, const Wish &wish)
{
    return addAll(job, wish, Dependency::PropagatesReloadTo, JobType::TryReload, false, false);
}

QList<PlannedJob *> Transaction::jobs() const
{
    QList<PlannedJob *> out;
    for (Unit *unit : m_order) {
        if (const auto jobs = m_byUnit.value(unit); !jobs.isEmpty())
            out.prepend(jobs.first());
    }
    return out;
}

void Transaction::say(Unit *unit, int priority, const QString &text)
{
    m_messages.append({unit, LogLine{priority, text, {}}});
}

} // namespace qd::units
