// SPDX-License-Identifier: GPL-3.0-or-later
// Calendar expressions (anchors-engines.md 2.4): what they mean, and when they are due.
#include "shared/unitfile/calendar.h"
#include "tests/support/proof.h"

#include <QDateTime>
#include <QTest>

using namespace qd::unitfile;

namespace {

qint64 us(const QString &isoUtc)
{
    QDateTime at = QDateTime::fromString(isoUtc, QStringLiteral("yyyy-MM-dd HH:mm:ss"));
    at.setTimeSpec(Qt::UTC);
    return at.toMSecsSinceEpoch() * 1000;
}

QString iso(std::optional<qint64> us)
{
    if (!us)
        return QStringLiteral("never");
    return QDateTime::fromMSecsSinceEpoch(*us / 1000, Qt::UTC)
        .toString(QStringLiteral("yyyy-MM-dd HH:mm:ss"));
}

QString nextIn(const char *zone, const QString &expression, const QString &after)
{
    const auto calendar = parseCalendar(expression);
    return calendar ? iso(nextElapse(*calendar, us(after), QTimeZone(zone)))
                    : QStringLiteral("refused");
}

} // namespace

class TestCalendar : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void expressionsHaveANormalFormAndTimes_data();
    void expressionsHaveANormalFormAndTimes();
    void whatSystemdRefusesIsRefused_data();
    void whatSystemdRefusesIsRefused();
    void anHourThatIsLeftOutIsNoMatch();
    void anHourThatComesTwiceIsMetOnceByADailyTimer();
    void theMomentItselfIsNotTheNext();
};

void TestCalendar::expressionsHaveANormalFormAndTimes_data()
{
    QTest::addColumn<QString>("expression");
    QTest::addColumn<QString>("normal");
    QTest::addColumn<QStringList>("next");
    const auto row = [](const char *expression, const char *normal, const QStringList &next) {
        QTest::newRow(expression) << QString::fromLatin1(expression) << QString::fromLatin1(normal)
                                  << next;
    };
    row("minutely", "*-*-* *:*:00", {"2026-01-30 12:35:00"});
    row("hourly", "*-*-* *:00:00", {"2026-01-30 13:00:00"});
    row("daily", "*-*-* 00:00:00", {"2026-01-31 00:00:00"});
    row("weekly", "Mon *-*-* 00:00:00", {"2026-02-02 00:00:00"});
    row("monthly", "*-*-01 00:00:00", {"2026-02-01 00:00:00", "2026-03-01 00:00:00"});
    row("quarterly", "*-01,04,07,10-01 00:00:00", {"2026-04-01 00:00:00"});
    row("semiannually", "*-01,07-01 00:00:00", {"2026-07-01 00:00:00"});
    row("yearly", "*-01-01 00:00:00", {"2027-01-01 00:00:00"});
    row("Mon..Fri *-*-* 10:00", "Mon..Fri *-*-* 10:00:00",
        {"2026-02-02 10:00:00", "2026-02-03 10:00:00", "2026-02-04 10:00:00"});
    row("Sat,Thu,Mon..Wed,Sat..Sun", "Mon..Thu,Sat,Sun *-*-* 00:00:00",
        {"2026-01-31 00:00:00", "2026-02-01 00:00:00", "2026-02-02 00:00:00"});
    row("*-*-* 00/2:30", "*-*-* 00/2:30:00",
        {"2026-01-30 14:30:00", "2026-01-30 16:30:00", "2026-01-30 18:30:00"});
    row("*:0/15", "*-*-* *:00/15:00", {"2026-01-30 12:45:00", "2026-01-30 13:00:00"});
    row("*-02-29", "*-02-29 00:00:00", {"2028-02-29 00:00:00", "2032-02-29 00:00:00"});
    row("*-*~1", "*-*~01 00:00:00",
        {"2026-01-31 00:00:00", "2026-02-28 00:00:00", "2026-03-31 00:00:00"});
    row("*-02~03", "*-02~03 00:00:00",
        {"2026-02-26 00:00:00", "2027-02-26 00:00:00", "2028-02-27 00:00:00"});
    row("Mon *-05~07/1", "Mon *-05~07/1 00:00:00",
        {"2026-05-25 00:00:00", "2027-05-31 00:00:00", "2028-05-29 00:00:00"});
    row("2026-*-1,15 4:00", "2026-*-01,15 04:00:00",
        {"2026-02-01 04:00:00", "2026-02-15 04:00:00", "2026-03-01 04:00:00"});
    row("10-15", "*-10-15 00:00:00", {"2026-10-15 00:00:00"});
    row("Fri *-*-1..7", "Fri *-*-01..07 00:00:00",
        {"2026-02-06 00:00:00", "2026-03-06 00:00:00", "2026-04-03 00:00:00"});
    row("*:*:0/17.5", "*-*-* *:*:00/17.500000",
        {"2026-01-30 12:35:00", "2026-01-30 12:35:17", "2026-01-30 12:35:35"});
    row("00:00:00 Europe/Berlin", "*-*-* 00:00:00 Europe/Berlin", {"2026-01-30 23:00:00"});
    row("@1767225600", "2026-01-01 00:00:00 UTC", {"never"});
    row("2026-02-30", "2026-02-30 00:00:00", {"never"});
    row("Mon..Sun", "*-*-* 00:00:00", {"2026-01-31 00:00:00"});
    row("1..3:5..10/2", "*-*-* 01..03:05..09/2:00",
        {"2026-01-31 01:05:00", "2026-01-31 01:07:00", "2026-01-31 01:09:00"});
}

void TestCalendar::expressionsHaveANormalFormAndTimes()
{
    QFETCH(const QString, expression);
    QFETCH(const QString, normal);
    QFETCH(const QStringList, next);
    const auto calendar = parseCalendar(expression);
    QVERIFY(calendar.has_value());
    QCOMPARE(toText(*calendar), normal);
    QCOMPARE(parseCalendar(normal), calendar);
    qint64 after = us(QStringLiteral("2026-01-30 12:34:56"));
    for (const QString &each : next) {
        const auto found = nextElapse(*calendar, after, QTimeZone("UTC"));
        QCOMPARE(iso(found), each);
        after = found.value_or(0);
    }
}

void TestCalendar::whatSystemdRefusesIsRefused_data()
{
    QTest::addColumn<QString>("expression");
    for (const char *expression :
         {"22:30..23:00",
          "*-*-1..7 Fri",
          "Fri..Mon",
          "24:00",
          "*-13-01",
          "*-*-*T12:00",
          "never",
          "",
          " daily",
          "Mon..",
          "Monda",
          "1-2-3-4",
          "*:60",
          "*:0/0",
          "1970..1960-1-1",
          "12",
          "*-*~29",
          "99999999999:00",
          "00:00:00 Nowhere/Town",
          "@",
          "@12x"})
        QTest::newRow(expression) << QString::fromLatin1(expression);
}

void TestCalendar::whatSystemdRefusesIsRefused()
{
    QFETCH(const QString, expression);
    QVERIFY(!parseCalendar(expression).has_value());
}

void TestCalendar::anHourThatIsLeftOutIsNoMatch()
{
    // On 29 March 2026 Berlin's clocks go from 02:00 to 03:00.
    QCOMPARE(nextIn("Europe/Berlin", "02:30", "2026-03-28 12:00:00"), "2026-03-30 00:30:00");
    QCOMPARE(nextIn("Europe/Berlin", "03:00", "2026-03-28 12:00:00"), "2026-03-29 01:00:00");
}

void TestCalendar::anHourThatComesTwiceIsMetOnceByADailyTimer()
{
    // On 25 October 2026 they go from 03:00 back to 02:00, at 01:00 UTC.
    const QString first = nextIn("Europe/Berlin", "02:30", "2026-10-24 12:00:00");
    QCOMPARE(first, "2026-10-25 00:30:00");
    // As with systemd, the second one is passed over even by what is due each quarter of an hour,
    // unless the search begins inside it.
    QCOMPARE(nextIn("Europe/Berlin", "*:0/15", "2026-10-25 00:45:00"), "2026-10-25 02:00:00");
    QCOMPARE(nextIn("Europe/Berlin", "*:0/15", "2026-10-25 01:10:00"), "2026-10-25 01:15:00");
}

void TestCalendar::theMomentItselfIsNotTheNext()
{
    QCOMPARE(nextIn("UTC", "hourly", "2026-01-30 13:00:00"), "2026-01-30 14:00:00");
    QCOMPARE(nextIn("UTC", "hourly", "2026-01-30 12:59:59"), "2026-01-30 13:00:00");
}

QD_TEST_MAIN(TestCalendar)
#include "tst_calendar.moc"
