// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/control_groups.h"
#include "agent/units/driver/folders.h"
#include "agent/units/driver/linux_driver.h"
#include "agent/units/driver/proc.h"
#include "agent/units/driver/process_groups.h"
#include "agent/units/driver/users.h"
#include "shared/base/clock.h"
#include "tests/support/proof.h"

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>
#include <csignal>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace qd;
using namespace qd::units;

namespace {

constexpr uid_t kNobody = 65534;
const QString kGroup = QStringLiteral("/system.slice/a.service");
const QString kInvocation = QStringLiteral("0123456789abcdef0123456789abcdef");

/// What the engine would hear, in order.
class Heard : public DriverEvents {
public:
    void processExecuted(qint32 pid) override { events += QStringLiteral("executed %1").arg(pid); }
    void processEnded(qint32 pid, const ProcessEnd &end) override
    {
        events += QStringLiteral("ended %1 %2 %3").arg(pid).arg(end.code).arg(end.status);
        ends.insert(pid, end);
    }
    void processNotified(qint32 pid, const QByteArray &message) override
    {
        notes.append(QByteArray::number(pid) + ' ' + message);
    }
    void groupEmptied(const QString &group) override { events += QStringLiteral("empty ") + group; }
    void timerFired(const QString &unit) override { events += QStringLiteral("timer ") + unit; }

    QStringList events;
    QByteArrayList notes;
    QMap<qint32, ProcessEnd> ends;
};

class Lines : public JournalSink {
public:
    using Entry = QMap<QByteArray, QByteArray>;
    void entry(const QList<JournalField> &fields) override
    {
        Entry out;
        for (const JournalField &field : fields)
            out.insert(field.name, field.value);
        entries.append(out);
    }
    QByteArrayList messages() const
    {
        QByteArrayList out;
        for (const Entry &one : entries)
            out.append(one.value("MESSAGE"));
        return out;
    }

    QList<Entry> entries;
};

/// A driver with an engine that only listens.
struct Machine {
    explicit Machine(bool byDescent = false)
        : driver({&lines, &clock}, byDescent ? openProcessTree() : openProcessGroups(QString()))
    {
        driver.setEngine(&heard, [this] { heard.events += QStringLiteral("run"); });
    }
    ~Machine()
    {
        driver.signalGroup(kGroup, SIGKILL, {});
        (void)QTest::qWaitFor([this] { return driver.processes(kGroup).isEmpty(); }, 5000);
        driver.releaseGroup(kGroup);
    }

    static SpawnRequest request(const QString &command)
    {
        SpawnRequest out;
        out.unit = QStringLiteral("a.service");
        out.controlGroup = kGroup;
        out.slice = QStringLiteral("system.slice");
        out.invocationId = kInvocation;
        const auto commands = unitfile::parseCommands(
            command, [](const QString &word) -> Result<QString> { return word; });
        out.command = commands ? commands->value(0) : unitfile::Command();
        out.environment = {QStringLiteral("PATH=/usr/bin:/bin")};
        return out;
    }
    static SpawnRequest shell(const QString &script)
    {
        SpawnRequest out = request(QStringLiteral("/bin/sh -c x"));
        out.command.argv[2] = script;
        out.command.noVariables = true;
        return out;
    }
    /// Starts it and waits for its end; the exit status, or minus the signal.
    int run(const SpawnRequest &what)
    {
        const auto pid = driver.spawn(what);
        if (!pid || !QTest::qWaitFor([&] { return heard.ends.contains(*pid); }, 10'000))
            return -1000;
        const ProcessEnd end = heard.ends.value(*pid);
        return end.code == 1 ? end.status : -end.status;
    }
    /// The same; gives the lines that it wrote.
    QByteArrayList output(const SpawnRequest &what)
    {
        lines.entries.clear();
        if (const int status = run(what); status != 0)
            return {"exit status " + QByteArray::number(status)};
        return lines.messages();
    }

    SystemClock clock;
    Lines lines;
    Heard heard;
    LinuxDriver driver;
};

} // namespace

class TestUnitsDriver : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aProcessRunsAndItsEndIsTold();
    void whatGoesWrongBeforeTheProgramRunsIsAnExitStatus_data();
    void whatGoesWrongBeforeTheProgramRunsIsAnExitStatus();
    void theFailedStepIsSaidInTheJournal();
    void outputBecomesLinesWithTrustedFields();
    void linesAreThoseOfTheirWriters();
    void outputMayGoToAFile();
    void variablesReachArgumentsAndEnvironment();
    void limitsAndTheRestOfTheSurroundings();
    void aServiceRunsInItsFolders();
    void aServiceRunsAsItsUser();
    void aServiceGetsFoldersOfItsOwn();
    void nobodyLeavesItsGroup_data();
    void nobodyLeavesItsGroup();
    void whoIsUnknownAtFirstIsLookedAtAgain();
    void whatIsRemovedEndsAtItsLinks();
    void aSignalReachesAllButTheExcepted();
    void aServiceTellsOfItself();
    void timersFireInOrder();
    void theEngineIsWokenLater();
    void theBestHierarchyIsFound();
};

void TestUnitsDriver::aProcessRunsAndItsEndIsTold()
{
    Machine machine;
    const auto pid = machine.driver.spawn(Machine::shell(QStringLiteral("exit 3")));
    QVERIFY(pid.has_value());
    QVERIFY(machine.heard.events.isEmpty()); // never from inside a call
    QTRY_COMPARE(machine.heard.events.size(), 3);
    QCOMPARE(machine.heard.events.at(0), QStringLiteral("executed %1").arg(*pid));
    QCOMPARE(machine.heard.events.at(1), QStringLiteral("ended %1 1 3").arg(*pid));
    QCOMPARE(machine.heard.events.at(2), QStringLiteral("empty ") + kGroup);

    const auto sleeper = machine.driver.spawn(Machine::request(QStringLiteral("/bin/sleep 100")));
    QVERIFY(sleeper.has_value());
    QCOMPARE(machine.driver.processes(kGroup), QList<qint32>{*sleeper});
    QVERIFY(machine.driver.signalProcess(*sleeper, SIGTERM));
    QTRY_VERIFY(machine.heard.ends.contains(*sleeper));
    QCOMPARE(machine.heard.ends.value(*sleeper).code, 2);
    QCOMPARE(machine.heard.ends.value(*sleeper).status, SIGTERM);
    QVERIFY(!machine.driver.signalProcess(*sleeper, SIGTERM));
}

void TestUnitsDriver::whatGoesWrongBeforeTheProgramRunsIsAnExitStatus_data()
{
    QTest::addColumn<QString>("option");
    QTest::addColumn<int>("status");
    QTest::newRow("no such program") << QStringLiteral("program") << 203;
    QTest::newRow("no such bare name") << QStringLiteral("name") << 203;
    QTest::newRow("no such user") << QStringLiteral("user") << 217;
    QTest::newRow("a number that is no user") << QStringLiteral("0day") << 217;
    QTest::newRow("no such group") << QStringLiteral("group") << 216;
    QTest::newRow("no such folder") << QStringLiteral("folder") << 200;
    QTest::newRow("a folder that may be missing") << QStringLiteral("-folder") << 0;
    QTest::newRow("no such input") << QStringLiteral("input") << 208;
    QTest::newRow("output that cannot be made") << QStringLiteral("output") << 209;
    QTest::newRow("no such root") << QStringLiteral("root") << 226;
}

void TestUnitsDriver::whatGoesWrongBeforeTheProgramRunsIsAnExitStatus()
{
    QFETCH(QString, option);
    QFETCH(int, status);
    SpawnRequest what = Machine::request(QStringLiteral("true"));
    if (option == u"program")
        what.command.path = QStringLiteral("/no/such/program");
    if (option == u"name")
        what.command.path = QStringLiteral("no-such-program");
    if (option == u"user")
        what.exec.user = QStringLiteral("no-such-user");
    if (option == u"0day")
        what.exec.user = QStringLiteral("0day");
    if (option == u"group")
        what.exec.group = QStringLiteral("no-such-group");
    if (option.endsWith(u"folder"))
        what.exec.workingDirectory = QStringLiteral("/no/such/folder");
    what.exec.workingDirectoryMayBeMissing = option.startsWith(u'-');
    if (option == u"input")
        what.exec.standardInput = QStringLiteral("file:/no/such/file");
    if (option == u"output")
        what.exec.standardOutput = QStringLiteral("file:/no/such/folder/file");
    if (option == u"root")
        what.exec.rootDirectory = QStringLiteral("/no/such/root");
    Machine machine;
    QCOMPARE(machine.run(what), status);
    const bool executed = machine.heard.events.first().startsWith(u"executed");
    QCOMPARE(executed, status == 0);
}

void TestUnitsDriver::theFailedStepIsSaidInTheJournal()
{
    Machine machine;
    QCOMPARE(machine.run(Machine::request(QStringLiteral("/no/such/program"))), 203);
    const QByteArray text =
        "a.service: Failed at step EXEC spawning /no/such/program: No such file or directory";
    QVERIFY2(machine.lines.messages().contains(text), machine.lines.messages().join('\n'));
    QCOMPARE(machine.lines.entries.first().value("OBJECT_SYSTEMD_UNIT"), "a.service");
    QVERIFY(!machine.lines.entries.first().contains("_PID")); // the engine's own words
}

void TestUnitsDriver::outputBecomesLinesWithTrustedFields()
{
    Machine machine;
    SpawnRequest what = Machine::shell(QStringLiteral(
        "echo one; echo '<3>bad'; echo; echo to stderr >&2; printf 'a\\000b\\nlast'"));
    QCOMPARE(machine.output(what), (QByteArrayList{"one", "bad", "to stderr", "a", "b", "last"}));
    const auto entry = machine.lines.entries.at(0);
    const qint32 pid = machine.heard.ends.firstKey();
    QCOMPARE(entry.value("PRIORITY"), "6");
    QCOMPARE(machine.lines.entries.at(1).value("PRIORITY"), "3");
    QCOMPARE(entry.value("SYSLOG_IDENTIFIER"), "sh");
    QCOMPARE(entry.value("_PID"), QByteArray::number(pid));
    QCOMPARE(entry.value("_UID"), QByteArray::number(getuid()));
    QCOMPARE(entry.value("_GID"), QByteArray::number(getgid()));
    QCOMPARE(entry.value("_COMM"), "sh");
    const QString shell = QFileInfo(QStringLiteral("/bin/sh")).canonicalFilePath();
    QCOMPARE(entry.value("_EXE"), shell.toUtf8());
    QCOMPARE(entry.value("_SYSTEMD_UNIT"), "a.service");
    QCOMPARE(entry.value("_SYSTEMD_SLICE"), "system.slice");
    QCOMPARE(entry.value("_SYSTEMD_CGROUP"), kGroup.toUtf8());
    QCOMPARE(entry.value("_SYSTEMD_INVOCATION_ID"), kInvocation.toUtf8());
    QCOMPARE(entry.value("_TRANSPORT"), "stdout");
    QCOMPARE(machine.lines.entries.at(3).value("_LINE_BREAK"), "nul");
    QTRY_COMPARE(machine.lines.entries.last().value("_LINE_BREAK"), "eof");

    what.exec.syslogLevelPrefix = false;
    what.exec.syslogLevel = 4;
    what.exec.syslogIdentifier = QStringLiteral("mine");
    QVERIFY(machine.output(what).contains("<3>bad"));
    QCOMPARE(machine.lines.entries.first().value("PRIORITY"), "4");
    QCOMPARE(machine.lines.entries.first().value("SYSLOG_IDENTIFIER"), "mine");
}

void TestUnitsDriver::linesAreThoseOfTheirWriters()
{
    Machine machine;
    // A line that nobody has ended when another process writes; then one that is too long.
    const QByteArrayList lines = machine.output(Machine::shell(QStringLiteral(
        "printf begun; (exec env printf 'other\\n'); head -c 50000 /dev/zero | tr '\\0' x; echo")));
    QVERIFY(lines.size() >= 4);
    QCOMPARE(lines.at(0), "begun");
    QCOMPARE(machine.lines.entries.at(0).value("_LINE_BREAK"), "pid-change");
    QCOMPARE(lines.at(1), "other");
    QVERIFY(machine.lines.entries.at(0).value("_PID") != machine.lines.entries.at(1).value("_PID"));
    qsizetype xs = 0;
    for (const QByteArray &line : lines.mid(2)) {
        QVERIFY(line.size() <= 48 * 1024);
        xs += line.count('x');
    }
    QCOMPARE(xs, 50000);
}

void TestUnitsDriver::outputMayGoToAFile()
{
    Machine machine;
    QTemporaryDir dir;
    const QString path = dir.filePath(QStringLiteral("out"));
    SpawnRequest what = Machine::shell(QStringLiteral("cat; echo out; echo err >&2"));
    QFile input(dir.filePath(QStringLiteral("in")));
    QVERIFY(input.open(QIODevice::WriteOnly));
    input.write("from input\n");
    input.close();
    what.exec.standardInput = QStringLiteral("file:") + input.fileName();
    what.exec.standardOutput = QStringLiteral("file:") + path;
    what.exec.standardError = QStringLiteral("null");
    QCOMPARE(machine.run(what), 0);
    what.exec.standardInput = QStringLiteral("null");
    what.exec.standardOutput = QStringLiteral("append:") + path;
    what.exec.standardError = QStringLiteral("inherit");
    QCOMPARE(machine.run(what), 0);
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.readAll(), "from input\nout\nout\nerr\n");
    QVERIFY(machine.lines.entries.isEmpty());
}

void TestUnitsDriver::variablesReachArgumentsAndEnvironment()
{
    QD_PROVES("S72", "S81");
    Machine machine;
    SpawnRequest what =
        Machine::request(QStringLiteral("/bin/echo $WORDS ${WORDS} $NOTHING end $$PATH"));
    what.environment += QStringLiteral("WORDS=of the engine");
    what.unitEnvironment = {QStringLiteral("WORDS=a  b")};
    QCOMPARE(machine.output(what), QByteArrayList{"a b a  b end $PATH"});
    what = Machine::shell(QStringLiteral("echo $INVOCATION_ID $SYSTEMD_EXEC_PID $$ $GONE"));
    what.unitEnvironment = {QStringLiteral("GONE=1")};
    what.exec.unsetEnvironment = {QStringLiteral("GONE")};
    const QByteArrayList words = machine.output(what).value(0).split(' ');
    QCOMPARE(words.size(), 3);
    QCOMPARE(words.at(0), kInvocation.toUtf8());
    QCOMPARE(words.at(1), words.at(2));
}

void TestUnitsDriver::limitsAndTheRestOfTheSurroundings()
{
    QD_PROVES("S73", "S77");
    Machine machine;
    SpawnRequest what = Machine::shell(
        QStringLiteral("ulimit -Sn; ulimit -Hn; umask; nice; pwd; cat /proc/self/oom_score_adj; "
                       "grep SigIgn /proc/$$/status; ls /proc/$$/fd; true"));
    what.exec.limits.insert(QStringLiteral("NOFILE"), Limit{123, 456});
    what.exec.umask = 0077;
    what.exec.nice = 7;
    what.exec.oomScoreAdjust = 500;
    what.exec.workingDirectory = QStringLiteral("/usr");
    const QByteArrayList out = machine.output(what);
    QCOMPARE(out.size(), 10);
    QCOMPARE(out.first(6), (QByteArrayList{"123", "456", "0077", "7", "/usr", "500"}));
    QVERIFY2(out.at(6).endsWith("1000"), out.at(6)); // SIGPIPE alone
    QCOMPARE(out.mid(7), (QByteArrayList{"0", "1", "2"}));
    QCOMPARE(machine.output(Machine::shell(QStringLiteral("pwd"))), QByteArrayList{"/"});
    SpawnRequest limited = Machine::shell(QStringLiteral(
        "grep -E 'cpu time|stack|processes|open files' /proc/self/limits | tr -s ' '"));
    limited.exec.limits = {
        {QStringLiteral("CPU"), Limit{100, 200}},
        {QStringLiteral("STACK"), Limit{1 << 20, 2 << 20}},
        {QStringLiteral("NOFILE"), Limit{123, 456}},
        {QStringLiteral("NPROC"), Limit{5000, 6000}}};
    QCOMPARE(
        machine.output(limited),
        (QByteArrayList{
            "Max cpu time 100 200 seconds ", "Max stack size 1048576 2097152 bytes ",
            "Max processes 5000 6000 processes ", "Max open files 123 456 files "}));
}

void TestUnitsDriver::aServiceRunsInItsFolders()
{
    QD_PROVES("S74");
    Machine machine;
    SpawnRequest what = Machine::shell(QStringLiteral("pwd"));
    what.exec.workingDirectory = QStringLiteral("/usr/lib");
    QCOMPARE(machine.output(what), QByteArrayList{"/usr/lib"});
    what.exec.workingDirectory = QStringLiteral("/no/such/folder");
    what.exec.workingDirectoryMayBeMissing = true;
    QCOMPARE(machine.output(what), QByteArrayList{"/"});
    what.exec.workingDirectoryIsHome = true;
    what.exec.workingDirectoryMayBeMissing = false;
    what.exec.user = getuid() == 0 ? QStringLiteral("bin") : QString();
    const QString user = getuid() == 0 ? what.exec.user : QString::number(getuid());
    const QString home = QFileInfo(findUser(user)->home).canonicalFilePath(); // none: not there
    const QByteArray expected = home.isEmpty() ? "exit status 200" : home.toUtf8();
    QCOMPARE(machine.output(what), QByteArrayList{expected});

    // A program that needs nothing around it is the only thing in its world.
    QTemporaryDir root;
    QVERIFY(QFile::copy(QStringLiteral("/sbin/ldconfig"), root.filePath(QStringLiteral("alone"))));
    SpawnRequest alone = Machine::request(QStringLiteral("/alone --version"));
    alone.exec.rootDirectory = root.path();
    QCOMPARE(machine.run(alone), getuid() == 0 ? 0 : 226);
}

void TestUnitsDriver::aServiceGetsFoldersOfItsOwn()
{
    const QString name = QStringLiteral("quarterdeck-test-%1").arg(getpid());
    const QString path = QStringLiteral("/run/") + name;
    Machine machine;
    SpawnRequest what = Machine::shell(QStringLiteral("stat -c '%U %a' ") + path);
    what.exec.folders[size_t(FolderKind::Runtime)] = {{name}, 0750};
    if (getuid() != 0) {
        QCOMPARE(machine.run(what), 233); // nobody else makes folders there
        return;
    }
    what.exec.user = QStringLiteral("daemon");
    QCOMPARE(machine.output(what).value(0), "daemon 750");
    machine.driver.removeFolder(path);
    QVERIFY(!QFile::exists(path));
}

void TestUnitsDriver::aServiceRunsAsItsUser()
{
    QD_PROVES("S75");
    Machine machine;
    SpawnRequest what =
        Machine::shell(QStringLiteral("id -u; id -g; id -G; echo $USER $LOGNAME $HOME $SHELL"));
    what.exec.user = QStringLiteral("nobody");
    const QByteArrayList out = machine.output(what);
    QCOMPARE(out.value(0), "65534");
    QCOMPARE(out.value(3), "nobody nobody /nonexistent"); // nologin is no shell
    what.exec.user = QStringLiteral("daemon");
    if (getuid() == 0) {
        what.exec.group = QStringLiteral("mail");
        what.exec.supplementaryGroups = {QStringLiteral("audio")};
        const QByteArrayList asDaemon = machine.output(what);
        QCOMPARE(asDaemon.value(0), "1");
        QCOMPARE(asDaemon.value(1), QByteArray::number(getgrnam("mail")->gr_gid));
        const QByteArrayList all = asDaemon.value(2).split(' ');
        QVERIFY(all.contains(QByteArray::number(getgrnam("audio")->gr_gid)));
        what.command.fullyPrivileged = true;
        QCOMPARE(machine.output(what).value(0), "0");
    } else {
        const int status = machine.run(what); // who is not root becomes nobody else
        QVERIFY2(status == 216 || status == 217, QByteArray::number(status));
    }
}

void TestUnitsDriver::nobodyLeavesItsGroup_data()
{
    QTest::addColumn<bool>("byDescent");
    QTest::newRow("control groups") << false;
    QTest::newRow("by descent") << true;
}

void TestUnitsDriver::nobodyLeavesItsGroup()
{
    QD_PROVES("S7");
    QFETCH(bool, byDescent);
    Machine machine(byDescent);
    // Forks twice, in a session of its own, while its parents end: what a daemon does to get away.
    const auto pid = machine.driver.spawn(Machine::shell(
        QStringLiteral("setsid sh -c 'sleep 1000 & sleep 1000 &' & wait; echo left; exit 0")));
    QVERIFY(pid.has_value());
    QTRY_VERIFY_WITH_TIMEOUT(machine.heard.ends.contains(*pid), 10'000);
    QTRY_COMPARE_WITH_TIMEOUT(machine.driver.processes(kGroup).size(), 2, 10'000);
    QVERIFY(!machine.heard.events.contains(QStringLiteral("empty ") + kGroup));
    for (const qint32 left : machine.driver.processes(kGroup))
        QCOMPARE(procStat(left)->parent, getpid());
    QVERIFY(machine.driver.signalGroup(kGroup, SIGTERM, {}));
    QTRY_VERIFY_WITH_TIMEOUT(
        machine.heard.events.contains(QStringLiteral("empty ") + kGroup), 10'000);
    QCOMPARE(machine.heard.events.count(QStringLiteral("empty ") + kGroup), 1);
    QVERIFY(machine.driver.processes(kGroup).isEmpty());
    QVERIFY(!machine.driver.signalGroup(kGroup, SIGTERM, {}));
}

void TestUnitsDriver::whatIsRemovedEndsAtItsLinks()
{
    QTemporaryDir dir;
    QVERIFY(QDir(dir.path()).mkpath(QStringLiteral("tree/deep")) && QDir(dir.path()).mkdir("kept"));
    QFile file(dir.filePath(QStringLiteral("kept/file")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    QVERIFY(QFile::link(dir.filePath("kept"), dir.filePath("tree/deep/link")));
    QVERIFY(QFile::link(dir.filePath("kept"), dir.filePath("link")));
    QVERIFY(mkfifo(QFile::encodeName(dir.filePath("tree/pipe")).constData(), 0600) == 0);
    QVERIFY(removeTree(dir.filePath("tree")) && removeTree(dir.filePath("link")));
    QCOMPARE(QDir(dir.path()).entryList(QDir::AllEntries | QDir::NoDotAndDotDot), {"kept"});
    QVERIFY(file.exists());
    QVERIFY(removeTree(dir.filePath("kept")) && removeTree(dir.filePath("not there")));
    QVERIFY(!QFileInfo::exists(dir.filePath("kept")));
}

/// A process shows no environment in the middle of its execve(): what is not known then may be
/// later.
void TestUnitsDriver::whoIsUnknownAtFirstIsLookedAtAgain()
{
    const auto tree = openProcessTree(QString());
    QProcess process;
    QProcessEnvironment environment;
    environment.insert(QStringLiteral("INVOCATION_ID"), kInvocation);
    process.setProcessEnvironment(environment);
    process.start(QStringLiteral("/bin/sleep"), {QStringLiteral("1000")});
    QVERIFY(process.waitForStarted());
    const auto pid = pid_t(process.processId());
    QVERIFY(tree->groupOf(pid).isEmpty());
    QVERIFY(tree->prepare(kGroup).has_value());
    tree->started(kGroup, -1, kInvocation);
    QCOMPARE(tree->groupOf(pid), kGroup);
    process.kill();
    QVERIFY(process.waitForFinished());
}

void TestUnitsDriver::aSignalReachesAllButTheExcepted()
{
    Machine machine;
    const auto first = machine.driver.spawn(Machine::request(QStringLiteral("/bin/sleep 100")));
    const auto second = machine.driver.spawn(Machine::request(QStringLiteral("/bin/sleep 100")));
    QVERIFY(first && second);
    // A stopped process is woken to hear that it has to end.
    QVERIFY(machine.driver.signalProcess(*second, SIGSTOP));
    QVERIFY(machine.driver.signalGroup(kGroup, SIGTERM, {*first}));
    QTRY_VERIFY(machine.heard.ends.contains(*second));
    QCOMPARE(machine.driver.processes(kGroup), QList<qint32>{*first});
}

void TestUnitsDriver::aServiceTellsOfItself()
{
    Machine machine;
    QTemporaryDir dir;
    QVERIFY(!machine.driver.canNotify());
    const QString socket = dir.filePath(QStringLiteral("notify"));
    QVERIFY(machine.driver.listenForNotifications(socket).has_value());
    SpawnRequest what =
        Machine::shell(QStringLiteral("echo socket $NOTIFY_SOCKET; test -z \"$NOTIFY_SOCKET\" || "
                                      "systemd-notify --ready --status='all well'"));
    QCOMPARE(machine.output(what), QByteArrayList{"socket"}); // one that may not has no socket
    what.mayNotify = true;
    QCOMPARE(machine.output(what), QByteArrayList{"socket " + socket.toUtf8()});
    // systemd-notify waits until its message was read; it has come before its end was told.
    const QByteArray notes = machine.heard.notes.join('\n');
    QVERIFY2(notes.contains("READY=1"), notes);
    QVERIFY2(notes.contains("STATUS=all well"), notes);
}

void TestUnitsDriver::timersFireInOrder()
{
    Machine machine;
    const qint64 now = machine.clock.monotonicMs();
    machine.driver.armTimer(QStringLiteral("late"), now + 80);
    machine.driver.armTimer(QStringLiteral("early"), now + 10);
    machine.driver.armTimer(QStringLiteral("never"), now + 20);
    machine.driver.armTimer(QStringLiteral("moved"), now + 5);
    machine.driver.armTimer(QStringLiteral("moved"), now + 120);
    machine.driver.armTimer(QStringLiteral("far"), now + 1'000LL * 3600 * 24 * 365);
    machine.driver.cancelTimer(QStringLiteral("never"));
    const QStringList expected{
        QStringLiteral("timer early"), QStringLiteral("timer late"), QStringLiteral("timer moved")};
    QTRY_COMPARE(machine.heard.events, expected);
    QVERIFY(machine.clock.monotonicMs() >= now + 120);
}

void TestUnitsDriver::theEngineIsWokenLater()
{
    Machine machine;
    machine.driver.wake();
    machine.driver.wake();
    QVERIFY(machine.heard.events.isEmpty());
    QTRY_COMPARE(machine.heard.events, QStringList{QStringLiteral("run")});
}

void TestUnitsDriver::theBestHierarchyIsFound()
{
    const QByteArray mounts =
        "20 1 0:20 / /sys/fs/cgroup rw - tmpfs cgroup rw\n"
        "21 20 0:21 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
        "22 20 0:22 /node /sys/fs/cgroup/uni\\040fied rw shared:1 - cgroup2 cgroup2 rw\n";
    const QByteArray groups = "1:name=systemd:/old\n0::/node/a\n";
    const auto unified = findGroupPlace(groups, mounts);
    QVERIFY(unified && unified->unified);
    QCOMPARE(unified->folderOf(unified->ownPath), QStringLiteral("/sys/fs/cgroup/uni fied/a"));
    const auto legacy = findGroupPlace("1:name=systemd:/\n", mounts);
    QVERIFY(legacy && !legacy->unified);
    QCOMPARE(legacy->folderOf(legacy->ownPath), QStringLiteral("/sys/fs/cgroup/systemd"));
    QVERIFY(!findGroupPlace("0::/../outside\n", mounts));
    QVERIFY(!findGroupPlace("4:memory:/\n", mounts));
}

int main(int argc, char **argv)
{
    if (argc == 2 && QByteArrayView(argv[1]) == "--as-user") {
        argc = 1;
        qunsetenv("QD_PROOFS"); // its folder may be root's
        if (getuid() == 0 &&
            (setgroups(0, nullptr) != 0 || setresgid(kNobody, kNobody, kNobody) != 0 ||
             setresuid(kNobody, kNobody, kNobody) != 0))
            return 1;
        prctl(PR_SET_DUMPABLE, 1); // its files in /proc are its own again, as after an exec
    }
    QCoreApplication app(argc, argv);
    TestUnitsDriver test;
    return qd::proof::run(&test, argc, argv);
}
#include "tst_units_driver.moc"
