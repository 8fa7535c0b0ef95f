// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/driver.h"
#include "agent/units/engine/loader.h"
#include "agent/units/engine/unit.h"
#include "agent/units/engine/unit_source.h"

#include <QHash>
#include <QSet>
#include <functional>
#include <memory>
#include <vector>

namespace qd::units {

/// The units in memory and how they depend on each other. Loading one loads all that it names, so
/// that the graph is always whole.
class Registry {
public:
    struct Parts {
        const UnitSource *source;
        Driver *machine;
        const unitfile::SpecifierContext *node;
        std::function<void(Unit &)> added; ///< once it and all that it names are loaded
        std::function<void(const Unit &, const QStringList &messages)> said;
    };

    explicit Registry(Parts parts);
    ~Registry();

    Unit *find(const QString &name) const { return m_byName.value(name); }
    /// Loads it if need be. `name` must be a valid name and no template.
    Unit &get(const QString &name);
    /// Reads a unit that had no file anew when it has one by now.
    void lookAgain(Unit &unit);
    /// In the order in which they came into memory.
    const std::vector<std::unique_ptr<Unit>> &all() const { return m_units; }
    /// A dependency that no file speaks of; it keeps nothing in memory, and reload() forgets it.
    void link(Unit &unit, Dependency kind, Unit &other);
    /// Reads every file again and joins the graph anew.
    void reload();
    /// Forgets units: no unit that stays may name one of them.
    void remove(const QSet<Unit *> &units);

private:
    struct Waiting {
        Unit *unit;
        FoundUnit found;
    };

    Unit &stub(const QString &name);
    void drain();
    void load(Unit &unit, const FoundUnit &found);
    void link(Unit &unit, Dependency kind, const QString &name);
    void linkMounts(Unit &unit);
    void linkMount(Unit &unit, const QString &path);
    void orderTarget(Unit &target, Unit &other);
    void orderTargets(Unit &unit);

    Parts m_parts;
    std::vector<std::unique_ptr<Unit>> m_units;
    QHash<QString, Unit *> m_byName;
    QList<Waiting> m_queue;
    /// By name, the stamp of the files that were complained of. A unit that nobody needs is
    /// forgotten and read again whenever someone asks for it.
    QHash<QString, QByteArray> m_said;
    bool m_draining = false;
};

} // namespace qd::units
