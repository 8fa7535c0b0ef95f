// SPDX-License-Identifier: GPL-3.0-or-later
// The console's command line: what it says, and what is wrong with it in a sentence.
#include "console/window/options.h"
#include "tests/support/proof.h"

using namespace qd;

class TestWindowOptions : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsWhatIsSaid();
    void saysWhatIsWrong_data();
    void saysWhatIsWrong();
};

void TestWindowOptions::readsWhatIsSaid()
{
    const auto plain = window::readOptions({QStringLiteral("quarterdeck")});
    QVERIFY(plain.has_value());
    QVERIFY(!plain->dark && !plain->local && plain->demoKind.isEmpty());
    QCOMPARE(plain->size, QSize(1280, 800));

    const auto full = window::readOptions(
        {QStringLiteral("quarterdeck"), QStringLiteral("--config"), QStringLiteral("/tmp/c"),
         QStringLiteral("--profile"), QStringLiteral("harbour"), QStringLiteral("--theme"),
         QStringLiteral("light"), QStringLiteral("--size"), QStringLiteral("1920x1080"),
         QStringLiteral("--local"), QStringLiteral("--nodes"), QStringLiteral("5")});
    QVERIFY(full.has_value());
    QCOMPARE(full->configFolder, QStringLiteral("/tmp/c"));
    QCOMPARE(full->profile, QStringLiteral("harbour"));
    QVERIFY(full->dark == false && full->local);
    QCOMPARE(full->localNodes, 5);
    QCOMPARE(full->size, QSize(1920, 1080));

    // Pictures are of an invented cluster, whatever else is said.
    const auto pictures = window::readOptions(
        {QStringLiteral("quarterdeck"), QStringLiteral("--screenshot"), QStringLiteral("/tmp/p")});
    QVERIFY(pictures.has_value());
    QCOMPARE(pictures->demoKind, QStringLiteral("normal"));
}

void TestWindowOptions::saysWhatIsWrong_data()
{
    QTest::addColumn<QStringList>("words");
    QTest::addColumn<QString>("sentence");
    const auto row = [](const char *name, const QStringList &words, const char *sentence) {
        QTest::newRow(name) << words << QString::fromLatin1(sentence);
    };
    row("option", {QStringLiteral("--colour")}, "Unknown option 'colour'.");
    row("value", {QStringLiteral("--profile")}, "Missing value after '--profile'.");
    row("word", {QStringLiteral("harbour")}, "\"harbour\" is not an option; --help lists them.");
    row("theme", {QStringLiteral("--theme"), QStringLiteral("pink")},
        "There is no theme \"pink\": dark or light.");
    row("demo", {QStringLiteral("--demo-kind"), QStringLiteral("bogus")},
        "There is no demo \"bogus\": normal, hostile, empty, loading, failing, a number of units, "
        "or "
        "keys: and a number.");
    row("number", {QStringLiteral("--demo-kind"), QStringLiteral("keys:many")},
        "There is no demo \"keys:many\": normal, hostile, empty, loading, failing, a number of "
        "units, or keys: and a number.");
    row("size", {QStringLiteral("--size"), QStringLiteral("12")},
        "\"12\" is not a size such as 1280x800 (320x240 to 8192x8192).");
    row("huge", {QStringLiteral("--size"), QStringLiteral("99999x99999")},
        "\"99999x99999\" is not a size such as 1280x800 (320x240 to 8192x8192).");
    row("nodes", {QStringLiteral("--local"), QStringLiteral("--nodes"), QStringLiteral("0")},
        "A local cluster has 1 to 9 nodes.");
}

void TestWindowOptions::saysWhatIsWrong()
{
    QFETCH(QStringList, words);
    QFETCH(QString, sentence);
    const auto options = window::readOptions(QStringList{QStringLiteral("quarterdeck")} + words);
    QVERIFY(!options.has_value());
    QCOMPARE(options.error().code, code::badInput);
    QCOMPARE(options.error().message, sentence);
}

QD_TEST_MAIN(TestWindowOptions)
#include "tst_window_options.moc"
