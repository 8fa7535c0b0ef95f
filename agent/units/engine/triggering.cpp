// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/triggering.h"

#include "agent/units/engine/messages.h"

namespace qd::units {

Unit *triggeredOf(const Unit &unit)
{
    const QList<Unit *> &units = unit.of(Dependency::Triggers).list();
    return units.isEmpty() ? nullptr : units.first();
}

bool triggeredIsLoaded(Core &core, const Unit &unit, const QString &name)
{
    const Unit *triggered = triggeredOf(unit);
    if (triggered && triggered->load == LoadState::Loaded)
        return true;
    core.say(
        &unit, messages::about(
                   unit, 3,
                   QStringLiteral("Refusing to start, unit %1 to trigger not loaded.").arg(name)));
    return false;
}

bool startTriggeredUnit(Core &core, const Unit &unit)
{
    Unit *triggered = triggeredOf(unit);
    const auto job = triggered ? core.addJob(JobType::Start, *triggered, JobMode::Replace)
                               : fail(code::notFound, QStringLiteral("there is none"));
    if (job)
        return true;
    core.say(
        &unit,
        messages::about(
            unit, 4,
            QStringLiteral("Failed to queue unit startup job: %1").arg(job.error().message)));
    return false;
}

} // namespace qd::units
