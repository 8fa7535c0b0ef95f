// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QSet>
#include <QString>
#include <array>
#include <optional>

namespace qd::units {

struct Unit;

/// How one unit depends on another. Each has its mirror on the other unit (inverseOf).
enum class Dependency {
    Requires,
    RequiredBy,
    Requisite,
    RequisiteOf,
    Wants,
    WantedBy,
    BindsTo,
    BoundBy,
    PartOf,
    ConsistsOf,
    Conflicts,
    ConflictedBy,
    Before,
    After,
    OnFailure,
    OnFailureOf,
    OnSuccess,
    OnSuccessOf,
    PropagatesReloadTo,
    ReloadPropagatedFrom,
    PropagatesStopTo,
    StopPropagatedFrom,
    Triggers,
    TriggeredBy,
    Upholds,
    UpheldBy,
};
constexpr int kDependencies = 26;

Dependency inverseOf(Dependency kind);
/// The D-Bus property: "Requires", "RequiredBy" ...
QString toText(Dependency kind);
/// The option of [Unit] that makes it ("Requires" ... not the mirrors that no option makes).
std::optional<Dependency> dependencyOfOption(const QString &option);

/// Units without repetition, in the order in which they were added.
class UnitSet {
public:
    bool insert(Unit *unit)
    {
        if (m_known.contains(unit))
            return false;
        m_known.insert(unit);
        m_list.append(unit);
        return true;
    }
    void remove(Unit *unit)
    {
        if (m_known.remove(unit))
            m_list.removeOne(unit);
    }
    void clear()
    {
        m_known.clear();
        m_list.clear();
    }
    bool contains(Unit *unit) const { return m_known.contains(unit); }
    const QList<Unit *> &list() const { return m_list; }
    bool isEmpty() const { return m_list.isEmpty(); }

private:
    QSet<Unit *> m_known;
    QList<Unit *> m_list;
};

using Dependencies = std::array<UnitSet, kDependencies>;

} // namespace qd::units
