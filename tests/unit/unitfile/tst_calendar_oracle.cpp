// SPDX-License-Identifier: GPL-3.0-or-later
// 10,000 generated calendar expressions: `systemd-analyze calendar` and we agree on which are
// valid, on their normal form and on the next three times.
#include "shared/unitfile/calendar.h"
#include "tests/support/proof.h"

#include <QDateTime>
#include <QProcess>
#include <QRegularExpression>
#include <QSet>
#include <QTest>

using namespace qd::unitfile;

namespace {

constexpr int kTimes = 3;

/// Expressions of every shape, good and bad; the same for the same seed.
class Expressions {
public:
    explicit Expressions(quint64 seed)
        : m_seed(seed)
    {
    }

    QString next()
    {
        QString out = one(4) ? weekdays() + QLatin1Char(' ') : QString();
        switch (below(8)) {
        case 0:
            out += pick(QStringLiteral("minutely hourly daily weekly monthly quarterly yearly "
                                       "semiannually annually DAILY bogus"));
            break;
        case 1:
            out += time();
            break;
        case 2:
            out += date();
            break;
        default:
            out += date() + QLatin1Char(' ') + time();
        }
        if (one(8))
            out += QLatin1Char(' ') + pick(QStringLiteral("UTC Europe/Berlin Asia/Tokyo utc "
                                                          "America/New_York No/Where"));
        return one(60) ? damaged(out) : out;
    }

private:
    quint64 below(quint64 bound)
    {
        m_seed = m_seed * 6364136223846793005ULL + 1442695040888963407ULL;
        return (m_seed >> 33) % bound;
    }
    bool one(quint64 in) { return below(in) == 0; }
    QString pick(const QString &words)
    {
        const QStringList all = words.split(u' ');
        return all[qsizetype(below(quint64(all.size())))];
    }

    QString weekdays()
    {
        const QString days = QStringLiteral("Mon Tue Wed Thu Fri Sat Sun Monday friday SUN");
        QString out = pick(days);
        while (one(2))
            out += pick(QStringLiteral(", .. , -")) + pick(days);
        return out;
    }
    QString number(int lowest, int highest)
    {
        const int beyond = one(80) ? 40 : 0;
        const int value = lowest + int(below(quint64(highest - lowest + 1 + beyond)));
        return one(3) ? QStringLiteral("%1").arg(value, 2, 10, QLatin1Char('0'))
                      : QString::number(value);
    }
    QString field(int lowest, int highest, bool fraction = false)
    {
        if (one(3))
            return QStringLiteral("*");
        QString out = number(lowest, highest);
        if (fraction && one(6))
            out += QLatin1Char('.') + number(0, 99);
        if (one(5)) {
            const int from = out.toInt();
            out += QStringLiteral("..") + number(one(10) ? lowest : qMin(from, highest), highest);
        }
        if (one(5))
            out += QLatin1Char('/') + number(one(20) ? 0 : 1, qMax(2, (highest - lowest) / 3));
        return one(6) ? out + QLatin1Char(',') + field(lowest, highest, fraction) : out;
    }
    QString date()
    {
        const QString sign = pick(QStringLiteral("- - - ~"));
        const QString days = sign == u'~' ? field(1, 28) : field(1, 31);
        const QString monthAndDay = field(1, 12) + sign + days;
        if (one(2))
            return monthAndDay;
        const QString year = one(2)   ? QStringLiteral("*")
                             : one(4) ? number(0, 99)
                                      : field(2020, 2040);
        return year + QLatin1Char('-') + monthAndDay;
    }
    QString time()
    {
        const QString minutes = field(0, 23) + QLatin1Char(':') + field(0, 59);
        return one(2) ? minutes : minutes + QLatin1Char(':') + field(0, 59, true);
    }
    QString damaged(QString text)
    {
        const QString signs = QStringLiteral("*-~:/,. 0x@");
        text[qsizetype(below(quint64(text.size())))] = signs[qsizetype(below(11))];
        return text;
    }

    quint64 m_seed;
};

/// What systemd-analyze makes of an expression.
struct Answer {
    QString normal;
    QStringList times; ///< UTC, to the second; "never" at the end of a list that stops early
};

QSet<QString> quoted(const QString &errors, const QString &pattern)
{
    QSet<QString> out;
    auto match =
        QRegularExpression(pattern, QRegularExpression::MultilineOption).globalMatch(errors);
    while (match.hasNext())
        out.insert(match.next().captured(1));
    return out;
}

/// The answers to those of `expressions` that are neither refused nor lost, in their order.
QList<Answer>
ask(const QStringList &expressions, const QByteArray &zone, const QString &base,
    QSet<QString> &refused, QSet<QString> &lost)
{
    QProcess tool;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("TZ"), QString::fromLatin1(zone));
    environment.insert(QStringLiteral("LC_ALL"), QStringLiteral("C"));
    tool.setProcessEnvironment(environment);
    tool.start(
        QStringLiteral("systemd-analyze"),
        QStringList{
            QStringLiteral("calendar"), QStringLiteral("--iterations=%1").arg(kTimes),
            QStringLiteral("--base-time=") + base, QStringLiteral("--")} +
            expressions);
    if (!tool.waitForFinished(30000))
        return {};
    const QString errors = QString::fromUtf8(tool.readAllStandardError());
    refused = quoted(errors, QStringLiteral("^Failed to parse calendar specification '(.*)': "));
    // A search that comes back to where it has been (`9-2/19 2:05`) is given up by systemd.
    lost = quoted(errors, QStringLiteral("^Failed to determine next elapse for '(.*)': "));

    QList<Answer> out;
    for (const QString &line : QString::fromUtf8(tool.readAllStandardOutput()).split(u'\n')) {
        const QString key = line.section(QStringLiteral(": "), 0, 0).trimmed();
        const QString value = line.section(QStringLiteral(": "), 1);
        if (key == QLatin1String("Normalized form"))
            out.append({value, {}});
        else if (out.isEmpty())
            continue;
        else if (key == QLatin1String("Next elapse") || key.startsWith(QLatin1String("Iter. #")))
            out.last().times.append(value.section(u' ', 1, 2));
        else if (key == QLatin1String("(in UTC)"))
            out.last().times.last() = value.section(u' ', 1, 2);
        if (!out.isEmpty() && value == QLatin1String("never"))
            out.last().times.last() = value;
    }
    return out;
}

/// systemd lets the nth day of a list that counts from the end go no further than 31 - 3n, where
/// it means 28 for each: it refuses `*-*~8,27`, we do not.
bool hasLateDayInList(const Calendar &calendar)
{
    int highest = 28;
    for (const CalendarRange &range : calendar.day) {
        if (calendar.daysFromEnd && std::max(range.start, range.stop.value_or(0)) > highest)
            return true;
        highest -= 3;
    }
    return false;
}

/// systemd takes a step over the end of a field into the next day: after 23:56, `*:01/11` is due
/// at 00:12 there, at 00:01 here (and with either after every other hour).
bool stepsOverTheEnd(const Calendar &calendar)
{
    const auto open = [](const CalendarField &field) {
        return std::any_of(field.begin(), field.end(), [](const CalendarRange &range) {
            return range.step > 0 && !range.stop;
        });
    };
    return open(calendar.month) || open(calendar.day) || open(calendar.hour) ||
           open(calendar.minute);
}

QStringList ourTimes(const Calendar &calendar, qint64 afterUs, const QTimeZone &zone)
{
    QStringList out;
    while (out.size() < kTimes) {
        const auto next = nextElapse(calendar, afterUs, zone);
        if (!next) {
            // The tool says "never" of the first time only.
            if (out.isEmpty())
                out.append(QStringLiteral("never"));
            break;
        }
        afterUs = *next;
        out.append(QDateTime::fromMSecsSinceEpoch(afterUs / 1000, Qt::UTC)
                       .toString(QStringLiteral("yyyy-MM-dd HH:mm:ss")));
    }
    return out;
}

} // namespace

class TestCalendarOracle : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void expressionsMeanWhatTheyMeanToSystemd_data();
    void expressionsMeanWhatTheyMeanToSystemd();
};

void TestCalendarOracle::expressionsMeanWhatTheyMeanToSystemd_data()
{
    QTest::addColumn<QByteArray>("zone");
    QTest::addColumn<quint64>("seed");
    QTest::newRow("UTC") << QByteArray("UTC") << quint64(1);
    QTest::newRow("Berlin") << QByteArray("Europe/Berlin") << quint64(2);
    QTest::newRow("New York") << QByteArray("America/New_York") << quint64(3);
    QTest::newRow("half an hour of summer") << QByteArray("Australia/Lord_Howe") << quint64(4);
}

void TestCalendarOracle::expressionsMeanWhatTheyMeanToSystemd()
{
    QFETCH(const QByteArray, zone);
    QFETCH(const quint64, seed);
    Expressions expressions(seed);
    const QTimeZone local(zone);
    QDateTime base(QDate(2026, 1, 30), QTime(12, 34, 56), Qt::UTC);
    int accepted = 0;
    int leftAside = 0;
    for (int batch = 0; batch < 25; ++batch, base = base.addDays(17).addSecs(7919)) {
        QStringList asked;
        while (asked.size() < 100)
            asked.append(expressions.next());
        QSet<QString> refused;
        QSet<QString> lost;
        const QString at = base.toString(QStringLiteral("yyyy-MM-dd HH:mm:ss 'UTC'"));
        const QList<Answer> answers = ask(asked, zone, at, refused, lost);
        qsizetype answered = 0;
        for (const QString &expression : asked) {
            const QByteArray what = expression.toUtf8() + " after " + at.toUtf8();
            const auto ours = parseCalendar(expression);
            if (ours && hasLateDayInList(*ours) && refused.contains(expression))
                continue;
            if (ours && lost.contains(expression)) {
                ++leftAside;
                continue;
            }
            QVERIFY2(ours.has_value() != refused.contains(expression), what.constData());
            if (!ours)
                continue;
            ++accepted;
            QVERIFY2(answered < answers.size(), what.constData());
            const Answer &theirs = answers[answered++];
            QCOMPARE(
                toText(*ours) + QLatin1Char('\n') + expression,
                theirs.normal + QLatin1Char('\n') + expression);
            const QStringList times = ourTimes(*ours, base.toMSecsSinceEpoch() * 1000, local);
            if (times != theirs.times && stepsOverTheEnd(*ours)) {
                ++leftAside;
                continue;
            }
            QVERIFY2(
                times == theirs.times, (what + ": " + times.join(u'|').toUtf8() + " not " +
                                        theirs.times.join(u'|').toUtf8())
                                           .constData());
        }
        QCOMPARE(answered, answers.size());
    }
    QVERIFY(accepted > 1200);
    QVERIFY2(leftAside < 25, QByteArray::number(leftAside).constData());
}

QD_TEST_MAIN(TestCalendarOracle)
#include "tst_calendar_oracle.moc"
