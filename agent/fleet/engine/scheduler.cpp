// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/fleet/engine/scheduler.h"

namespace qd::fleet {

namespace {

/// How many refusals, and machines of one refusal, a sentence spells out.
constexpr qsizetype kSpelledOut = 4;

bool anyMatches(const QStringList &globs, const QString &name)
{
    for (const QString &glob : globs) {
        if (globMatches(glob, name))
            return true;
    }
    return false;
}

bool conflict(const Workload &a, const QString &otherName, const Requirements &other)
{
    return anyMatches(a.need.conflicts, otherName) || anyMatches(other.conflicts, a.name);
}

/// Whether the other one, and only it, replaces this one.
bool isReplaced(const Workload &it, const QString &otherName, const Requirements &other)
{
    return anyMatches(other.replaces, it.name) && !anyMatches(it.need.replaces, otherName);
}

QString localObstacle(const Workload &workload, const QMap<QString, Requirements> &local)
{
    for (const QString &peer : workload.need.peers) {
        if (!local.contains(peer))
            return QStringLiteral("required peer Unit(%1) is not scheduled locally").arg(peer);
    }
    for (auto it = local.begin(); it != local.end(); ++it) {
        if (it.key() == workload.name)
            continue;
        if (conflict(workload, it.key(), it.value()))
            return QStringLiteral("found conflict with locally-scheduled Unit(%1)").arg(it.key());
        if (isReplaced(workload, it.key(), it.value()))
            return QStringLiteral("replaced by locally-scheduled Unit(%1)").arg(it.key());
    }
    return {};
}

QString machinesText(const QStringList &names)
{
    return names.size() > kSpelledOut ? QStringLiteral("%1 machines").arg(names.size())
                                      : names.join(QStringLiteral(", "));
}

QString sentenceOfNone(const Choice &choice, const Snapshot &snapshot)
{
    if (snapshot.machines.isEmpty())
        return QStringLiteral("Waits: zero agents available.");
    QMap<QString, QStringList> namesOf; // by reason
    for (auto it = choice.reasons.begin(); it != choice.reasons.end(); ++it)
        namesOf[it.value()].append(snapshot.nameOf(it.key()));
    QMap<QString, QString> groups; // by the first machine's name, so that they are in its order
    for (auto it = namesOf.begin(); it != namesOf.end(); ++it) {
        std::sort(it->begin(), it->end());
        const QString first = it->first();
        groups.insert(first + it.key(), machinesText(*it) + QStringLiteral(": ") + it.key());
    }
    QStringList spelled = groups.values().mid(0, kSpelledOut);
    if (groups.size() > kSpelledOut)
        spelled.append(QStringLiteral("and %1 more").arg(groups.size() - kSpelledOut));
    return QStringLiteral("Waits: no agents able to run job (%1).")
        .arg(spelled.join(QStringLiteral("; ")));
}

QString sentenceOf(const Choice &choice, const Workload &workload, const Snapshot &snapshot)
{
    const QString name = snapshot.nameOf(choice.node);
    const qsizetype all = snapshot.machines.size();
    const qsizetype able = all - choice.reasons.size();
    if (!workload.need.machineId.isEmpty())
        return QStringLiteral("On %1: its MachineID asks for it.").arg(name);
    if (!workload.need.peers.isEmpty())
        return QStringLiteral("On %1: there is %2.")
            .arg(name, workload.need.peers.join(QStringLiteral(" and ")));
    if (able == 1 && all > 1)
        return QStringLiteral("On %1: the only one of %2 machines that is able to run it.")
            .arg(name)
            .arg(all);
    if (all == 1)
        return QStringLiteral("On %1: the only machine.").arg(name);
    return QStringLiteral(
               "On %1: the fewest units (%2) of the %3 machines that are able to run it.")
        .arg(name)
        .arg(snapshot.load(choice.node))
        .arg(able);
}

} // namespace

qsizetype Snapshot::load(const QString &machineId) const
{
    const auto it = placed.constFind(machineId);
    return it == placed.constEnd() ? 0 : it->size();
}

QString Snapshot::nameOf(const QString &machineId) const
{
    const auto it = machines.constFind(machineId);
    return it != machines.constEnd() && !it->name.isEmpty() ? it->name : machineId.left(8);
}

bool hasMetadata(const Machine &machine, const Requirements &need)
{
    for (auto it = need.metadata.begin(); it != need.metadata.end(); ++it) {
        const auto own = machine.metadata.constFind(it.key());
        if (own == machine.metadata.constEnd() || !it.value().contains(*own))
            return false;
    }
    return true;
}

QString obstacle(const Workload &workload, const QString &machineId, const Snapshot &snapshot)
{
    const auto machine = snapshot.machines.constFind(machineId);
    if (machine == snapshot.machines.constEnd())
        return QStringLiteral("target Machine(%1) went away").arg(machineId);
    const QString &wanted = workload.need.machineId;
    if (!wanted.isEmpty() && wanted != machineId && wanted != machineId.left(8))
        return QStringLiteral("agent ID \"%1\" does not match required \"%2\"")
            .arg(machineId, wanted);
    if (!hasMetadata(*machine, workload.need))
        return QStringLiteral("local Machine metadata insufficient");
    const auto local = snapshot.placed.constFind(machineId);
    return localObstacle(
        workload, local == snapshot.placed.constEnd() ? QMap<QString, Requirements>() : *local);
}

Choice schedule(const Workload &workload, const Snapshot &snapshot)
{
    Choice out;
    qsizetype least = 0;
    for (auto it = snapshot.machines.begin(); it != snapshot.machines.end(); ++it) {
        const QString why = obstacle(workload, it.key(), snapshot);
        if (!why.isEmpty()) {
            out.reasons.insert(it.key(), why);
            continue;
        }
        const qsizetype load = snapshot.load(it.key());
        if (out.node.isEmpty() || load < least) { // ids ascend: the first of equals wins
            out.node = it.key();
            least = load;
        }
    }
    if (out.node.isEmpty()) {
        out.sentence = sentenceOfNone(out, snapshot);
        return out;
    }
    out.sentence = sentenceOf(out, workload, snapshot);
    const auto there = snapshot.placed.value(out.node);
    for (auto it = there.begin(); it != there.end(); ++it) {
        if (isReplaced({it.key(), it.value()}, workload.name, workload.need))
            out.displaced.append(it.key());
    }
    return out;
}

} // namespace qd::fleet
