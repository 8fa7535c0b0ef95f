// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/journal/export_encoder.h"
#include "agent/units/journal/journal_reader.h"
#include "agent/units/journal/journal_writer.h"
#include "agent/units/journal/kernel_log.h"
#include "agent/units/journal/limits.h"
#include "tests/support/proof.h"

#include <QDir>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>
#include <csignal>

using namespace qd;

namespace {

const QString kMachine = QStringLiteral("00112233445566778899aabbccddeeff");

JournalWriter::Options optionsIn(const QTemporaryDir &dir)
{
    JournalWriter::Options out;
    out.logDir = dir.path();
    out.machineId = kMachine;
    out.hostname = QStringLiteral("node-1");
    return out;
}

JournalEntry said(const QByteArray &unit, const QByteArray &message)
{
    JournalEntry entry;
    entry.add("MESSAGE", message)
        .add("PRIORITY", "6")
        .add("SYSLOG_IDENTIFIER", "hello")
        .add("_PID", "4711")
        .add("_TRANSPORT", "stdout")
        .add("_SYSTEMD_UNIT", unit);
    return entry;
}

JournalEntry aboutUnit(const QByteArray &unit, const QByteArray &message)
{
    JournalEntry entry;
    entry.add("MESSAGE", message)
        .add("SYSLOG_IDENTIFIER", "quarterdeck-unitd")
        .add("_UID", "0")
        .add("OBJECT_SYSTEMD_UNIT", unit);
    return entry;
}

QStringList messages(const QList<JournalLine> &lines)
{
    QStringList out;
    for (const JournalLine &line : lines)
        out.append(line.message);
    return out;
}

/// All lines of a query; the files may still be in the making.
QList<JournalLine> readAll(const QString &folder, const QString &unit)
{
    JournalQuery query;
    query.unit = unit;
    query.lines = -1;
    auto reader = JournalReader::open(folder, query);
    return reader ? (*reader)->read(1'000'000) : QList<JournalLine>();
}

void finish(JournalWriter &writer)
{
    bool done = false;
    writer.finish([&] { done = true; });
    QTRY_VERIFY_WITH_TIMEOUT(done, 10'000);
}

QByteArray journalctl(const QString &folder, const QStringList &more)
{
    QProcess process;
    process.start(QStringLiteral("journalctl"), QStringList{QStringLiteral("-D"), folder} + more);
    process.waitForFinished(20'000);
    return process.readAllStandardOutput();
}

} // namespace

class TestJournal : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anEntryThatWouldEndTheWriterIsMadeHarmless();
    void aValueOfSeveralLinesTravelsWithItsLength();
    void aLineOfTheKernelIsAnEntry();
    void journalctlReadsWhatWasWritten();
    void aReaderGivesTheLastLinesOfAUnit();
    void aReaderGoesOnAfterACursor();
    void aReaderSeesOneRunOfAUnit();
    void aFollowerHearsOfNewLines();
    void aKilledWriterCostsAtMostWhatItHadRead();
    void aWriterThatEndsBeforeItReadsCostsNothing();
    void anEntryThatEndsTheWriterEachTimeIsGivenUp();
    void whatDoesNotFitIsCountedAndSaid();
    void theLimitsAreThoseOfJournald();
    void oldFilesGoFirst();
    void theFilesStayWithinTheirLimit();
};

void TestJournal::anEntryThatWouldEndTheWriterIsMadeHarmless()
{
    QVERIFY(!journal::isFieldName("lower"));
    QVERIFY(!journal::isFieldName("1ST"));
    QVERIFY(!journal::isFieldName("__CURSOR"));
    QVERIFY(!journal::isFieldName("A=B"));
    QVERIFY(!journal::isFieldName(QByteArray(65, 'A')));
    QVERIFY(journal::isFieldName("_SYSTEMD_UNIT"));

    JournalEntry entry;
    entry.add("bad name", "x").add("__REALTIME_TIMESTAMP", "1").add("_BOOT_ID", "forged");
    QVERIFY(!journal::encode(entry, {}));
    entry.add("MESSAGE", QByteArray(2'000'000, 'x'));
    const auto encoded = journal::encode(entry, {"m", "b", "h"});
    QVERIFY(encoded.has_value());
    QVERIFY(encoded->size() < 300'000);
    QVERIFY(!encoded->contains("forged"));
    QVERIFY(!encoded->contains("bad name"));
}

void TestJournal::aValueOfSeveralLinesTravelsWithItsLength()
{
    JournalEntry entry;
    entry.add("MESSAGE", "a\nb");
    const auto encoded = journal::encode(entry, {"m", "b", ""});
    QVERIFY(encoded.has_value());
    const QByteArray binary("MESSAGE\n\x03\0\0\0\0\0\0\0a\nb\n\n", 21);
    QVERIFY(encoded->endsWith(binary));
}

void TestJournal::aLineOfTheKernelIsAnEntry()
{
    const auto read = readKernelRecord("4,1642,47871585207,-,caller=T1;eth0: caf\\xc3\\xa9 \\x");
    QVERIFY(read.has_value());
    QCOMPARE(read->number, 1642U);
    QMap<QByteArray, QByteArray> fields;
    for (const JournalEntry::Field &field : read->entry.fields)
        fields.insert(field.name, field.value);
    QCOMPARE(fields.value("MESSAGE"), QByteArray("eth0: caf\xc3\xa9 \\x"));
    QCOMPARE(fields.value("PRIORITY"), QByteArray("4"));
    QCOMPARE(fields.value("SYSLOG_IDENTIFIER"), QByteArray("kernel"));
    QCOMPARE(fields.value("_TRANSPORT"), QByteArray("kernel"));
    QCOMPARE(fields.value("_SOURCE_MONOTONIC_TIMESTAMP"), QByteArray("47871585207"));
    for (const char *none :
         {"", "4,5;short", "x,1,2,-;no number", "12,1,2,-;a program's", "4,1,2,-"})
        QVERIFY2(!readKernelRecord(none).has_value(), none);
}

void TestJournal::journalctlReadsWhatWasWritten()
{
    QD_PROVES("S37");
    QTemporaryDir dir;
    JournalWriter writer(optionsIn(dir));
    QVERIFY(writer.start().has_value());
    writer.append(aboutUnit("hello.service", "Started Hello World."));
    writer.append(said("hello.service", "Hello World"));
    writer.append(said("hello.service", "two\nlines \xff"));
    writer.append(said("other.service", "not this"));
    finish(writer);

    const QString folder = dir.path() + QStringLiteral("/journal/") + kMachine;
    const QByteArray out = journalctl(
        folder, {QStringLiteral("-u"), QStringLiteral("hello.service"), QStringLiteral("-o"),
                 QStringLiteral("json")});
    const QList<QByteArray> rows = out.trimmed().split('\n');
    QCOMPARE(rows.size(), 3);
    const QJsonObject hello = QJsonDocument::fromJson(rows.at(1)).object();
    QCOMPARE(hello.value(QStringLiteral("MESSAGE")).toString(), QStringLiteral("Hello World"));
    QCOMPARE(hello.value(QStringLiteral("_MACHINE_ID")).toString(), kMachine);
    QCOMPARE(hello.value(QStringLiteral("_HOSTNAME")).toString(), QStringLiteral("node-1"));
    QCOMPARE(hello.value(QStringLiteral("_BOOT_ID")).toString().size(), 32);
    QVERIFY(hello.value(QStringLiteral("__REALTIME_TIMESTAMP")).toString().toLongLong() > 0);
    QVERIFY(hello.value(QStringLiteral("__MONOTONIC_TIMESTAMP")).toString().toLongLong() > 0);
    const QByteArray byField = journalctl(
        folder, {QStringLiteral("_PID=4711"), QStringLiteral("-o"), QStringLiteral("cat")});
    QVERIFY(byField.contains("not this") && !byField.contains("Started"));
}

void TestJournal::aReaderGivesTheLastLinesOfAUnit()
{
    QTemporaryDir dir;
    JournalWriter writer(optionsIn(dir));
    QVERIFY(writer.start().has_value());
    writer.append(aboutUnit("a.service", "Started A."));
    for (int i = 0; i < 5; ++i) {
        writer.append(said("a.service", "line " + QByteArray::number(i)));
        writer.append(said("b.service", "other"));
    }
    finish(writer);

    JournalQuery query;
    query.unit = QStringLiteral("a.service");
    query.lines = 3;
    auto reader = JournalReader::open(writer.folder(), query);
    QVERIFY(reader.has_value());
    const QList<JournalLine> lines = (*reader)->read();
    const QStringList expected{
        QStringLiteral("line 2"), QStringLiteral("line 3"), QStringLiteral("line 4")};
    QCOMPARE(messages(lines), expected);
    QCOMPARE(lines.first().unit, QStringLiteral("a.service"));
    QCOMPARE(lines.first().pid, 4711);
    QCOMPARE(lines.first().nodeName, QStringLiteral("node-1"));
    QCOMPARE(readAll(writer.folder(), query.unit).first().message, QStringLiteral("Started A."));
    QCOMPARE(JournalReader::open(QStringLiteral("/nowhere"), query).error().code, code::notFound);
}

void TestJournal::aReaderGoesOnAfterACursor()
{
    QTemporaryDir dir;
    JournalWriter writer(optionsIn(dir));
    QVERIFY(writer.start().has_value());
    for (int i = 0; i < 4; ++i)
        writer.append(said("a.service", QByteArray::number(i)));
    finish(writer);

    JournalQuery query;
    query.unit = QStringLiteral("a.service");
    query.afterCursor = readAll(writer.folder(), query.unit).at(1).cursor;
    auto reader = JournalReader::open(writer.folder(), query);
    QVERIFY(reader.has_value());
    const QStringList expected{QStringLiteral("2"), QStringLiteral("3")};
    QCOMPARE(messages((*reader)->read()), expected);
    query.afterCursor = QStringLiteral("nonsense");
    QCOMPARE(JournalReader::open(writer.folder(), query).error().code, code::badInput);
}

void TestJournal::aReaderSeesOneRunOfAUnit()
{
    QTemporaryDir dir;
    JournalWriter writer(optionsIn(dir));
    QVERIFY(writer.start().has_value());
    const QByteArray first(32, 'a');
    const QByteArray second(32, 'b');
    writer.append(said("a.service", "old").add("_SYSTEMD_INVOCATION_ID", first));
    writer.append(said("a.service", "new").add("_SYSTEMD_INVOCATION_ID", second));
    finish(writer);

    JournalQuery query;
    query.unit = QStringLiteral("a.service");
    query.invocationId = QString::fromLatin1(second);
    auto reader = JournalReader::open(writer.folder(), query);
    QVERIFY(reader.has_value());
    QCOMPARE(messages((*reader)->read()), QStringList{QStringLiteral("new")});
}

void TestJournal::aFollowerHearsOfNewLines()
{
    QTemporaryDir dir;
    JournalWriter writer(optionsIn(dir));
    QVERIFY(writer.start().has_value());
    writer.append(said("a.service", "before"));
    QTRY_COMPARE(readAll(writer.folder(), QStringLiteral("a.service")).size(), 1);

    JournalQuery query;
    query.unit = QStringLiteral("a.service");
    auto reader = JournalReader::open(writer.folder(), query);
    QVERIFY(reader.has_value());
    QStringList heard;
    connect(reader->get(), &JournalReader::arrived, this, [&](const QList<JournalLine> &lines) {
        heard += messages(lines);
    });
    (*reader)->follow();
    QTRY_COMPARE(heard, QStringList{QStringLiteral("before")});
    writer.append(said("b.service", "of another"));
    writer.append(said("a.service", "after"));
    const QStringList both{QStringLiteral("before"), QStringLiteral("after")};
    QTRY_COMPARE_WITH_TIMEOUT(heard, both, 1000);
    finish(writer);
}

void TestJournal::aKilledWriterCostsAtMostWhatItHadRead()
{
    QTemporaryDir dir;
    JournalWriter writer(optionsIn(dir));
    QVERIFY(writer.start().has_value());
    constexpr int kLines = 6000;
    for (int i = 0; i < kLines; ++i) {
        writer.append(said("a.service", QByteArray::number(i) + QByteArray(100, ' ')));
        if (i % 2000 == 1000) {
            QTRY_VERIFY(writer.writerPid() > 0);
            kill(pid_t(writer.writerPid()), SIGKILL);
        }
        if (i % 200 == 0)
            QTest::qWait(1);
    }
    finish(writer);
    QCOMPARE(writer.lost(), 0u);
    // A program that is killed may lose the one batch that it had read and not yet written.
    const QList<JournalLine> lines = readAll(writer.folder(), QStringLiteral("a.service"));
    QVERIFY2(lines.size() > kLines - 300, qPrintable(QString::number(lines.size())));
    QVERIFY(lines.last().message.startsWith(QString::number(kLines - 1)));
}

namespace {

/// A program in place of the writer: `script`, then the real one.
QString programThat(const QTemporaryDir &dir, const QByteArray &script)
{
    const QString path = dir.filePath(QStringLiteral("writer"));
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly))
        return {};
    file.write(
        "#!/bin/sh\ncd " + QFile::encodeName(dir.path()) + "\n" + script +
        "exec /lib/systemd/systemd-journal-remote \"$@\"\n");
    file.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    return path;
}

} // namespace

void TestJournal::aWriterThatEndsBeforeItReadsCostsNothing()
{
    QTemporaryDir dir;
    JournalWriter::Options options = optionsIn(dir);
    options.program = programThat(dir, "echo run >>runs\n[ $(wc -l <runs) -gt 4 ] || exit 1\n");
    JournalWriter writer(options);
    QVERIFY(writer.start().has_value());
    writer.append(said("a.service", "first"));
    writer.append(said("a.service", "second"));
    finish(writer);
    QCOMPARE(writer.lost(), 0u);
    const QStringList both{QStringLiteral("first"), QStringLiteral("second")};
    QCOMPARE(messages(readAll(writer.folder(), QStringLiteral("a.service"))), both);
}

void TestJournal::anEntryThatEndsTheWriterEachTimeIsGivenUp()
{
    QTemporaryDir dir;
    JournalWriter::Options options = optionsIn(dir);
    options.program = programThat(
        dir, "echo run >>runs\n[ $(wc -l <runs) -gt 3 ] || { head -c 50 >/dev/null; exit 0; }\n");
    JournalWriter writer(options);
    QVERIFY(writer.start().has_value());
    writer.append(said("a.service", "poison"));
    writer.append(said("a.service", "good"));
    finish(writer);
    QCOMPARE(writer.lost(), 1u);
    QCOMPARE(
        messages(readAll(writer.folder(), QStringLiteral("a.service"))),
        QStringList{QStringLiteral("good")});
}

void TestJournal::whatDoesNotFitIsCountedAndSaid()
{
    QTemporaryDir dir;
    JournalWriter::Options options = optionsIn(dir);
    options.maxBacklogBytes = 4000;
    JournalWriter writer(options);
    // Not started yet: the backlog fills at once.
    for (int i = 0; i < 100; ++i)
        writer.append(said("a.service", "line " + QByteArray::number(i)));
    QVERIFY(writer.lost() > 50);
    QVERIFY(writer.backlogBytes() <= 4000);
    QVERIFY(writer.start().has_value());
    QTRY_COMPARE(writer.backlogBytes(), 0);
    writer.append(said("a.service", "after"));
    finish(writer);
    const QStringList all = messages(readAll(writer.folder(), {}));
    const QString note = QStringLiteral("Lost %1 journal entries.").arg(writer.lost());
    QVERIFY2(all.contains(note), qPrintable(all.join(QLatin1Char('\n'))));
    QCOMPARE(all.last(), QStringLiteral("after"));
}

void TestJournal::theLimitsAreThoseOfJournald()
{
    QD_PROVES("S38");
    constexpr quint64 gib = 1024ULL * 1024 * 1024;
    QCOMPARE(journal::limitsFor(10 * gib, 0).maxUse, gib);
    QCOMPARE(journal::limitsFor(10 * gib, 0).keepFree, 10 * gib * 15 / 100);
    QCOMPARE(journal::limitsFor(50 * gib, 0).maxUse, 4 * gib);
    QCOMPARE(journal::limitsFor(50 * gib, 0).keepFree, 4 * gib);
    const quint64 configured =
        journal::systemMaxUse(QStringLiteral("[Other]\nSystemMaxUse=1G\n[Journal]\n"
                                             "# SystemMaxUse=2G\nSystemMaxUse = 50M\n"));
    QCOMPARE(configured, 50ULL * 1024 * 1024);
    QCOMPARE(journal::limitsFor(50 * gib, configured).maxUse, configured);
    // A full file system leaves less than the limit.
    QCOMPARE(journal::allowance(journal::limitsFor(50 * gib, 0), gib, 4 * gib), gib);
    QCOMPARE(journal::allowance(journal::limitsFor(50 * gib, 0), 0, gib), 0u);
}

void TestJournal::oldFilesGoFirst()
{
    QTemporaryDir dir;
    const QDateTime now = QDateTime::currentDateTimeUtc();
    for (int age : {1, 2, 3}) {
        QFile file(dir.filePath(QStringLiteral("unitd@%1.journal").arg(age)));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QByteArray(1000, 'x'));
        file.flush();
        file.setFileTime(now.addSecs(-age * 60), QFileDevice::FileModificationTime);
    }
    QCOMPARE(journal::usedBy(dir.path()), 3000u);
    const QStringList removed =
        journal::vacuum(dir.path(), QStringLiteral("unitd@3.journal"), 1500);
    const QStringList expected{
        QStringLiteral("unitd@2.journal"), QStringLiteral("unitd@1.journal")};
    QCOMPARE(removed, expected);
}

void TestJournal::theFilesStayWithinTheirLimit()
{
    QD_PROVES("S39");
    QTemporaryDir dir;
    JournalWriter::Options options = optionsIn(dir);
    options.configFile = dir.filePath(QStringLiteral("journald.conf"));
    QFile config(options.configFile);
    QVERIFY(config.open(QIODevice::WriteOnly));
    config.write("[Journal]\nSystemMaxUse=50M\n");
    config.close();
    // Leftovers of earlier days fill the folder to twice its limit.
    const QString folder = dir.path() + QStringLiteral("/journal/") + kMachine;
    QDir().mkpath(folder);
    for (int i = 0; i < 10; ++i) {
        QFile file(folder + QStringLiteral("/unitd@%1.journal").arg(i));
        QVERIFY(file.open(QIODevice::WriteOnly));
        QVERIFY(file.resize(10 * 1024 * 1024));
    }
    JournalWriter writer(options);
    QVERIFY(writer.start().has_value());
    writer.append(said("a.service", "kept"));
    QTRY_COMPARE(readAll(folder, QStringLiteral("a.service")).size(), 1);
    QVERIFY(journal::usedBy(folder) <= 50ULL * 1024 * 1024);
    finish(writer);
}

QD_TEST_MAIN(TestJournal)
#include "tst_journal.moc"
