// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/unitfile/time_span.h"

#include <QByteArray>

namespace qd::unitfile {

namespace {

constexpr quint64 kMs = 1000;
constexpr quint64 kMinute = 60 * kSecond;
constexpr quint64 kHour = 60 * kMinute;
constexpr quint64 kDay = 24 * kHour;
constexpr quint64 kWeek = 7 * kDay;
constexpr quint64 kMonth = 2'629'800 * kSecond;
constexpr quint64 kYear = 31'557'600 * kSecond;

struct Word {
    const char *text;
    quint64 us;
};

// The first that fits is taken, so a longer word stands before the one it begins with.
constexpr Word kWords[] = {
    {"seconds", kSecond}, {"second", kSecond}, {"sec", kSecond}, {"s", kSecond},
    {"minutes", kMinute}, {"minute", kMinute}, {"min", kMinute}, {"months", kMonth},
    {"month", kMonth},    {"M", kMonth},       {"msec", kMs},    {"ms", kMs},
    {"m", kMinute},       {"hours", kHour},    {"hour", kHour},  {"hr", kHour},
    {"h", kHour},         {"days", kDay},      {"day", kDay},    {"d", kDay},
    {"weeks", kWeek},     {"week", kWeek},     {"w", kWeek},     {"years", kYear},
    {"year", kYear},      {"y", kYear},        {"usec", 1},      {"us", 1},
    {"\xce\xbcs", 1},     {"\xc2\xb5s", 1},
};

/// Reads a span from left to right, as systemd's parse_time() does.
class SpanReader {
public:
    explicit SpanReader(const QByteArray &text)
        : m_text(text)
    {
    }

    std::optional<quint64> read(quint64 unit)
    {
        skipBlanks();
        if (m_text.mid(m_at) == "infinity")
            return kInfinity;
        if (!m_text.mid(m_at).isEmpty() && m_text.mid(m_at).trimmed() == "infinity")
            return kInfinity;
        bool some = false;
        for (;; some = true) {
            skipBlanks();
            if (m_at == m_text.size())
                return some ? std::optional(m_sum) : std::nullopt;
            if (!readTerm(unit))
                return std::nullopt;
        }
    }

private:
    char peek() const { return m_at < m_text.size() ? m_text[m_at] : '\0'; }
    bool atDigit() const { return peek() >= '0' && peek() <= '9'; }
    void skipBlanks()
    {
        while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r')
            ++m_at;
    }

    bool readTerm(quint64 unit)
    {
        const bool plus = peek() == '+';
        if (plus)
            ++m_at;
        if (plus && !atDigit())
            return false;
        const qsizetype numberAt = m_at;
        quint64 whole = 0;
        for (; atDigit(); ++m_at) {
            const quint64 digit = quint64(peek() - '0');
            if (whole > (quint64(std::numeric_limits<qint64>::max()) - digit) / 10)
                return false;
            whole = whole * 10 + digit;
        }
        QByteArray fraction;
        const bool dotted = peek() == '.';
        if (dotted) {
            for (++m_at; atDigit(); ++m_at)
                fraction += peek();
            if (fraction.isEmpty())
                return false;
        } else if (m_at == numberAt) {
            return false;
        }
        const auto us = readUnit(unit);
        return us && add(whole, *us) && (!dotted || addFraction(fraction, *us));
    }

    /// The unit of the number before; nothing where something else follows directly.
    std::optional<quint64> readUnit(quint64 unit)
    {
        const qsizetype before = m_at;
        skipBlanks();
        for (const Word &word : kWords) {
            if (m_text.mid(m_at).startsWith(word.text)) {
                m_at += qsizetype(qstrlen(word.text));
                return word.us;
            }
        }
        if (m_at == before && m_at < m_text.size())
            return std::nullopt;
        return unit;
    }

    bool add(quint64 count, quint64 us)
    {
        if (count >= kInfinity / us || count * us >= kInfinity - m_sum)
            return false;
        m_sum += count * us;
        return true;
    }

    bool addFraction(const QByteArray &digits, quint64 us)
    {
        quint64 weight = us / 10;
        for (const char digit : digits) {
            const quint64 part = quint64(digit - '0') * weight;
            if (part >= kInfinity - m_sum)
                return false;
            m_sum += part;
            weight /= 10;
        }
        return true;
    }

    QByteArray m_text;
    qsizetype m_at = 0;
    quint64 m_sum = 0;
};

int decimals(quint64 unit)
{
    int out = 0;
    for (; unit > 1; unit /= 10)
        ++out;
    return out;
}

} // namespace

std::optional<quint64> parseTimeSpan(const QString &text, quint64 unit)
{
    return SpanReader(text.toUtf8()).read(unit);
}

QString formatTimeSpan(quint64 us, quint64 accuracy)
{
    static constexpr Word units[] = {
        {"y", kYear},     {"month", kMonth}, {"w", kWeek}, {"d", kDay}, {"h", kHour},
        {"min", kMinute}, {"s", kSecond},    {"ms", kMs},  {"us", 1},
    };
    if (us == kInfinity)
        return QStringLiteral("infinity");
    if (us == 0)
        return QStringLiteral("0");
    QStringList parts;
    for (const Word &unit : units) {
        if (us == 0 || (us < accuracy && !parts.isEmpty()))
            break;
        if (us < unit.us)
            continue;
        const quint64 whole = us / unit.us;
        quint64 rest = us % unit.us;
        const QString suffix = QString::fromLatin1(unit.text);
        int digits = decimals(unit.us);
        for (quint64 a = accuracy; a > 1; a /= 10) {
            rest /= 10;
            --digits;
        }
        if (us < kMinute && us % unit.us > 0 && digits > 0) {
            parts.append(QStringLiteral("%1.%2%3")
                             .arg(whole)
                             .arg(rest, digits, 10, QLatin1Char('0'))
                             .arg(suffix));
            break;
        }
        parts.append(QString::number(whole) + suffix);
        us %= unit.us;
    }
    return parts.join(QLatin1Char(' '));
}

} // namespace qd::unitfile
