// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <optional>

/// When a timer with Persistent= was last due: the time of change of a file, as systemd keeps it
/// (ch3-systemd.md 9.4).
namespace qd::units {

/// Microseconds since 1970; nothing when there is no such file.
std::optional<quint64> readTimerStamp(const QString &folder, const QString &unit);
/// Makes the file, and the folder, when they are not there. False when that fails.
bool writeTimerStamp(const QString &folder, const QString &unit, quint64 us);

} // namespace qd::units
