// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/core.h"
#include "agent/units/engine/job.h"

#include <QHash>
#include <map>
#include <memory>
#include <vector>

namespace qd::units {

/// The installed jobs: at most one a unit, run as the order between units allows, ended by what
/// becomes of their units (anchors-engines.md 2.1; ch3-systemd.md 3.6).
class JobQueue {
public:
    struct Parts {
        Core *core;
        Driver *driver;
        const Clock *clock;
        /// Every unit in memory.
        const std::vector<std::unique_ptr<Unit>> *units;
    };

    explicit JobQueue(Parts parts);
    ~JobQueue();

    /// Plans and installs. Gives the job of `unit`, which may be one that was there before.
    Result<JobId> enqueue(JobType type, Unit &unit, JobMode mode);
    const Job *find(JobId id) const;
    const Job *of(const Unit &unit) const { return m_byUnit.value(&unit); }
    /// By id.
    QList<const Job *> all() const;
    quint32 failed() const { return m_failed; }

    /// Runs every job that may run now.
    void run();
    /// Lets a job end, or try again, by its unit's new state. False when no job asked for it.
    bool follow(Unit &unit, ActiveState now, StateFlags flags);
    /// The units may have got another order: everything that waits is looked at again.
    void reconsider();
    bool cancel(JobId id);
    void cancelAll();
    /// A timer that this set, by the name that was given to the driver; false for others.
    bool timerFired(const QString &timer);

private:
    Job *at(JobId id) const;
    Job *install(JobType type, Unit &unit, bool ignoreOrder, bool irreversible);
    Job *mergeInto(Job &installed, JobType type, bool ignoreOrder, bool irreversible);
    void cancelOthers(const QList<Unit *> &kept);
    void makeReady(Job &job);
    void makeReady(const Unit &unit);
    void makeNeighboursReady(const Unit &unit);
    bool isRunnable(const Job &job) const;
    void perform(JobId id);
    StartAnswer attempt(Job &job);
    void settle(JobId id, StartAnswer answer);
    void finish(Job &job, JobResult result, bool recursive, bool already);
    void failDependants(Unit &unit, std::initializer_list<Dependency> kinds);
    void armTimer(const Job &job);

    Parts m_parts;
    std::map<JobId, std::unique_ptr<Job>> m_jobs;
    QHash<const Unit *, Job *> m_byUnit;
    QList<JobId> m_ready;
    JobId m_lastId = 0;
    quint32 m_failed = 0;
    quint32 m_generation = 0;
};

} // namespace qd::units
