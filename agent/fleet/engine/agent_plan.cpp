// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/fleet/engine/agent_plan.h"

namespace qd::fleet {

QList<AgentTask> agentTasks(
    const QMap<QString, WantedUnit> &wanted, const QMap<QString, FoundUnit> &found, bool stale)
{
    QList<AgentTask> unload;
    QList<AgentTask> load;
    QList<AgentTask> stop;
    QList<AgentTask> start;
    for (auto it = found.begin(); it != found.end(); ++it) {
        const auto want = wanted.constFind(it.key());
        if (it->unloading)
            continue;
        if (want == wanted.constEnd())
            unload.append(
                {AgentTask::Unload, it.key(),
                 QStringLiteral("unit loaded but not scheduled here")});
        else if (want->hash != it->hash)
            unload.append(
                {AgentTask::Unload, it.key(),
                 QStringLiteral("unit loaded but hash differs to expected")});
    }
    for (auto it = wanted.begin(); it != wanted.end(); ++it) {
        const auto have = found.constFind(it.key());
        const bool launch = it->target == Unit::Target::Launched;
        if (have == found.constEnd()) {
            load.append(
                {AgentTask::Load, it.key(), QStringLiteral("unit scheduled here but not loaded")});
        } else if (have->unloading || have->hash != it->hash) {
            continue;
        } else if (have->launched && !launch) {
            stop.append(
                {AgentTask::Stop, it.key(),
                 QStringLiteral("unit currently launched but desired state is loaded")});
            continue;
        } else if (have->launched) {
            continue;
        }
        if (launch)
            start.append(
                {AgentTask::Start, it.key(),
                 QStringLiteral("unit currently loaded but desired state is launched")});
    }
    QList<AgentTask> out = unload + load;
    if (stale || !load.isEmpty())
        out.append({AgentTask::Reload, {}, QStringLiteral("unit files have changed")});
    return out + stop + start;
}

} // namespace qd::fleet
