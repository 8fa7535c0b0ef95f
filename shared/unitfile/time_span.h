// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <limits>
#include <optional>

/// Time spans as systemd writes them: `5h 30min` (ch3-systemd.md 9.1, 24.2).
namespace qd::unitfile {

/// A span without end, in microseconds.
constexpr quint64 kInfinity = std::numeric_limits<quint64>::max();
constexpr quint64 kSecond = 1'000'000;

/// Microseconds that `text` stands for; a number without a unit counts `unit` microseconds.
/// Nothing for what systemd refuses: no number, a negative one, an overflow, an unknown unit.
std::optional<quint64> parseTimeSpan(const QString &text, quint64 unit = kSecond);

/// As systemd prints it, no finer than `accuracy` microseconds: `1min 30s`, `1.500s`, `infinity`.
QString formatTimeSpan(quint64 us, quint64 accuracy = 0);

} // namespace qd::unitfile
