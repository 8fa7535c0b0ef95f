// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/unitfile/calendar.h"

#include "shared/unitfile/time_span.h"

#include <QDateTime>
#include <algorithm>

namespace qd::unitfile {

namespace {

constexpr int kSecondUs = int(kSecond);
constexpr int kLongestList = 240;
constexpr const char *kDays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

struct Nickname {
    const char *word;
    const char *meaning;
};

constexpr Nickname kNicknames[] = {
    {"minutely", "*:*:00"},
    {"hourly", "*:00:00"},
    {"daily", "00:00:00"},
    {"weekly", "Mon 00:00:00"},
    {"monthly", "*-01 00:00:00"},
    {"quarterly", "*-1,4,7,10-01 00:00:00"},
    {"biannually", "*-1,7-01 00:00:00"},
    {"bi-annually", "*-1,7-01 00:00:00"},
    {"semiannually", "*-1,7-01 00:00:00"},
    {"semi-annually", "*-1,7-01 00:00:00"},
    {"yearly", "*-1-01 00:00:00"},
    {"annually", "*-1-01 00:00:00"},
    {"anually", "*-1-01 00:00:00"},
};

constexpr const char *kLongDays[] = {"monday", "tuesday",  "wednesday", "thursday",
                                     "friday", "saturday", "sunday"};

/// Reads an expression from left to right, as systemd's calendar_spec_from_string() does.
class CalendarReader {
public:
    explicit CalendarReader(const QByteArray &text)
        : m_text(text)
    {
    }

    bool read(Calendar &out)
    {
        if (!readWeekdays(out))
            return false;
        if (peek() == '@')
            return readMoment(out);
        return readDate(out) && readTime(out) && atEnd();
    }

private:
    char peek(qsizetype further = 0) const
    {
        const qsizetype at = m_at + further;
        return at < m_text.size() ? m_text[at] : '\0';
    }
    bool atEnd() const { return m_at == m_text.size(); }
    bool atEndOrBlank() const { return atEnd() || peek() == ' '; }
    bool atDots() const { return peek() == '.' && peek(1) == '.'; }
    static bool isDigit(char c) { return c >= '0' && c <= '9'; }
    bool take(char c)
    {
        if (peek() != c)
            return false;
        ++m_at;
        return true;
    }
    void skipBlanks()
    {
        while (take(' ')) {
        }
    }

    /// The day whose name stands here, taken; -1 when there is none, -2 when a name has a tail.
    int readDay()
    {
        const QByteArray rest = m_text.mid(m_at).toLower();
        for (int day = 0; day < 7; ++day) {
            const bool isLong = rest.startsWith(kLongDays[day]);
            if (!isLong && !rest.startsWith(QByteArray(kDays[day]).toLower()))
                continue;
            m_at += isLong ? qsizetype(qstrlen(kLongDays[day])) : 3;
            return atEnd() || QByteArrayView("-., ").contains(peek()) ? day : -2;
        }
        return -1;
    }

    /// `Mon,Wed..Fri `; a trailing comma is allowed, an open range is not.
    bool readWeekdays(Calendar &out)
    {
        std::optional<int> from;
        for (bool first = true;; first = false) {
            if (!first && peek() == ' ')
                return true;
            const int day = readDay();
            if (day < 0)
                return day == -1 && first;
            if (from && *from > day)
                return false;
            for (int each = from.value_or(day); each <= day; ++each)
                out.weekdays |= quint8(1U << unsigned(each));
            if (atEndOrBlank()) {
                skipBlanks();
                return true;
            }
            if (take(',')) {
                from.reset();
            } else {
                if (from || (!take('-') && !(take('.') && take('.'))))
                    return false;
                from = day;
            }
            if (atEndOrBlank()) {
                skipBlanks();
                return !from;
            }
        }
    }

    /// A number; with `us` of seconds, which may have a fraction.
    std::optional<int> readNumber(bool us)
    {
        if (!isDigit(peek()))
            return std::nullopt;
        qint64 value = 0;
        while (isDigit(peek())) {
            value = value * 10 + (m_text[m_at++] - '0');
            if (value > std::numeric_limits<int>::max())
                return std::nullopt;
        }
        if (us)
            value *= kSecondUs;
        if (us && peek() == '.' && peek(1) != '.') {
            ++m_at;
            if (!isDigit(peek()))
                return std::nullopt;
            for (int weight = kSecondUs / 10; isDigit(peek()); weight /= 10)
                value += qint64(m_text[m_at++] - '0') * weight;
        }
        if (value > std::numeric_limits<int>::max())
            return std::nullopt;
        return int(value);
    }

    /// `5`, `1..7`, `0/15`, `10..30/5`.
    bool readRange(CalendarField &out, bool us)
    {
        const auto start = readNumber(us);
        if (!start)
            return false;
        CalendarRange range{*start, std::nullopt, 0};
        if (atDots()) {
            m_at += 2;
            range.stop = readNumber(us);
            if (!range.stop)
                return false;
            range.step = us ? kSecondUs : 1;
        }
        if (take('/')) {
            const auto step = readNumber(us);
            if (!step || *step == 0)
                return false;
            range.step = *step;
        } else if (us && range.stop && range.start + qint64(range.step) > *range.stop) {
            return false; // a range below a second needs its step
        }
        out.append(range);
        return atEnd() || QByteArrayView(" ,-~:").contains(peek());
    }

    bool readField(CalendarField &out, bool us = false)
    {
        if (take('*')) {
            if (us)
                out.append({0, std::nullopt, kSecondUs});
            return true;
        }
        do {
            if (out.size() > kLongestList || !readRange(out, us))
                return false;
        } while (take(','));
        return true;
    }

    /// The sign between a month and a day.
    bool takeDaySign(Calendar &out)
    {
        out.daysFromEnd = peek() == '~';
        return take('~') || take('-');
    }

    /// `2026-1-15 `, `1-15 `; nothing is taken of what is a time.
    bool readDate(Calendar &out)
    {
        const qsizetype before = m_at;
        if (atEnd())
            return true;
        CalendarField first;
        CalendarField second;
        if (!readField(first))
            return false;
        if (atEnd() || peek() == ':') {
            m_at = before;
            return true;
        }
        if (!takeDaySign(out) || !readField(second))
            return false;
        if (atEndOrBlank()) {
            out.month = first;
            out.day = second;
        } else {
            out.year = first;
            out.month = second;
            if (out.daysFromEnd || !takeDaySign(out) || !readField(out.day) || !atEndOrBlank())
                return false;
        }
        skipBlanks();
        return true;
    }

    bool readTime(Calendar &out)
    {
        if (atEnd()) {
            out.hour = out.minute = out.second = {CalendarRange{}};
            return true;
        }
        if (!readField(out.hour) || !take(':') || !readField(out.minute))
            return false;
        if (atEnd()) {
            out.second = {CalendarRange{}};
            return true;
        }
        return take(':') && readField(out.second, true);
    }

    /// `@1767225600`: one moment.
    bool readMoment(Calendar &out)
    {
        ++m_at;
        qint64 seconds = 0;
        if (!isDigit(peek()))
            return false;
        while (isDigit(peek()) && seconds < std::numeric_limits<qint64>::max() / 100'000)
            seconds = seconds * 10 + (m_text[m_at++] - '0');
        if (!atEnd())
            return false;
        const QDateTime at = QDateTime::fromSecsSinceEpoch(seconds, Qt::UTC);
        const auto only = [](int value) { return CalendarField{{value, std::nullopt, 0}}; };
        out.year = only(at.date().year());
        out.month = only(at.date().month());
        out.day = only(at.date().day());
        out.hour = only(at.time().hour());
        out.minute = only(at.time().minute());
        out.second = only(at.time().second() * kSecondUs);
        out.zone = "UTC";
        return true;
    }

    QByteArray m_text;
    qsizetype m_at = 0;
};

void normalize(CalendarField &field)
{
    for (CalendarRange &range : field) {
        if (range.stop && *range.stop > range.start && range.step > 0)
            *range.stop -= (*range.stop - range.start) % range.step;
        if (range.stop == range.start)
            range = {range.start, std::nullopt, 0};
    }
    std::sort(field.begin(), field.end());
    field.erase(std::unique(field.begin(), field.end()), field.end());
}

/// Two digits are a year of 1970 to 2069.
void completeYears(CalendarField &years)
{
    const auto complete = [](int year) {
        return year < 70 ? year + 2000 : year < 100 ? year + 1900 : year;
    };
    for (CalendarRange &range : years) {
        range.start = complete(range.start);
        if (range.stop)
            range.stop = complete(*range.stop);
    }
}

bool fits(const CalendarRange &range, int lowest, int highest, bool fromEnd)
{
    if (range.start < lowest || range.start > highest || range.step > highest - lowest)
        return false;
    if (range.stop)
        return *range.stop >= lowest && *range.stop <= highest &&
               range.start + qint64(range.step) <= *range.stop;
    return fromEnd ? range.start - range.step >= lowest
                   : range.start + qint64(range.step) <= highest;
}

bool fits(const CalendarField &field, int lowest, int highest, bool fromEnd = false)
{
    return std::all_of(field.begin(), field.end(), [&](const CalendarRange &range) {
        return fits(range, lowest, highest, fromEnd);
    });
}

/// Takes a time zone off the end of `text`.
QByteArray takeZone(QByteArray &text)
{
    const qsizetype blank = text.lastIndexOf(' ');
    if (blank < 0)
        return {};
    QByteArray zone = text.mid(blank + 1);
    if (zone.toUpper() == "UTC")
        zone = "UTC";
    else if (!QTimeZone::isTimeZoneIdAvailable(zone) || zone.startsWith("UTC"))
        return {};
    text.truncate(blank);
    return zone;
}

QByteArray meaningOf(const QByteArray &text)
{
    const QByteArray lower = text.toLower();
    for (const Nickname &nickname : kNicknames) {
        if (lower == nickname.word)
            return nickname.meaning;
    }
    return text;
}

QString number(int value, int width, bool us)
{
    const int unit = us ? kSecondUs : 1;
    QString out = QStringLiteral("%1").arg(value / unit, width, 10, QLatin1Char('0'));
    if (value % unit > 0)
        out += QStringLiteral(".%1").arg(value % unit, 6, 10, QLatin1Char('0'));
    return out;
}

QString rangeText(const CalendarRange &range, int width, bool us)
{
    QString out = number(range.start, width, us);
    if (range.stop)
        out += QStringLiteral("..") + number(*range.stop, width, us);
    if (range.step > 0 && !(range.stop && range.step == (us ? kSecondUs : 1)))
        out += QLatin1Char('/') + number(range.step, 1, us);
    return out;
}

QString fieldText(const CalendarField &field, int width, bool us = false)
{
    const bool everySecond =
        us && field.size() == 1 && field[0] == CalendarRange{0, std::nullopt, kSecondUs};
    if (field.isEmpty() || everySecond)
        return QStringLiteral("*");
    QStringList parts;
    for (const CalendarRange &range : field)
        parts.append(rangeText(range, width, us));
    return parts.join(QLatin1Char(','));
}

/// "Mon..Wed,Fri"
QString weekdaysText(quint8 weekdays)
{
    QStringList parts;
    for (int day = 0; day < 7; ++day) {
        const int first = day;
        while (day < 7 && (weekdays >> unsigned(day) & 1U) != 0)
            ++day;
        const int length = day - first;
        if (length > 2) {
            parts.append(
                QString::fromLatin1(kDays[first]) + QStringLiteral("..") +
                QString::fromLatin1(kDays[day - 1]));
        } else {
            for (int each = first; each < day; ++each)
                parts.append(QString::fromLatin1(kDays[each]));
        }
    }
    return parts.join(QLatin1Char(','));
}

} // namespace

std::optional<Calendar> parseCalendar(const QString &text)
{
    QByteArray rest = text.toUtf8();
    Calendar out;
    const QByteArray zone = takeZone(rest);
    if (rest.isEmpty() || !CalendarReader(meaningOf(rest)).read(out))
        return std::nullopt;
    if (!zone.isEmpty())
        out.zone = zone;
    if (out.weekdays == 0x7f)
        out.weekdays = 0;
    if (out.day.isEmpty())
        out.daysFromEnd = false;
    completeYears(out.year);
    for (CalendarField *field :
         {&out.year, &out.month, &out.day, &out.hour, &out.minute, &out.second})
        normalize(*field);
    // Days from the end go no further than what every month has.
    const bool valid = fits(out.year, 1970, 2199) && fits(out.month, 1, 12) &&
                       fits(out.day, 1, out.daysFromEnd ? 28 : 31, out.daysFromEnd) &&
                       fits(out.hour, 0, 23) && fits(out.minute, 0, 59) &&
                       fits(out.second, 0, 60 * kSecondUs - 1);
    return valid ? std::optional(out) : std::nullopt;
}

QString toText(const Calendar &calendar)
{
    QString out;
    if (calendar.weekdays != 0)
        out = weekdaysText(calendar.weekdays) + QLatin1Char(' ');
    out += fieldText(calendar.year, 4) + QLatin1Char('-') + fieldText(calendar.month, 2);
    out += QLatin1Char(calendar.daysFromEnd ? '~' : '-') + fieldText(calendar.day, 2);
    out += QLatin1Char(' ') + fieldText(calendar.hour, 2) + QLatin1Char(':') +
           fieldText(calendar.minute, 2) + QLatin1Char(':') + fieldText(calendar.second, 2, true);
    if (!calendar.zone.isEmpty())
        out += QLatin1Char(' ') + QString::fromUtf8(calendar.zone);
    return out;
}

} // namespace qd::unitfile
