// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/unitfile/calendar.h"
#include "shared/unitfile/time_span.h"

#include <QDateTime>

namespace qd::unitfile {

namespace {

constexpr int kLastYear = 2199;
constexpr int kMostSteps = 1000; // an expression that never fits must end
constexpr qint64 kMinuteUs = 60 * qint64(kSecond);
constexpr qint64 kDayUs = 24 * 60 * kMinuteUs;

/// A moment as a wall clock and a calendar on the wall show it. Fields may run over.
struct Wall {
    int year = 1970;
    int month = 1;
    int day = 1;
    int hour = 0;
    int minute = 0;
    qint64 secondUs = 0;

    auto operator<=>(const Wall &) const = default;
};

qint64 daysInto(const Wall &wall)
{
    const int months = wall.month - 1;
    const QDate first(wall.year + months / 12, months % 12 + 1, 1);
    return QDate(1970, 1, 1).daysTo(first) + wall.day - 1;
}

/// Microseconds since 1970 as if the wall were in Greenwich.
qint64 plainUs(const Wall &wall)
{
    const qint64 minutes = qint64(wall.hour) * 60 + wall.minute;
    return daysInto(wall) * kDayUs + minutes * kMinuteUs + wall.secondUs;
}

Wall wallOf(qint64 plain)
{
    const qint64 days = plain >= 0 ? plain / kDayUs : -((-plain + kDayUs - 1) / kDayUs);
    const qint64 inDay = plain - days * kDayUs;
    const QDate date = QDate(1970, 1, 1).addDays(days);
    return {
        date.year(),
        date.month(),
        date.day(),
        int(inDay / (60 * kMinuteUs)),
        int(inDay / kMinuteUs % 60),
        inDay % kMinuteUs};
}

/// A zone's offset from Greenwich, and which moments a wall's time stands for.
class Zone {
public:
    explicit Zone(const QTimeZone &zone)
        : m_zone(zone)
    {
    }

    Wall show(qint64 us) const { return wallOf(us + offsetAt(us)); }
    /// The moment of `wall`; of two the first that is after `afterUs`, else the last. A time that
    /// the zone leaves out comes as much later as is left out.
    qint64 moment(const Wall &wall, qint64 afterUs) const
    {
        const qint64 plain = plainUs(wall);
        const qint64 early = plain - offsetAt(plain - kDayUs); // by the offset of before a change
        const qint64 late = plain - offsetAt(plain + kDayUs);
        const bool earlyFits = early + offsetAt(early) == plain;
        const bool lateFits = late + offsetAt(late) == plain;
        if (earlyFits && lateFits)
            return early > afterUs ? early : late;
        return lateFits ? late : early;
    }

private:
    qint64 offsetAt(qint64 us) const
    {
        const QDateTime at = QDateTime::fromMSecsSinceEpoch(us / 1000, Qt::UTC);
        return qint64(m_zone.offsetFromUtc(at)) * qint64(kSecond);
    }

    const QTimeZone &m_zone;
};

int daysOfMonth(int year, int month)
{
    return QDate(year, month, 1).daysInMonth();
}

/// Looks for a calendar's next moment, from the years down to the seconds.
class Search {
public:
    Search(const Calendar &calendar, const QTimeZone &zone, qint64 afterUs)
        : m_calendar(calendar)
        , m_zone(zone)
        , m_afterUs(afterUs)
        , m_at(m_zone.show(afterUs + 1))
    {
    }

    std::optional<qint64> run()
    {
        for (int step = 0; step < kMostSteps; ++step) {
            m_at = m_zone.show(m_zone.moment(m_at, m_afterUs));
            switch (once()) {
            case Outcome::Found:
                return m_zone.moment(m_at, m_afterUs);
            case Outcome::Never:
                return std::nullopt;
            case Outcome::Again:
                break;
            }
        }
        return std::nullopt;
    }

private:
    enum class Outcome { Found, Again, Never };
    enum class Fit { Same, Later, None };

    /// Moves `value` to the first one that the field allows, from where it is on to `highest`.
    static Fit advance(const CalendarField &field, qint64 &value, qint64 highest)
    {
        if (field.isEmpty())
            return Fit::Same;
        std::optional<qint64> best;
        for (const CalendarRange &range : field)
            consider(range, value, best);
        if (!best || *best > highest)
            return Fit::None;
        return settle(*best, value);
    }
    static void consider(const CalendarRange &range, qint64 value, std::optional<qint64> &best)
    {
        qint64 candidate = range.start;
        if (candidate < value) {
            if (range.step == 0)
                return;
            candidate += (value - candidate + range.step - 1) / range.step * range.step;
            if (range.stop && candidate > *range.stop)
                return;
        }
        if (!best || candidate < *best)
            best = candidate;
    }
    static Fit settle(qint64 best, qint64 &value)
    {
        const Fit fit = best == value ? Fit::Same : Fit::Later;
        value = best;
        return fit;
    }
    static Fit advance(const CalendarField &field, int &value, int highest)
    {
        qint64 wide = value;
        const Fit fit = advance(field, wide, highest);
        value = int(wide);
        return fit;
    }

    /// Days that count from the end become days of the month that is looked at.
    Fit advanceDay()
    {
        const int length = daysOfMonth(m_at.year, m_at.month);
        if (!m_calendar.daysFromEnd)
            return advance(m_calendar.day, m_at.day, length);
        CalendarField days;
        for (CalendarRange range : m_calendar.day) {
            range.start = length - range.start + 1;
            if (range.stop) {
                range.stop = length - *range.stop + 1;
                std::swap(range.start, *range.stop);
            }
            days.append(range);
        }
        return advance(days, m_at.day, length);
    }

    bool weekdayFits() const
    {
        const int day = QDate(m_at.year, m_at.month, m_at.day).dayOfWeek() - 1;
        return m_calendar.weekdays == 0 || (m_calendar.weekdays >> unsigned(day) & 1U) != 0;
    }

    /// Whether the zone has this wall time; one that is left out becomes the next that it has.
    bool exists()
    {
        const Wall shown = m_zone.show(m_zone.moment(m_at, m_afterUs));
        const bool same = shown == m_at;
        m_at = shown;
        return same;
    }

    // The fields below one that has moved begin anew.
    void beginYear()
    {
        m_at.month = 1;
        beginMonth();
    }
    void beginMonth()
    {
        m_at.day = 1;
        beginDay();
    }
    void beginDay()
    {
        m_at.hour = 0;
        beginHour();
    }
    void beginHour()
    {
        m_at.minute = 0;
        beginMinute();
    }
    void beginMinute() { m_at.secondUs = 0; }

    /// On to the next value of a field, whatever it is.
    Outcome skip(int &field, void (Search::*begin)())
    {
        ++field;
        (this->*begin)();
        return Outcome::Again;
    }

    /// One look at every field. A field that had to move sets those below it back to their first
    /// values; one that has no value left moves the field above it on.
    Outcome once()
    {
        Fit fit = advance(m_calendar.year, m_at.year, kLastYear);
        if (fit == Fit::None)
            return Outcome::Never;
        if (fit == Fit::Later)
            beginYear();

        fit = advance(m_calendar.month, m_at.month, 12);
        if (fit == Fit::None)
            return skip(m_at.year, &Search::beginYear);
        if (fit == Fit::Later)
            beginMonth();

        fit = advanceDay();
        if (fit == Fit::None)
            return skip(m_at.month, &Search::beginMonth);
        if (fit == Fit::Later)
            beginDay();
        if (!weekdayFits())
            return skip(m_at.day, &Search::beginDay);
        return onceInDay();
    }

    Outcome onceInDay()
    {
        Fit fit = advance(m_calendar.hour, m_at.hour, 23);
        if (fit == Fit::None)
            return skip(m_at.day, &Search::beginDay);
        if (fit == Fit::Later)
            beginHour();
        if (!exists())
            return Outcome::Again;

        fit = advance(m_calendar.minute, m_at.minute, 59);
        if (fit == Fit::None)
            return skip(m_at.hour, &Search::beginHour);
        if (fit == Fit::Later)
            beginMinute();
        if (!exists())
            return Outcome::Again;

        if (advance(m_calendar.second, m_at.secondUs, kMinuteUs - 1) == Fit::None)
            return skip(m_at.minute, &Search::beginMinute);
        return exists() ? Outcome::Found : Outcome::Again;
    }

    const Calendar &m_calendar;
    Zone m_zone;
    qint64 m_afterUs;
    Wall m_at;
};

} // namespace

std::optional<qint64> nextElapse(const Calendar &calendar, qint64 afterUs, const QTimeZone &local)
{
    const QTimeZone zone = calendar.zone.isEmpty() ? local : QTimeZone(calendar.zone);
    if (!zone.isValid())
        return std::nullopt;
    return Search(calendar, zone, afterUs).run();
}

} // namespace qd::unitfile
