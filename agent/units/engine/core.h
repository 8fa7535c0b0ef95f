// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/driver.h"
#include "agent/units/engine/journal_sink.h"
#include "agent/units/engine/types.h"
#include "agent/units/engine/unit.h"
#include "agent/units/engine/unit_source.h"
#include "shared/base/clock.h"
#include "shared/base/random.h"

namespace qd::units {

struct Job;

/// What comes with a change of state.
struct StateFlags {
    bool willRestart = false; ///< failed or dead for a moment only
    bool reloadFailed = false;
    bool skipped = false; ///< by a condition of its own
};

/// A line of the engine in the journal.
struct LogLine {
    int priority = 6;
    QString text;
    QList<JournalField> fields;
};

/// What became of an attempt to start, stop or reload a unit.
enum class StartAnswer {
    Begun,        ///< just now: the state tells how it goes
    UnderWay,     ///< it had begun before
    Already,      ///< it is as asked for
    NotNow,       ///< try again after the next change of state
    NotStartable, ///< it is of no use to try: an inactive unit that should be active
    NotBound,     ///< something that it is bound to is not active
    ConditionFailed,
    AssertFailed,
    Unsupported,
    NotActive, ///< nothing to reload
    Failed,
};

/// What the parts of the engine ask of each other; the Manager answers.
class Core {
public:
    virtual ~Core() = default;
    virtual Result<JobId> addJob(JobType type, Unit &unit, JobMode mode) = 0;
    /// Call after each change of a unit's active or sub-state.
    virtual void stateChanged(Unit &unit, ActiveState before, StateFlags flags) = 0;
    /// Call after any other change that a property shows.
    virtual void changed(Unit &unit) = 0;
    virtual bool hasStopJob(const Unit &unit) const = 0;
    /// Whether a job is to bring it up.
    virtual bool hasStartJob(const Unit &unit) const = 0;
    /// A unit by its name, loaded if need be. Error: code::badInput, no name of a unit.
    virtual Result<Unit *> loadedUnit(const QString &name) = 0;
    /// A dependency that no file speaks of; it is forgotten when the files are read again.
    virtual void link(Unit &unit, Dependency kind, Unit &other) = 0;
    virtual StartAnswer start(Unit &unit) = 0;
    virtual StartAnswer stop(Unit &unit) = 0;
    virtual StartAnswer reloadUnit(Unit &unit) = 0;
    virtual bool isReloadable(const Unit &unit) const = 0;
    virtual void jobWasAdded(const Job &job) = 0;
    virtual void jobHasChanged(const Job &job) = 0;
    virtual void jobWasRemoved(const Job &job, JobResult result) = 0;
    /// Starts what OnFailure= or OnSuccess= names.
    virtual void startTriggered(Unit &unit, Dependency kind) = 0;
    virtual void say(const Unit *unit, const LogLine &line) = 0;
    virtual Moment now() const = 0;
    /// 32 hex digits that nobody has had before.
    virtual QString freshId() = 0;
};

} // namespace qd::units
