// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>
#include <optional>

/// Which sections and options unit files have (systemd 252).
namespace qd::unitfile {

bool isKnownSection(const QString &section);
/// The kind of value that an option takes: BOOLEAN, SECONDS, COMMAND, UNITS, SIGNAL, STATUS ...;
/// empty when any goes; nothing when there is no such option.
std::optional<QString> optionKind(const QString &section, const QString &name);
/// All options of a section, sorted: for completion in an editor.
QStringList knownOptions(const QString &section);

} // namespace qd::unitfile
