// SPDX-License-Identifier: GPL-3.0-or-later
// The further steps of a transaction: making the planned jobs consistent.
#include "agent/units/engine/transaction.h"

#include "agent/units/engine/errors.h"

namespace qd::units {

Result<void> Transaction::activate(JobMode mode)
{
    markWhatMatters(m_anchor);
    if (mode == JobMode::Fail)
        minimizeImpact();
    dropRedundant();
    for (;;) {
        if (mode != JobMode::Isolate)
            collectOrphans();
        const auto order = verifyOrder();
        if (!order)
            return fail(order.error());
        if (*order == Order::Fine)
            break;
    }
    for (;;) {
        const auto merged = mergeAll();
        if (!merged)
            return fail(merged.error());
        if (*merged == Order::Fine)
            break;
        if (mode != JobMode::Isolate)
            collectOrphans();
    }
    dropRedundant();
    if (m_anchor->gone)
        return fail(
            error::orderIsCyclic,
            QStringLiteral("Transaction order is cyclic. See system logs for details."));
    return refuseDestruction(mode);
}

void Transaction::markWhatMatters(PlannedJob *job)
{
    if (job->mattersToAnchor)
        return;
    job->mattersToAnchor = true;
    for (const auto &link : std::as_const(job->needs)) {
        if (link->matters)
            markWhatMatters(link->object);
    }
}

/// Mode fail: stop nothing that runs, turn no job around, where nothing asks for it.
void Transaction::minimizeImpact()
{
    for (size_t i = 0; i < m_jobs.size(); ++i) {
        PlannedJob *job = m_jobs[i].get();
        if (job->gone || job->mattersToAnchor)
            continue;
        const bool stops = job->type == JobType::Stop && isActiveOrActivating(job->unit->active);
        const Job *installed = m_installed(*job->unit);
        const bool turns = installed && areConflicting(job->type, installed->type);
        if (stops || turns)
            drop(job, true);
    }
}

void Transaction::dropRedundant()
{
    const QList<Unit *> units = m_order;
    for (Unit *unit : units) {
        const QList<PlannedJob *> jobs = m_byUnit.value(unit);
        const Job *installed = m_installed(*unit);
        bool keep = false;
        for (const PlannedJob *job : jobs)
            keep = keep || job == m_anchor || !isRedundant(job->type, unit->active) ||
                   (installed && areConflicting(job->type, installed->type));
        if (keep)
            continue;
        for (PlannedJob *job : jobs)
            drop(job, false);
    }
}

void Transaction::collectOrphans()
{
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < m_jobs.size(); ++i) {
            PlannedJob *job = m_jobs[i].get();
            if (job->gone || job == m_anchor || !job->neededBy.isEmpty())
                continue;
            drop(job, false);
            changed = true;
        }
    }
}

Result<Transaction::Order> Transaction::verifyOrder()
{
    ++m_generation;
    for (size_t i = 0; i < m_jobs.size(); ++i) {
        if (m_jobs[i]->gone)
            continue;
        const auto order = verifyOrderFrom(m_jobs[i].get(), nullptr);
        if (!order || *order == Order::Changed)
            return order;
    }
    return Order::Fine;
}

Result<Transaction::Order> Transaction::verifyOrderFrom(OrderedJob *job, OrderedJob *from)
{
    if (job->generation == m_generation) {
        if (!job->cameFrom)
            return Order::Fine; // seen before, and free of loops
        return breakCycle(job, from);
    }
    job->generation = m_generation;
    job->cameFrom = from ? from : job;
    for (const Dependency kind : {Dependency::Before, Dependency::After}) {
        const QList<Unit *> others = job->unit->of(kind).list();
        for (Unit *unit : others) {
            const QList<PlannedJob *> planned = m_byUnit.value(unit);
            OrderedJob *other =
                planned.isEmpty() ? static_cast<OrderedJob *>(m_installed(*unit)) : planned.first();
            if (!other)
                continue;
            const int compared = kind == Dependency::Before ? compareBefore(*job, *other)
                                                            : compareAfter(*job, *other);
            if (compared >= 0)
                continue;
            const auto order = verifyOrderFrom(other, job);
            if (!order || *order == Order::Changed)
                return order;
        }
    }
    job->cameFrom = nullptr;
    return Order::Fine;
}

/// Walks back along a cycle and drops the first job that the anchor can do without (U-09, U-10).
Result<Transaction::Order> Transaction::breakCycle(OrderedJob *job, OrderedJob *from)
{
    PlannedJob *victim = nullptr;
    QList<OrderedJob *> cycle;
    for (OrderedJob *step = from; step; step = step->cameFrom == step ? nullptr : step->cameFrom) {
        cycle.append(step);
        for (PlannedJob *planned : m_byUnit.value(step->unit)) {
            if (!victim && planned == step && !planned->mattersToAnchor)
                victim = planned;
        }
        if (step == job)
            break;
    }
    const auto named = [](const OrderedJob *j) { return j->unit->id + u'/' + toText(j->type); };
    say(job->unit, victim ? 4 : 3,
        QStringLiteral("%1: Found ordering cycle on %2").arg(job->unit->id, named(from)));
    for (qsizetype i = 1; i < cycle.size(); ++i)
        say(job->unit, victim ? 4 : 3,
            QStringLiteral("%1: Found dependency on %2").arg(job->unit->id, named(cycle[i])));
    if (!victim) {
        say(job->unit, 3,
            QStringLiteral("%1: Unable to break cycle starting with %2")
                .arg(job->unit->id, named(job)));
        return fail(
            error::orderIsCyclic,
            QStringLiteral("Transaction order is cyclic. See system logs for details."));
    }
    say(job->unit, 3,
        QStringLiteral("%1: Job %2 deleted to break ordering cycle starting with %3")
            .arg(job->unit->id, named(victim), named(job)));
    drop(victim, true);
    return Order::Changed;
}

Result<Transaction::Order> Transaction::mergeAll()
{
    const QList<Unit *> units = m_order;
    for (Unit *unit : units) {
        const QList<PlannedJob *> jobs = m_byUnit.value(unit);
        if (jobs.size() < 2)
            continue;
        JobType type = jobs.first()->type;
        for (qsizetype i = 1; i < jobs.size(); ++i) {
            const auto merged = mergeAndCollapse(type, jobs[i]->type, unit->active);
            if (!merged) {
                if (auto dropped = dropUnmergeable(jobs); !dropped)
                    return fail(dropped.error());
                return Order::Changed;
            }
            type = *merged;
        }
    }
    for (Unit *unit : units) {
        const QList<PlannedJob *> jobs = m_byUnit.value(unit);
        if (jobs.size() < 2)
            continue;
        PlannedJob *into = jobs.contains(m_anchor) ? m_anchor : jobs.first();
        JobType type = jobs.first()->type;
        for (qsizetype i = 1; i < jobs.size(); ++i)
            type = mergeAndCollapse(type, jobs[i]->type, unit->active).value_or(type);
        for (PlannedJob *job : jobs) {
            if (job != into)
                absorb(into, job, type);
        }
    }
    return Order::Fine;
}

Result<void> Transaction::dropUnmergeable(const QList<PlannedJob *> &jobs)
{
    const auto isConflicted = [](const PlannedJob *job) {
        for (const auto &link : job->neededBy) {
            if (link->conflicts)
                return true;
        }
        return false;
    };
    for (qsizetype i = 0; i < jobs.size(); ++i) {
        for (qsizetype k = i + 1; k < jobs.size(); ++k) {
            PlannedJob *a = jobs[i];
            PlannedJob *b = jobs[k];
            if (!areConflicting(a->type, b->type))
                continue;
            PlannedJob *victim = nullptr;
            if (!a->mattersToAnchor && !b->mattersToAnchor) {
                // Rather keep what starts, unless the stop comes of a conflict.
                if (a->type == JobType::Stop)
                    victim = isConflicted(a) ? b : a;
                else if (b->type == JobType::Stop)
                    victim = isConflicted(b) ? a : b;
                else
                    victim = a;
            } else if (!a->mattersToAnchor) {
                victim = a;
            } else if (!b->mattersToAnchor) {
                victim = b;
            } else {
                return fail(
                    error::jobsConflicting,
                    QStringLiteral(
                        "Transaction contains conflicting jobs '%1' and '%2' for %3. Probably "
                        "contradicting requirement dependencies configured.")
                        .arg(toText(a->type), toText(b->type), a->unit->id));
            }
            drop(victim, true);
            return {};
        }
    }
    return {};
}

void Transaction::absorb(PlannedJob *into, PlannedJob *other, JobType type)
{
    into->type = type;
    into->mattersToAnchor = into->mattersToAnchor || other->mattersToAnchor;
    into->ignoreOrder = into->ignoreOrder || other->ignoreOrder;
    for (const auto &link : std::as_const(other->needs)) {
        link->subject = into;
        into->needs.append(link);
    }
    for (const auto &link : std::as_const(other->neededBy)) {
        link->object = into;
        into->neededBy.append(link);
    }
    other->needs.clear();
    other->neededBy.clear();
    drop(other, false);
}

Result<void> Transaction::refuseDestruction(JobMode mode) const
{
    for (Unit *unit : m_order) {
        const Job *installed = m_installed(*unit);
        if (!installed || !(mode == JobMode::Fail || installed->irreversible))
            continue;
        for (const PlannedJob *job : m_byUnit.value(unit)) {
            if (!areConflicting(installed->type, job->type))
                continue;
            return fail(
                error::destructive,
                QStringLiteral("Transaction for %1/%2 is destructive (%3 has '%4' job queued, "
                               "but '%5' is included in transaction).")
                    .arg(
                        m_anchor->unit->id, toText(m_anchor->type), unit->id,
                        toText(installed->type), toText(job->type)));
        }
    }
    return {};
}

void Transaction::unlink(const std::shared_ptr<PlannedJob::Link> &link)
{
    link->subject->needs.removeOne(link);
    link->object->neededBy.removeOne(link);
}

void Transaction::drop(PlannedJob *job, bool withThoseWhoNeedIt)
{
    if (job->gone)
        return;
    job->gone = true;
    QList<PlannedJob *> &jobs = m_byUnit[job->unit];
    jobs.removeOne(job);
    if (jobs.isEmpty()) {
        m_byUnit.remove(job->unit);
        m_order.removeOne(job->unit);
    }
    const auto needs = job->needs;
    for (const auto &link : needs)
        unlink(link);
    const auto neededBy = job->neededBy;
    for (const auto &link : neededBy) {
        PlannedJob *subject = link->matters ? link->subject : nullptr;
        unlink(link);
        if (subject && withThoseWhoNeedIt)
            drop(subject, true);
    }
}

} // namespace qd::units
