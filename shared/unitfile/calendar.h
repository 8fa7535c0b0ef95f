// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>
#include <QString>
#include <QTimeZone>
#include <optional>

/// Calendar expressions, as OnCalendar= takes them: `Mon..Fri *-*-* 10:00` (ch3-systemd.md 9,
/// anchors-engines.md 2.4).
namespace qd::unitfile {

/// Values that a field may have: `start`, or each `step` from there on, no further than `stop`.
/// Seconds count in microseconds, days before a month's end in days (1 = the last one).
struct CalendarRange {
    int start = 0;
    std::optional<int> stop;
    int step = 0; ///< 0 = `start` alone

    auto operator<=>(const CalendarRange &) const = default;
};

/// A field without a range may have any value.
using CalendarField = QList<CalendarRange>;

/// When something is due, over and over or once.
struct Calendar {
    quint8 weekdays = 0; ///< a bit a day, Monday the lowest; 0 = any
    CalendarField year;
    CalendarField month;
    CalendarField day;
    bool daysFromEnd = false; ///< `~`: days count back from the end of the month
    CalendarField hour;
    CalendarField minute;
    CalendarField second;
    QByteArray zone; ///< "UTC", "Europe/Berlin"; empty = the node's own

    bool operator==(const Calendar &) const = default;
};

/// Nothing for what systemd refuses: an unknown word, a value out of its range, an open range.
std::optional<Calendar> parseCalendar(const QString &text);

/// systemd's normal form: `Mon..Fri *-*-* 10:00:00`.
QString toText(const Calendar &calendar);

/// The first moment after `afterUs` (microseconds since 1970) that fits; nothing when there is
/// none until the year 2199. An hour that a zone leaves out is no match; of an hour that it has
/// twice, the first counts that is still to come.
std::optional<qint64> nextElapse(const Calendar &calendar, qint64 afterUs, const QTimeZone &local);

} // namespace qd::unitfile
