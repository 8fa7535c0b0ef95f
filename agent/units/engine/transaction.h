// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/core.h"
#include "agent/units/engine/job.h"

#include <QHash>
#include <functional>
#include <memory>
#include <vector>

namespace qd::units {

/// A job that a transaction means to install.
struct PlannedJob : OrderedJob {
    struct Link {
        PlannedJob *subject = nullptr; ///< who needs it
        PlannedJob *object = nullptr;  ///< what is needed
        bool matters = false;          ///< without the object the subject makes no sense
        bool conflicts = false; ///< the object is the stop of what the subject conflicts with
    };
    bool mattersToAnchor = false;
    bool gone = false;
    QList<std::shared_ptr<Link>> needs;
    QList<std::shared_ptr<Link>> neededBy;
};

/// What one request comes to: jobs for the unit and for all that it drags along, made consistent
/// with each other and with the jobs that are installed already, or an error and no change
/// (anchors-engines.md 2.1, the steps of systemd's transaction).
class Transaction {
public:
    /// Finds a unit's installed job, or null.
    using Installed = std::function<Job *(const Unit &)>;

    /// `generation` counts the searches for cycles over all transactions: installed jobs keep the
    /// marks of earlier ones.
    Transaction(const Core &core, Installed installed, quint32 &generation);
    ~Transaction();

    /// Works the whole transaction out. `all` are the units in memory: mode isolate stops what the
    /// anchor does not need. Error: codes of errors.h.
    Result<void>
    plan(JobType type, Unit &unit, JobMode mode, const std::vector<std::unique_ptr<Unit>> &all);

    /// What is to be installed, what is needed before what needs it.
    QList<PlannedJob *> jobs() const;
    PlannedJob *anchor() const { return m_anchor; }
    bool contains(Unit *unit) const { return m_byUnit.contains(unit); }
    /// What the journal should hear: cycles that were broken.
    struct Message {
        Unit *unit;
        LogLine line;
    };
    const QList<Message> &messages() const { return m_messages; }

private:
    struct Wish {
        JobType type;
        Unit *unit;
        PlannedJob *by = nullptr;
        bool matters = true;
        bool conflicts = false;
        bool ignoreRequirements = false;
        bool ignoreOrder = false;
    };

    Result<void> add(const Wish &wish);
    Result<void> addForStart(PlannedJob *job, const Wish &wish);
    Result<void> addForStop(PlannedJob *job, const Wish &wish);
    Result<void> addReloads(PlannedJob *job, const Wish &wish);
    Result<void> addAll(
        PlannedJob *job, const Wish &wish, Dependency kind, JobType type, bool matters,
        bool conflicts);
    Result<void> refuseLoadState(const Unit &unit) const;
    bool isApplicable(const Unit &unit, JobType type) const;
    PlannedJob *addOne(JobType type, Unit &unit, bool &isNew);

    void addIsolation(const std::vector<std::unique_ptr<Unit>> &units);
    Result<void> activate(JobMode mode);
    void markWhatMatters(PlannedJob *job);
    void minimizeImpact();
    void dropRedundant();
    void collectOrphans();
    enum class Order { Fine, Changed };
    Result<Order> verifyOrder();
    Result<Order> verifyOrderFrom(OrderedJob *job, OrderedJob *from);
    Result<Order> breakCycle(OrderedJob *job, OrderedJob *from);
    Result<Order> mergeAll();
    Result<void> dropUnmergeable(const QList<PlannedJob *> &jobs);
    void absorb(PlannedJob *into, PlannedJob *other, JobType type);
    Result<void> refuseDestruction(JobMode mode) const;

    void drop(PlannedJob *job, bool withThoseWhoNeedIt);
    void unlink(const std::shared_ptr<PlannedJob::Link> &link);
    void say(Unit *unit, int priority, const QString &text);

    const Core &m_core;
    Installed m_installed;
    std::vector<std::unique_ptr<PlannedJob>> m_jobs; ///< also those that are gone
    QHash<Unit *, QList<PlannedJob *>> m_byUnit;
    QList<Unit *> m_order; ///< units as they came in
    PlannedJob *m_anchor = nullptr;
    quint32 &m_generation;
    QList<Message> m_messages;
    JobMode m_mode = JobMode::Replace;
};

} // namespace qd::units
