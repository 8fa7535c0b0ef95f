// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/unitfile/unit_file.h"

#include <optional>

/// What an editor says about a unit file, and what the engine writes to the log when it loads one.
namespace qd::unitfile {

/// What is wrong with the value of one option, or nothing. `unit` is the unit's name. An Error
/// means that systemd refuses the unit; a Warning that it ignores the line.
std::optional<Problem> checkOption(const QString &unit, const Option &option);

/// Everything wrong with `text` as the unit file of `name`, by line. Names of the unit, sections,
/// options, values, commands, and what a service must have (S14, S16, S78).
QList<Problem> check(const QString &name, const QByteArray &text);

} // namespace qd::unitfile
