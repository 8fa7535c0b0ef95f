// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/driver.h"
#include "agent/units/engine/unit.h"
#include "agent/units/engine/unit_source.h"
#include "shared/unitfile/specifier.h"

namespace qd::units {

/// A dependency that a unit's files, or its type, ask for.
struct WantedDependency {
    Dependency kind;
    QString unit;
};

/// What loading a unit gave besides the unit itself.
struct Loaded {
    QList<WantedDependency> dependencies;
    QStringList messages; ///< for the journal: "[FILE:LINE] ..."
};

/// Fills `unit` (settings, load state, options) from what was found under its name. What runs is
/// left alone. Bad lines are warnings; what systemd refuses makes the load state bad-setting.
Loaded loadUnit(
    Unit &unit, const FoundUnit &found, const unitfile::SpecifierContext &node, Driver &machine);

/// "/a.slice/a-b.slice" of "a-b.slice" (names nest at each dash).
QString slicePath(const QString &slice);

} // namespace qd::units
