// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/fleet/engine/reconcile.h"

#include <QSet>

namespace qd::fleet {

namespace {

class Round {
public:
    explicit Round(const ClusterView &view)
        : m_view(view)
    {
        m_snapshot.machines = view.machines;
        for (const PlannedUnit &unit : view.units) {
            if (unit.need.global)
                countGlobal(unit);
            else if (!unit.target.isEmpty())
                m_snapshot.placed[unit.target].insert(unit.name, unit.need);
        }
    }

    EngineRound run()
    {
        while (freeSome()) {
        }
        place();
        return std::move(m_out);
    }

private:
    void countGlobal(const PlannedUnit &unit)
    {
        if (unit.desired == Unit::Target::Inactive)
            return;
        for (const QString &machine : machinesOf(unit.need, m_view.machines))
            m_snapshot.placed[machine].insert(unit.name, unit.need);
    }

    bool isPlaced(const PlannedUnit &unit) const
    {
        return !unit.target.isEmpty() && !m_freed.contains(unit.name);
    }

    QString whyNotStay(const PlannedUnit &unit) const
    {
        if (unit.desired == Unit::Target::Inactive)
            return QStringLiteral("unit scheduled but desired state is inactive");
        if (unit.need.global)
            return QStringLiteral("a global unit is not scheduled");
        return obstacle({unit.name, unit.need}, unit.target, m_snapshot);
    }

    void unassign(const PlannedUnit &unit)
    {
        m_freed.insert(unit.name);
        if (!unit.need.global)
            m_snapshot.placed[unit.target].remove(unit.name);
        m_out.writes.append({TargetWrite::Unassign, unit.name, unit.target});
    }

    /// One pass; freeing one unit can end the ground on which another stands (MachineOf).
    bool freeSome()
    {
        bool freed = false;
        for (const PlannedUnit &unit : m_view.units) {
            if (!isPlaced(unit))
                continue;
            const QString why = whyNotStay(unit);
            if (why.isEmpty())
                continue;
            m_why.insert(unit.name, why);
            unassign(unit);
            freed = true;
        }
        return freed;
    }

    void place()
    {
        QStringList waiting;
        for (const PlannedUnit &unit : m_view.units) {
            if (unit.desired != Unit::Target::Inactive && !unit.need.global && !isPlaced(unit))
                waiting.append(unit.name);
        }
        // A unit that waits for a peer gets its chance after the peer, also in this round.
        for (bool again = true; again && !waiting.isEmpty();) {
            again = false;
            QStringList left;
            for (qsizetype i = 0; i < waiting.size(); ++i) {
                const PlannedUnit &unit = m_view.units.find(waiting[i]).value();
                const Choice choice = schedule({unit.name, unit.need}, m_snapshot);
                m_out.reasons.insert(unit.name, told(unit, choice));
                if (choice.node.isEmpty()) {
                    left.append(unit.name);
                    continue;
                }
                assign(unit, choice, &left);
                again = true;
            }
            waiting = withPeers(left);
        }
    }

    void assign(const PlannedUnit &unit, const Choice &choice, QStringList *left)
    {
        for (const QString &name : choice.displaced) {
            const PlannedUnit &other = m_view.units.find(name).value();
            if (!isPlaced(other) || other.target != choice.node)
                continue; // placed in this round: the next one moves it
            m_why.insert(name, QStringLiteral("replaced by Unit(%1)").arg(unit.name));
            unassign(other);
            m_displaced.insert(name);
            left->append(name);
        }
        m_snapshot.placed[choice.node].insert(unit.name, unit.need);
        m_out.writes.append({TargetWrite::Assign, unit.name, choice.node});
    }

    /// Only these can have better luck in another pass of this round.
    QStringList withPeers(const QStringList &names) const
    {
        QStringList out;
        for (const QString &name : names) {
            if (!m_view.units.find(name)->need.peers.isEmpty() || m_displaced.contains(name))
                out.append(name);
        }
        return out;
    }

    QString told(const PlannedUnit &unit, const Choice &choice) const
    {
        const QString why = m_why.value(unit.name);
        if (why.isEmpty())
            return choice.sentence;
        if (!m_view.machines.contains(unit.target))
            return QStringLiteral("Its machine %1 was lost. ")
                       .arg(m_view.names.value(unit.target, unit.target.left(8))) +
                   choice.sentence;
        return QStringLiteral("Left %1: %2. ").arg(m_snapshot.nameOf(unit.target), why) +
               choice.sentence;
    }

    const ClusterView &m_view;
    Snapshot m_snapshot;
    EngineRound m_out;
    QSet<QString> m_freed;
    QSet<QString> m_displaced;
    QMap<QString, QString> m_why;
};

} // namespace

EngineRound reconcile(const ClusterView &view)
{
    return Round(view).run();
}

Unit::Target currentState(const QString &target, bool reported, const QString &launchedOn)
{
    if (target.isEmpty() || !reported)
        return Unit::Target::Inactive;
    return launchedOn == target ? Unit::Target::Launched : Unit::Target::Loaded;
}

QStringList machinesOf(const Requirements &global, const QMap<QString, Machine> &machines)
{
    QStringList out;
    for (const Machine &machine : machines) {
        if (hasMetadata(machine, global))
            out.append(machine.id);
    }
    return out;
}

} // namespace qd::fleet
