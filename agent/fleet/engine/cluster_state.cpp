// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/fleet/engine/cluster_state.h"

#include "shared/unitfile/unit_name.h"

namespace qd::fleet {

namespace {

Unit::Target targetOf(const QString &word)
{
    if (word == QLatin1String("launched"))
        return Unit::Target::Launched;
    return word == QLatin1String("loaded") ? Unit::Target::Loaded : Unit::Target::Inactive;
}

QString textOf(const std::optional<QByteArray> &value)
{
    return value ? QString::fromUtf8(*value) : QString();
}

/// The state that tells most about many copies: the first that does not run, else the first.
const StateDocument &mostTelling(const QMap<QString, StateDocument> &states)
{
    for (const StateDocument &state : states) {
        if (state.activeState != QLatin1String("active"))
            return state;
    }
    return states.first();
}

void fillState(Unit &unit, const StateDocument &state)
{
    unit.loadState = state.loadState;
    unit.activeState = state.activeState;
    unit.subState = state.subState;
    unit.invocationId = state.invocationId;
    unit.mainPid = state.mainPid;
    if (state.sinceUs > 0)
        unit.since = QDateTime::fromMSecsSinceEpoch(state.sinceUs / 1000, Qt::UTC);
    unit.startResult = state.start.result;
    unit.startError = state.start.error;
    if (state.start.endedUs > 0)
        unit.startEnded = QDateTime::fromMSecsSinceEpoch(state.start.endedUs / 1000, Qt::UTC);
}

/// A start that came to nothing, before the sentence of the placement.
QString withStart(const StartOutcome &start, const QString &where, const QString &reason)
{
    if (start.error.isEmpty())
        return reason;
    return QStringLiteral("Not started%1: %2 %3").arg(where, start.error, reason);
}

QString metadataText(const Requirements &need)
{
    QStringList pairs;
    for (auto it = need.metadata.begin(); it != need.metadata.end(); ++it)
        pairs.append(it.key() + u'=' + it.value().join(QStringLiteral(" or ")));
    return pairs.join(QStringLiteral(" and "));
}

} // namespace

ClusterState::ClusterState(Keys keys)
    : m_keys(std::move(keys))
{
}

void ClusterState::clear()
{
    for (auto it = m_jobs.begin(); it != m_jobs.end(); ++it)
        m_changed.insert(it.key());
    m_machines.clear();
    m_metadata.clear();
    m_texts.clear();
    m_jobs.clear();
    m_globals.clear();
    m_lease.reset();
}

bool ClusterState::apply(const QString &key, const std::optional<QByteArray> &value)
{
    const QString root = m_keys.prefix() + u'/';
    if (!key.startsWith(root)) {
        if (!value && m_keys.prefix().startsWith(key))
            clear();
        return !value;
    }
    const QStringList path = key.mid(root.size()).split(u'/');
    if (path[0] == QLatin1String("machines"))
        return applyMachine(path.mid(1), value);
    if (path[0] == QLatin1String("unit"))
        return applyText(path.mid(1), value);
    if (path[0] == QLatin1String("job"))
        return applyJob(path.mid(1), value);
    if (path[0] == QLatin1String("states"))
        return applyState(path.mid(1), value);
    if (path[0] == QLatin1String("reason") && path.size() == 2) {
        m_jobs[path[1]].reason =
            value ? readReason(*value).value_or(ReasonDocument{}) : ReasonDocument{};
        m_changed.insert(path[1]);
        forgetIfEmpty(path[1]);
        return false;
    }
    if (path[0] == QLatin1String("lease")) {
        m_lease = value ? std::optional(readLease(*value)) : std::nullopt;
        return !value;
    }
    return false;
}

bool ClusterState::applyMachine(const QStringList &path, const std::optional<QByteArray> &value)
{
    const QString id = path.value(0);
    const auto before = m_machines;
    const auto metadataBefore = m_metadata;
    const bool gone = !value;
    const bool whole = path.size() <= 1;
    if (whole && gone && path.isEmpty()) {
        m_machines.clear();
        m_metadata.clear();
    } else if (gone && (whole || path[1] == QLatin1String("object"))) {
        m_machines.remove(id);
        if (whole)
            m_metadata.remove(id);
    } else if (!whole && path[1] == QLatin1String("object")) {
        if (const auto document = readMachine(*value))
            m_machines.insert(id, *document);
    } else if (path.size() == 3 && gone) {
        m_metadata[id].remove(path[2]);
    } else if (path.size() == 3) {
        m_metadata[id].insert(path[2], textOf(value));
    }
    const bool changed = before != m_machines || metadataBefore != m_metadata;
    if (changed)
        globalsChanged();
    return changed;
}

bool ClusterState::applyText(const QStringList &path, const std::optional<QByteArray> &value)
{
    const QString hash = path.value(0);
    const auto text = value ? readUnitText(*value) : std::nullopt;
    if (!text) {
        m_texts.remove(hash);
        return false;
    }
    m_texts.insert(hash, *text);
    for (auto it = m_jobs.begin(); it != m_jobs.end(); ++it) {
        if (it->hash == hash && !it->hasText) {
            readText(it.key(), *it);
            if (it->need.global)
                m_globals.insert(it.key());
            m_changed.insert(it.key());
        }
    }
    return true;
}

void ClusterState::readText(const QString &name, Job &job) const
{
    const auto text = m_texts.constFind(job.hash);
    job.hasText = text != m_texts.constEnd();
    if (!job.hasText)
        return;
    const unitfile::UnitFile file = unitfile::parse(text->toUtf8());
    job.need = readRequirements(name, file);
    job.description = file.value(QStringLiteral("Unit"), QStringLiteral("Description"));
    job.description.replace(QStringLiteral("%i"), unitfile::nameInstance(name));
    job.description.replace(QStringLiteral("%n"), name);
    job.description.replace(QStringLiteral("%p"), unitfile::namePrefix(name));
}

bool ClusterState::applyJob(const QStringList &path, const std::optional<QByteArray> &value)
{
    if (path.isEmpty() || path[0].isEmpty())
        return false;
    const QString &name = path[0];
    m_changed.insert(name);
    if (path.size() == 1) {
        if (!value) {
            const Job old = m_jobs.take(name);
            m_globals.remove(name);
            m_jobs[name].states = old.states; // these two stand in folders of their own
            m_jobs[name].reason = old.reason;
            forgetIfEmpty(name);
        }
        return !value;
    }
    Job &job = m_jobs[name];
    const QString &what = path[1];
    if (what == QLatin1String("object")) {
        job.hash = value ? readJobHash(*value).value_or(QString()) : QString();
        job.need = {};
        readText(name, job);
        if (job.exists() && job.need.global)
            m_globals.insert(name);
        else
            m_globals.remove(name);
    } else if (what == QLatin1String("target-state")) {
        job.desired = targetOf(textOf(value));
    } else if (what == QLatin1String("target")) {
        job.target = textOf(value);
    } else {
        if (what == QLatin1String("job-state"))
            job.launchedOn = textOf(value);
        return false;
    }
    return true;
}

bool ClusterState::applyState(const QStringList &path, const std::optional<QByteArray> &value)
{
    if (path.isEmpty() || path[0].isEmpty())
        return false;
    auto &states = m_jobs[path[0]].states;
    m_changed.insert(path[0]);
    if (!value && path.size() == 1)
        states.clear();
    else if (!value)
        states.remove(path[1]);
    else if (const auto state = readState(*value); state && path.size() == 2)
        states.insert(path[1], *state);
    forgetIfEmpty(path[0]);
    return false;
}

void ClusterState::globalsChanged()
{
    m_changed.unite(m_globals);
}

const ClusterState::Job *ClusterState::job(const QString &name) const
{
    const auto it = m_jobs.constFind(name);
    return it != m_jobs.constEnd() && it->exists() ? &*it : nullptr;
}

QStringList ClusterState::unitNames() const
{
    QStringList out;
    for (auto it = m_jobs.begin(); it != m_jobs.end(); ++it) {
        if (it->exists())
            out.append(it.key());
    }
    return out;
}

std::optional<QString> ClusterState::text(const QString &hash) const
{
    const auto it = m_texts.constFind(hash);
    return it == m_texts.constEnd() ? std::nullopt : std::optional(*it);
}

Machine ClusterState::machineOf(const MachineDocument &document) const
{
    Machine out{document.id, {}, document.metadata};
    const auto over = m_metadata.value(document.id);
    for (auto it = over.begin(); it != over.end(); ++it) {
        if (it.value().isEmpty())
            out.metadata.remove(it.key()); // removed from outside
        else
            out.metadata.insert(it.key(), it.value());
    }
    return out;
}

ClusterView ClusterState::view(const QMap<QString, QString> &names) const
{
    ClusterView out;
    out.names = names;
    for (const MachineDocument &document : m_machines) {
        Machine machine = machineOf(document);
        machine.name = names.value(document.id);
        out.machines.insert(document.id, machine);
    }
    for (auto it = m_jobs.begin(); it != m_jobs.end(); ++it) {
        if (it->exists() && it->hasText)
            out.units.insert(it.key(), {it.key(), it->need, it->desired, it->target});
    }
    return out;
}

QMap<QString, WantedUnit> ClusterState::wantedOn(const QString &machineId) const
{
    QMap<QString, WantedUnit> out;
    const auto self = m_machines.constFind(machineId);
    for (auto it = m_jobs.begin(); it != m_jobs.end(); ++it) {
        if (!it->exists() || !it->hasText || it->desired == Unit::Target::Inactive)
            continue;
        const bool here = it->need.global ? self != m_machines.constEnd() &&
                                                hasMetadata(machineOf(*self), it->need)
                                          : it->target == machineId;
        if (here)
            out.insert(it.key(), {it->hash, it->desired});
    }
    return out;
}

QMap<QString, int> ClusterState::loads() const
{
    QMap<QString, int> out;
    for (const Job &job : m_jobs) {
        if (!job.exists() || job.desired == Unit::Target::Inactive)
            continue;
        if (!job.need.global && !job.target.isEmpty())
            ++out[job.target];
        for (const MachineDocument &document : m_machines) {
            if (!job.need.global)
                break;
            if (hasMetadata(machineOf(document), job.need))
                ++out[document.id];
        }
    }
    return out;
}

void ClusterState::forgetIfEmpty(const QString &name)
{
    const auto it = m_jobs.constFind(name);
    if (it != m_jobs.constEnd() && !it->exists() && it->states.isEmpty() && it->target.isEmpty() &&
        it->reason.sentence.isEmpty())
        m_jobs.erase(it);
}

void ClusterState::fillGlobal(Unit &unit, const Job &job, const QMap<QString, QString> &names) const
{
    unit.global = true;
    qsizetype fit = 0;
    for (const MachineDocument &document : m_machines)
        fit += hasMetadata(machineOf(document), job.need) ? 1 : 0;
    const QString which = job.need.metadata.isEmpty()
                              ? QString()
                              : QStringLiteral(", those with ") + metadataText(job.need);
    unit.reason = unit.desired == Unit::Target::Inactive
                      ? QStringLiteral("Stored only: neither loaded nor started.")
                      : QStringLiteral("Global: on %1 of %2 machines%3.")
                            .arg(fit)
                            .arg(m_machines.size())
                            .arg(which);
    if (job.states.isEmpty())
        return;
    const StateDocument &state = mostTelling(job.states);
    fillState(unit, state);
    unit.current = unit.desired;
    const QString where =
        QStringLiteral(" on ") + names.value(state.machineId, state.machineId.left(8));
    unit.reason = withStart(state.start, where, unit.reason);
}

std::optional<Unit>
ClusterState::row(const QString &name, const QMap<QString, QString> &names) const
{
    const Job *job = this->job(name);
    if (job == nullptr)
        return std::nullopt;
    Unit out;
    out.name = name;
    out.description = job->description;
    out.hash = job->hash;
    out.desired = job->desired;
    if (job->need.global) {
        fillGlobal(out, *job, names);
        return out;
    }
    out.machineId = job->target;
    out.machineName = names.value(job->target, job->target.left(8));
    const auto state = job->states.constFind(job->target);
    const bool reported = state != job->states.constEnd();
    out.current = currentState(job->target, reported, job->launchedOn);
    if (reported)
        fillState(out, *state);
    if (job->desired == Unit::Target::Inactive && job->target.isEmpty())
        out.reason = isTemplate(name)
                         ? QStringLiteral("A template: only its instances can be started.")
                         : QStringLiteral("Stored only: neither loaded nor started.");
    else if (!job->reason.sentence.isEmpty() && job->reason.machineId == job->target)
        out.reason = job->reason.sentence;
    else if (job->target.isEmpty())
        out.reason = QStringLiteral("Waits for the engine to place it.");
    else
        out.reason = QStringLiteral("On %1.").arg(out.machineName);
    if (reported)
        out.reason = withStart(state->start, {}, out.reason);
    return out;
}

} // namespace qd::fleet
