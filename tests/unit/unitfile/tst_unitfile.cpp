// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/unitfile/check.h"
#include "shared/unitfile/command_line.h"
#include "shared/unitfile/environment.h"
#include "shared/unitfile/specifier.h"
#include "shared/unitfile/time_span.h"
#include "shared/unitfile/unit_file.h"
#include "shared/unitfile/unit_name.h"
#include "shared/unitfile/values.h"
#include "shared/unitfile/words.h"
#include "tests/support/proof.h"

#include <QCryptographicHash>
#include <QTest>

using namespace qd::unitfile;

namespace {

qd::Result<QString> same(const QString &text)
{
    return text;
}

QString only(const UnitFile &file, const char *name)
{
    return file.value(QStringLiteral("Service"), QString::fromLatin1(name));
}

QStringList argvOf(const char *line, const QMap<QString, QString> &environment)
{
    const auto commands = parseCommands(QString::fromUtf8(line), same);
    if (!commands || commands->size() != 1)
        return {QStringLiteral("(refused)")};
    return expandArguments(commands->first().argv, environment);
}

} // namespace

class TestUnitFile : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theHelloUnitReadsWithoutAWord();
    void aBackslashJoinsLinesAndCommentsInsideAreSkipped();
    void lineEndsAndAByteOrderMarkDoNotMatter();
    void problemsNameTheirLine();
    void unknownKeysAreWarningsAndXSectionsAreSilent();
    void badValuesAreWarnings();
    void whatAServiceMustHave_data();
    void whatAServiceMustHave();
    void commandPrefixes();
    void aSemicolonSeparatesCommands();
    void quotesAndEscapesInCommands();
    void variablesInCommands_data();
    void variablesInCommands();
    void environmentFiles();
    void specifiers_data();
    void specifiers();
    void anUnknownSpecifierIsAnError();
    void timeSpans_data();
    void timeSpans();
    void spansAreFormattedAsSystemdDoes_data();
    void spansAreFormattedAsSystemdDoes();
    void unitNames_data();
    void unitNames();
    void exitSets();
    void fleetsHashForgetsCommentsAndLayout();
    void hostileTextNeverHurts();
};

void TestUnitFile::theHelloUnitReadsWithoutAWord()
{
    QD_PROVES("S10", "S14");
    const QByteArray text = "[Unit]\n"
                            "Description=Hello World\n"
                            "After=docker.service\n"
                            "Requires=docker.service\n\n"
                            "[Service]\n"
                            "TimeoutStartSec=0\n"
                            "ExecStartPre=-/usr/bin/docker kill busybox1\n"
                            "ExecStart=/usr/bin/docker run --name busybox1 busybox\n\n"
                            "[Install]\n"
                            "WantedBy=multi-user.target\n";
    QCOMPARE(check(QStringLiteral("hello.service"), text).size(), 0);
    const UnitFile file = parse(text);
    QCOMPARE(
        file.value(QStringLiteral("Unit"), QStringLiteral("Description")),
        QStringLiteral("Hello World"));
    QCOMPARE(file.options.first().line, 2);
}

void TestUnitFile::aBackslashJoinsLinesAndCommentsInsideAreSkipped()
{
    const UnitFile file = parse("[Service]\n"
                                "ExecStart=/bin/echo a \\\n"
                                "# a remark\n"
                                "   ; another\n"
                                "   b\\\n"
                                "c\n"
                                "Nice=5\n"
                                "User=x\\\\\n");
    QCOMPARE(only(file, "ExecStart"), QStringLiteral("/bin/echo a  b c"));
    QCOMPARE(only(file, "Nice"), QStringLiteral("5"));
    QCOMPARE(only(file, "User"), QStringLiteral("x\\\\"));
    QCOMPARE(file.options[0].line, 2);
    QCOMPARE(file.options[1].line, 7);
}

void TestUnitFile::lineEndsAndAByteOrderMarkDoNotMatter()
{
    const UnitFile unixEnds = parse("[Service]\nNice=1\n\nUser=a\n");
    for (const QByteArray &text :
         {QByteArray("\xef\xbb\xbf[Service]\nNice=1\n\nUser=a\n"),
          QByteArray("[Service]\r\nNice=1\r\n\r\nUser=a\r\n"),
          QByteArray("[Service]\rNice=1\r\rUser=a"), QByteArray("[Service]\nNice=1\n\nUser=a")}) {
        const UnitFile file = parse(text);
        QCOMPARE(file.options, unixEnds.options);
        QCOMPARE(file.problems.size(), 0);
    }
}

void TestUnitFile::problemsNameTheirLine()
{
    const UnitFile file = parse("Stray=1\n[Unit]\nnonsense\n=x\n[Service\nNice=1\n");
    QCOMPARE(file.problems.size(), 5);
    QCOMPARE(file.problems[0].line, 1);
    QCOMPARE(file.problems[0].message, QStringLiteral("Assignment outside of section. Ignoring."));
    QCOMPARE(file.problems[1].line, 3);
    QCOMPARE(file.problems[1].message, QStringLiteral("Missing '=', ignoring line."));
    QCOMPARE(file.problems[2].line, 4);
    QCOMPARE(file.problems[3].line, 5);
    QCOMPARE(file.problems[3].severity, Problem::Error);
    QVERIFY(file.refused());
}

void TestUnitFile::unknownKeysAreWarningsAndXSectionsAreSilent()
{
    const QList<Problem> problems = check(
        QStringLiteral("a.service"), "[Unit]\n"
                                     "Descriptoin=x\n"
                                     "X-Mine=1\n"
                                     "[X-Fleet]\n"
                                     "MachineOf=b.service\n"
                                     "[Sercive]\n"
                                     "Nice=1\n"
                                     "[Service]\n"
                                     "ExecStart=/bin/true\n"
                                     "PrivateTmp=yes\n");
    QCOMPARE(problems.size(), 2);
    QCOMPARE(problems[0].line, 2);
    QCOMPARE(
        problems[0].message,
        QStringLiteral("Unknown key name 'Descriptoin' in section 'Unit', ignoring."));
    QCOMPARE(problems[1].line, 7);
    QCOMPARE(problems[1].message, QStringLiteral("Unknown section 'Sercive'. Ignoring."));
}

void TestUnitFile::badValuesAreWarnings()
{
    const QList<Problem> problems = check(
        QStringLiteral("a.service"), "[Unit]\n"
                                     "After=b.service nosuffix\n"
                                     "[Service]\n"
                                     "ExecStart=/bin/true\n"
                                     "Type=bogus\n"
                                     "Restart=bogus\n"
                                     "TimeoutStartSec=soon\n"
                                     "RemainAfterExit=perhaps\n"
                                     "KillSignal=SIGFOO\n"
                                     "Nice=99\n"
                                     "Environment=1A=2\n");
    QList<int> lines;
    for (const Problem &problem : problems) {
        QCOMPARE(problem.severity, Problem::Warning);
        lines.append(problem.line);
    }
    QCOMPARE(lines, (QList<int>{2, 5, 6, 7, 8, 9, 10, 11}));
}

void TestUnitFile::whatAServiceMustHave_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QString>("message");
    const auto row = [](const char *name, const char *body, const char *message) {
        QTest::newRow(name) << QByteArray(body) << QString::fromLatin1(message);
    };
    row("nothing", "Nice=1\n", "Service lacks both ExecStart= and ExecStop= setting. Refusing.");
    row("only a stop", "ExecStop=/bin/true\n",
        "Service has no ExecStart= setting, which is only allowed for RemainAfterExit=yes "
        "services. Refusing.");
    row("two starts", "ExecStart=/bin/true\nExecStart=/bin/true\n",
        "Service has more than one ExecStart= setting, which is only allowed for Type=oneshot "
        "services. Refusing.");
    row("two in one line", "ExecStart=/bin/true ; /bin/false\n",
        "Service has more than one ExecStart= setting, which is only allowed for Type=oneshot "
        "services. Refusing.");
    row("reset, then one", "ExecStart=/bin/true\nExecStart=\nExecStart=/bin/false\n", "");
    row("oneshot with two", "Type=oneshot\nExecStart=/bin/true\nExecStart=/bin/true\n", "");
    row("stop that remains", "RemainAfterExit=yes\nExecStop=/bin/true\n", "");
    row("open quote", "ExecStart=/bin/echo \"a\n", "Unbalanced quoting");
    row("slash but relative", "ExecStart=bin/echo a\n",
        "Neither a valid executable name nor an absolute path: bin/echo");
    row("bare name", "ExecStart=echo a\n", "");
    row("unknown specifier", "ExecStart=/bin/echo %Z\n", "Unknown specifier '%Z'");
    row("broken behind a dash", "ExecStart=/bin/true\nExecStartPre=-bin/echo\n", "");
}

void TestUnitFile::whatAServiceMustHave()
{
    QFETCH(QByteArray, body);
    QFETCH(QString, message);
    QD_PROVES("S16");
    const QList<Problem> problems = check(QStringLiteral("a.service"), "[Service]\n" + body);
    if (message.isEmpty()) {
        QCOMPARE(problems.size(), 0);
        return;
    }
    QCOMPARE(problems.size(), 1);
    QCOMPARE(problems[0].severity, Problem::Error);
    QCOMPARE(problems[0].message, message);
    QVERIFY(problems[0].line > 1 || body.startsWith("Nice") || body.startsWith("ExecStop"));
}

void TestUnitFile::commandPrefixes()
{
    QD_PROVES("S17");
    const auto commands = parseCommands(QStringLiteral("-@:+/bin//x/./y zero one"), same);
    QVERIFY(commands.has_value());
    const Command &command = commands->first();
    QCOMPARE(command.path, QStringLiteral("/bin/x/y"));
    QCOMPARE(command.argv, (QStringList{QStringLiteral("zero"), QStringLiteral("one")}));
    QVERIFY(command.ignoreFailure && command.ownArgv0 && command.noVariables);
    QVERIFY(command.fullyPrivileged && !command.noSetuid);
    const auto ambient = parseCommands(QStringLiteral("!!/bin/x"), same);
    QVERIFY(ambient->first().ambient && !ambient->first().noSetuid);
    const auto setuid = parseCommands(QStringLiteral("!/bin/x"), same);
    QCOMPARE(setuid->first().flagNames(), QStringList{QStringLiteral("no-setuid")});
}

void TestUnitFile::aSemicolonSeparatesCommands()
{
    const auto commands =
        parseCommands(QStringLiteral("/bin/a 1 ; -/bin/b \\; \";\" x; ; /bin/c"), same);
    QVERIFY(commands.has_value());
    QCOMPARE(commands->size(), 3);
    QCOMPARE(
        commands->at(1).argv, (QStringList{
                                  QStringLiteral("/bin/b"), QStringLiteral(";"),
                                  QStringLiteral(";"), QStringLiteral("x;")}));
    QVERIFY(commands->at(1).ignoreFailure && !commands->at(2).ignoreFailure);
}

void TestUnitFile::quotesAndEscapesInCommands()
{
    QCOMPARE(
        argvOf("/bin/e \"a b\" 'c \"d' e\\x20f g\"h i\"j \\u00fc \\101 ''", {}),
        (QStringList{
            QStringLiteral("/bin/e"), QStringLiteral("a b"), QStringLiteral("c \"d"),
            QStringLiteral("e f"), QStringLiteral("gh ij"), QStringLiteral("ü"),
            QStringLiteral("A"), QString::fromLatin1("")}));
    QVERIFY(!parseCommands(QStringLiteral("/bin/e 'a"), same));
    // A quoted command line is one word: a path with blanks in it (D1).
    const auto quoted = parseCommands(QStringLiteral("\"/usr/bin/docker stop busybox1\""), same);
    QCOMPARE(quoted->first().path, QStringLiteral("/usr/bin/docker stop busybox1"));
}

void TestUnitFile::variablesInCommands_data()
{
    QTest::addColumn<QByteArray>("word");
    QTest::addColumn<QStringList>("words");
    const auto row = [](const char *word, const QStringList &words) {
        QTest::newRow(word) << QByteArray(word) << words;
    };
    const auto list = [](std::initializer_list<const char *> words) {
        QStringList out;
        for (const char *word : words)
            out.append(QString::fromLatin1(word));
        return out;
    };
    row("$A", list({"x", "y z"}));
    row("${A}", list({"x \"y z\""}));
    row("$UNSET", {});
    row("${UNSET}", list({""}));
    row("\"q $A\"", list({"q $A"}));
    row("q${B}r", list({"qber"}));
    row("$B$B", {});
    row("$$", list({"$"}));
    row("$$B", list({"$B"}));
    row("$C", list({"${B}"}));
    row("${B", list({"${B"}));
    row("a$", list({"a$"}));
}

void TestUnitFile::variablesInCommands()
{
    QFETCH(QByteArray, word);
    QFETCH(QStringList, words);
    QD_PROVES("S81");
    const QMap<QString, QString> environment{
        {QStringLiteral("A"), QStringLiteral("x \"y z\"")},
        {QStringLiteral("B"), QStringLiteral("be")},
        {QStringLiteral("C"), QStringLiteral("${B}")}};
    QCOMPARE(argvOf(("/bin/e " + word).constData(), environment).mid(1), words);
}

void TestUnitFile::environmentFiles()
{
    QD_PROVES("S72");
    const QStringList read = parseEnvironmentFile("# a remark\n"
                                                  "; another\n"
                                                  "A=1\n"
                                                  " B = two words  \n"
                                                  "C=\"quoted \\\"x\\\" $y\"\n"
                                                  "D='single \\n'\n"
                                                  "E=joined\\\n"
                                                  "next\n"
                                                  "F=\n"
                                                  "1BAD=x\n"
                                                  "nothing\n"
                                                  "G=\"a\" \"b\"\n"
                                                  "H=a\\ b\r\n"
                                                  "I=last");
    QCOMPARE(
        read, (QStringList{
                  QStringLiteral("A=1"), QStringLiteral("B=two words"),
                  QStringLiteral("C=quoted \"x\" $y"), QStringLiteral("D=single \\n"),
                  QStringLiteral("E=joinednext"), QStringLiteral("F="), QStringLiteral("G=ab"),
                  QStringLiteral("H=a b"), QStringLiteral("I=last")}));
}

void TestUnitFile::specifiers_data()
{
    QTest::addColumn<QString>("unit");
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("value");
    const auto row = [](const char *unit, const char *text, const char *value) {
        QTest::addRow("%s %s", unit, text)
            << QString::fromLatin1(unit) << QString::fromLatin1(text) << QString::fromLatin1(value);
    };
    row("hello.service", "%n|%p|%i|%I|%P", "hello.service|hello|||hello");
    row("apache@8080.service", "%n|%p|%i|%I|%P", "apache@8080.service|apache|8080|8080|apache");
    row("addon-run@usr-share-oem.service", "%p|%i|%I|%P|%f",
        "addon-run|usr-share-oem|usr/share/oem|addon/run|/usr/share/oem");
    row("media-my\\x2dmount\\x2dpoint.mount", "%p|%P|%f",
        "media-my\\x2dmount\\x2dpoint|media/my-mount-point|/media/my-mount-point");
    row("a-b-c@x.service", "%j|%N", "c|a-b-c@x");
    row("a.service", "%t %S %C %L %T %V %E",
        "/run /var/lib /var/cache /var/log /tmp /var/tmp /etc");
    row("a.service", "100%% %u %U %h %m %b %H %l %v", "100% root 0 /root mm bb host.dom host 6.1");
    row("a.service", "50% off %-", "50% off %-");
    row("a.service", "%", "%");
}

void TestUnitFile::specifiers()
{
    QFETCH(QString, unit);
    QFETCH(QString, text);
    QFETCH(QString, value);
    SpecifierContext context;
    context.unit = unit;
    context.machineId = QStringLiteral("mm");
    context.bootId = QStringLiteral("bb");
    context.hostName = QStringLiteral("host.dom");
    context.kernel = QStringLiteral("6.1");
    const auto expanded = expandSpecifiers(text, context);
    QVERIFY(expanded.has_value());
    QCOMPARE(*expanded, value);
}

void TestUnitFile::anUnknownSpecifierIsAnError()
{
    SpecifierContext context;
    context.unit = QStringLiteral("a@b\\xzz.service");
    QVERIFY(!expandSpecifiers(QStringLiteral("%Z"), context));
    QVERIFY(!expandSpecifiers(QStringLiteral("%I"), context));
    QVERIFY(expandSpecifiers(QStringLiteral("%i"), context).has_value());
}

void TestUnitFile::timeSpans_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<qint64>("us");
    const auto row = [](const char *text, qint64 us) {
        QTest::newRow(text) << QString::fromLatin1(text) << us;
    };
    row("30", 30'000'000);
    row("0", 0);
    row("15min", 900'000'000);
    row("100ms", 100'000);
    row("1us", 1);
    row("55s500ms", 55'500'000);
    row("2 h", 7'200'000'000);
    row("5h30", 18'030'000'000);
    row("5h 30min", 19'800'000'000);
    row("1d", 86'400'000'000);
    row("2weeks", 1'209'600'000'000);
    row("1month", 2'629'800'000'000);
    row("1M", 2'629'800'000'000);
    row("1m", 60'000'000);
    row("1y", 31'557'600'000'000);
    row("300ms20s 5day", 432'020'300'000);
    row("1.5s", 1'500'000);
    row("5 6", 11'000'000);
    for (const char *bad : {"abc", "-5s", "", " ", "5x", "1.2.3", "1.", "99999999999999999999"})
        row(bad, -1);
}

void TestUnitFile::timeSpans()
{
    QFETCH(QString, text);
    QFETCH(qint64, us);
    const auto span = parseTimeSpan(text);
    QCOMPARE(span ? qint64(*span) : -1, us);
}

void TestUnitFile::spansAreFormattedAsSystemdDoes_data()
{
    QTest::addColumn<quint64>("us");
    QTest::addColumn<QString>("text");
    const auto row = [](quint64 us, const char *text) {
        QTest::newRow(text) << us << QString::fromLatin1(text);
    };
    row(90 * kSecond, "1min 30s");
    row(5400 * kSecond, "1h 30min");
    row(0, "0");
    row(kInfinity, "infinity");
    row(1'500'000, "1.500000s");
    row(100'000, "100ms");
    row(31'557'600 * kSecond, "1y");
}

void TestUnitFile::spansAreFormattedAsSystemdDoes()
{
    QFETCH(quint64, us);
    QFETCH(QString, text);
    QCOMPARE(formatTimeSpan(us), text);
}

void TestUnitFile::unitNames_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<NameKind>("kind");
    const auto row = [](const QString &name, NameKind kind) {
        QTest::newRow(qPrintable(name.left(40))) << name << kind;
    };
    row(QStringLiteral("a.service"), NameKind::Plain);
    row(QStringLiteral("-.slice"), NameKind::Plain);
    row(QStringLiteral("a@.service"), NameKind::Template);
    row(QStringLiteral("a@b@c.service"), NameKind::Instance);
    row(QStringLiteral("a\\x2db.mount"), NameKind::Plain);
    row(QStringLiteral("a"), NameKind::Invalid);
    row(QStringLiteral(".service"), NameKind::Invalid);
    row(QStringLiteral("@.service"), NameKind::Invalid);
    row(QStringLiteral("a.servic"), NameKind::Invalid);
    row(QStringLiteral("a b.service"), NameKind::Invalid);
    row(QStringLiteral("a/b.service"), NameKind::Invalid);
    row(QStringLiteral("ä.service"), NameKind::Invalid);
    row(QString(247, u'a') + QStringLiteral(".service"), NameKind::Plain);
    row(QString(248, u'a') + QStringLiteral(".service"), NameKind::Invalid);
}

void TestUnitFile::unitNames()
{
    QFETCH(QString, name);
    QFETCH(NameKind, kind);
    QCOMPARE(nameKind(name), kind);
}

void TestUnitFile::exitSets()
{
    const auto set = parseExitSet(QStringLiteral("3 SIGKILL TEMPFAIL"));
    QVERIFY(set.has_value());
    QCOMPARE(set->statuses, (QSet<int>{3, 75}));
    QCOMPARE(set->signalNumbers, QSet<int>{9});
    QVERIFY(!parseExitSet(QStringLiteral("300")));
    QVERIFY(!parseExitSet(QStringLiteral("WHAT")));
}

void TestUnitFile::fleetsHashForgetsCommentsAndLayout()
{
    const QByteArray plain = "[Unit]\nDescription=x\n\n[Service]\nExecStart=/bin/a  b\n";
    const QByteArray wild = "\xef\xbb\xbf# head\r\n[Unit]\r\n\r\n Description = x\r\n"
                            "[Service]\r\n; c\r\nExecStart=/bin/a \\\r\n  b\r\n\r\n";
    QCOMPARE(serialize(parse(wild)), plain);
    QCOMPARE(fleetHash(wild), fleetHash(plain));
    QCOMPARE(
        fleetHash(plain).toLatin1(),
        QCryptographicHash::hash(plain, QCryptographicHash::Sha1).toHex());
    QVERIFY(fleetHash(plain + "Nice=1\n") != fleetHash(plain));
}

void TestUnitFile::hostileTextNeverHurts()
{
    quint64 seed = 7;
    const QByteArray alphabet = "[]=\\\n\r\t \"'%$;#{}@-!:+xS\xc3\xff\0aExecStart";
    for (int round = 0; round < 3000; ++round) {
        QByteArray text = "[Service]\nExecStart=";
        for (int i = 0; i < 40; ++i) {
            seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
            text += alphabet[qsizetype((seed >> 33) % quint64(alphabet.size()))];
        }
        const int lines = int(text.count('\n') + text.count('\r') + text.count('\0')) + 1;
        for (const Problem &problem : check(QStringLiteral("a.service"), text))
            QVERIFY(problem.line >= 0 && problem.line <= lines);
        // What was written out reads back as the same.
        const UnitFile once = parse(text);
        if (once.problems.isEmpty())
            QCOMPARE(serialize(parse(serialize(once))), serialize(once));
        expandArguments(
            splitWords(QString::fromUtf8(text), WordReader::Relaxed).value_or(QStringList()), {});
        parseEnvironmentFile(text);
    }
}

QD_TEST_MAIN(TestUnitFile)
#include "tst_unitfile.moc"
