// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/registry.h"

#include "agent/units/engine/builtin_units.h"
#include "agent/units/engine/mount_setters.h"
#include "shared/unitfile/unit_name.h"

namespace qd::units {

namespace {

constexpr Dependency kPulling[] = {
    Dependency::Requires, Dependency::Wants, Dependency::Requisite, Dependency::BindsTo};

} // namespace

Registry::Registry(Parts parts)
    : m_parts(std::move(parts))
{
}

Registry::~Registry() = default;

Unit &Registry::get(const QString &name)
{
    Unit &unit = stub(name);
    drain();
    return unit;
}

/// The unit of this name, perhaps still waiting to be read.
Unit &Registry::stub(const QString &name)
{
    if (Unit *known = m_byName.value(name))
        return *known;
    FoundUnit found = findUnit(*m_parts.source, name);
    if (found.id != name && !found.id.isEmpty() &&
        unitfile::nameType(found.id) == unitfile::nameType(name)) {
        Unit &real = stub(found.id);
        real.names.append(name);
        m_byName.insert(name, &real);
        return real;
    }
    m_units.push_back(std::make_unique<Unit>());
    Unit &unit = *m_units.back();
    unit.id = name;
    unit.names = QStringList{name};
    unit.type = unitTypeOf(name);
    m_byName.insert(name, &unit);
    m_queue.append(Waiting{&unit, std::move(found)});
    return unit;
}

void Registry::drain()
{
    if (m_draining)
        return;
    m_draining = true;
    QList<Unit *> fresh;
    while (!m_queue.isEmpty()) {
        const Waiting next = m_queue.takeFirst();
        fresh.append(next.unit);
        load(*next.unit, next.found);
    }
    m_draining = false;
    for (Unit *unit : std::as_const(fresh))
        orderTargets(*unit);
    for (Unit *unit : std::as_const(fresh))
        m_parts.added(*unit);
}

void Registry::load(Unit &unit, const FoundUnit &found)
{
    const Loaded loaded = loadUnit(unit, found, *m_parts.node, *m_parts.machine);
    for (const WantedDependency &wanted : loaded.dependencies)
        link(unit, wanted.kind, wanted.unit);
    linkMounts(unit);
    if (loaded.messages.isEmpty())
        return;
    const auto before = m_said.constFind(unit.id);
    if (before == m_said.constEnd() || *before != found.stamp)
        m_parts.said(unit, loaded.messages);
    m_said.insert(unit.id, found.stamp);
}

/// RequiresMountsFor=: a unit comes after all mounts above its paths, and needs those that have a
/// file.
void Registry::linkMounts(Unit &unit)
{
    for (const QString &path : std::as_const(unit.settings.requiresMountsFor)) {
        linkMount(unit, QStringLiteral("/"));
        for (qsizetype slash = path.indexOf(u'/', 1); slash > 0;
             slash = path.indexOf(u'/', slash + 1))
            linkMount(unit, path.left(slash));
        if (path != u"/")
            linkMount(unit, path);
    }
}

void Registry::linkMount(Unit &unit, const QString &path)
{
    const auto stem = unitfile::escapePath(path);
    const QString name = stem.value_or(QString()) + QStringLiteral(".mount");
    if (!stem || !unitfile::isValidName(name) || name == unit.id || isApiMount(path))
        return;
    const bool hasFile = findUnit(*m_parts.source, name).state != FoundUnit::Missing;
    if (!hasFile && !m_parts.machine->mountAt(path))
        return;
    link(unit, Dependency::After, name);
    if (hasFile)
        link(unit, Dependency::Requires, name);
}

void Registry::link(Unit &unit, Dependency kind, const QString &name)
{
    const auto nameKind = unitfile::nameKind(name);
    if (nameKind == unitfile::NameKind::Invalid || nameKind == unitfile::NameKind::Template)
        return;
    Unit &other = stub(name);
    link(unit, kind, other);
    if (&other == &unit)
        return;
    unit.named.insert(&other);
    // What comes of an end is told of it: who it came of stays in memory.
    if (kind == Dependency::OnFailure || kind == Dependency::OnSuccess)
        other.named.insert(&unit);
}

void Registry::link(Unit &unit, Dependency kind, Unit &other)
{
    if (&unit == &other)
        return;
    unit.of(kind).insert(&other);
    other.of(inverseOf(kind)).insert(&unit);
}

/// A target comes after what it pulls in, unless one of the two says otherwise (U-11).
void Registry::orderTarget(Unit &target, Unit &other)
{
    if (target.load == LoadState::Loaded && target.settings.defaultDependencies &&
        other.load == LoadState::Loaded && other.settings.defaultDependencies &&
        !target.of(Dependency::Before).contains(&other))
        link(target, Dependency::After, other);
}

void Registry::orderTargets(Unit &unit)
{
    for (const Dependency kind : kPulling) {
        if (unit.type == UnitType::Target) {
            for (Unit *other : unit.of(kind).list())
                orderTarget(unit, *other);
        }
        for (Unit *target : unit.of(inverseOf(kind)).list()) {
            if (target->type == UnitType::Target)
                orderTarget(*target, unit);
        }
    }
}

void Registry::lookAgain(Unit &unit)
{
    FoundUnit found = findUnit(*m_parts.source, unit.id);
    // It may be mounted by now.
    const bool mayHaveNone = unit.type == UnitType::Mount || unit.type == UnitType::Swap ||
                             unit.type == UnitType::Snapshot;
    if ((found.state == FoundUnit::Missing && !mayHaveNone) ||
        (!found.id.isEmpty() && found.id != unit.id))
        return;
    m_draining = true;
    load(unit, found);
    m_draining = false;
    drain();
    orderTargets(unit);
}

void Registry::reload()
{
    m_draining = true;
    m_said.clear();
    m_byName.clear();
    for (const auto &unit : m_units) {
        for (UnitSet &set : unit->dependencies)
            set.clear();
        unit->named.clear();
        unit->names = QStringList{unit->id};
        m_byName.insert(unit->id, unit.get());
    }
    const size_t before = m_units.size();
    for (size_t i = 0; i < before; ++i) {
        Unit &unit = *m_units[i];
        FoundUnit found = findUnit(*m_parts.source, unit.id);
        if (found.id != unit.id && !found.id.isEmpty()) {
            // It became an alias; what runs under the old name is kept apart.
            found = FoundUnit{};
            found.id = unit.id;
        }
        load(unit, found);
    }
    m_draining = false;
    drain();
    for (size_t i = 0; i < before; ++i)
        orderTargets(*m_units[i]);
}

void Registry::remove(const QSet<Unit *> &units)
{
    for (Unit *unit : units) {
        for (int kind = 0; kind < kDependencies; ++kind) {
            for (Unit *other : unit->of(Dependency(kind)).list()) {
                if (!units.contains(other))
                    other->of(inverseOf(Dependency(kind))).remove(unit);
            }
        }
        for (const QString &name : std::as_const(unit->names))
            m_byName.remove(name);
    }
    std::erase_if(m_units, [&units](const auto &owned) { return units.contains(owned.get()); });
}

} // namespace qd::units
