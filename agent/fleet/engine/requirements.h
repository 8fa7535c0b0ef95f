// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"
#include "shared/unitfile/unit_file.h"

#include <QMap>
#include <QStringList>

/// What a unit asks of the machine that is to run it: its section [X-Fleet] (F29, F30, F35 to F41,
/// F77; peer-contracts.md 3.6).
namespace qd::fleet {

struct Requirements {
    QString machineId;                   ///< full id or its first 8 characters; empty = any
    QStringList peers;                   ///< MachineOf: exact unit names, all of them
    QMap<QString, QStringList> metadata; ///< each key: one of the values
    QStringList conflicts;               ///< globs
    QStringList replaces;                ///< globs
    bool global = false;                 ///< on every machine that has the metadata

    bool operator==(const Requirements &) const = default;
};

/// Shell globs as fleet knows them: `*` and `?` (both not `/`), `[a-z]`, `[^a]`, `\`; the whole
/// name. A broken pattern matches nothing.
bool globMatches(const QString &pattern, const QString &name);

/// Reads the section for a unit of this name; `%n %N %p %i` are replaced. What is odd about it goes
/// to `problems` when given: an unknown or old key, what Global makes void.
Requirements readRequirements(
    const QString &unitName, const unitfile::UnitFile &file,
    QList<unitfile::Problem> *problems = nullptr);

/// code::badInput when the requirements contradict each other (F78).
Result<void> validate(const Requirements &need);

/// Fleet's own rules for names (ch4-6-fleet-cases.md 2.5.5). code::badInput says what is wrong.
Result<void> validateName(const QString &name);

/// `foo@.service`: can be stored, not started (F41).
bool isTemplate(const QString &name);

} // namespace qd::fleet
