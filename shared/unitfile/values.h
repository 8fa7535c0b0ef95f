// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSet>
#include <QString>
#include <QStringList>
#include <optional>

/// Values of single options: booleans, signals, exit statuses, sizes, modes (ch3-systemd.md 3.2).
namespace qd::unitfile {

/// 1/yes/y/true/t/on and 0/no/n/false/f/off, in any case.
std::optional<bool> parseBool(const QString &text);

/// "SIGTERM", "TERM" or "15" -> 15.
std::optional<int> parseSignal(const QString &text);
/// 15 -> "TERM"; the number as text for one without a name.
QString signalName(int number);

/// Exit statuses and signals, as SuccessExitStatus= lists them.
struct ExitSet {
    QSet<int> statuses;
    QSet<int> signalNumbers;

    bool isEmpty() const { return statuses.isEmpty() && signalNumbers.isEmpty(); }
    bool operator==(const ExitSet &) const = default;
};
/// "3 SIGKILL TEMPFAIL"; nothing when a word is neither.
std::optional<ExitSet> parseExitSet(const QString &text);
/// "EXEC" for 203, "FAILURE" for 1 ...; empty for a status without a name.
QString exitStatusName(int status);

/// "1048576", "64K", "infinity"; sizes count in units of 1024 where `size` says so.
std::optional<quint64> parseLimit(const QString &text, bool size);
/// Octal: "0022".
std::optional<uint> parseMode(const QString &text);

/// The words that an option of the given kind allows; empty when any value goes.
QStringList enumWords(const QString &kind);

} // namespace qd::unitfile
