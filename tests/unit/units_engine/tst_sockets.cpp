// SPDX-License-Identifier: GPL-3.0-or-later
// Sockets (ch3-systemd.md 11; U-46): what they listen on, what they start, how they end.
#include "agent/units/engine/errors.h"
#include "tests/support/proof.h"
#include "tests/unit/units_engine/world.h"

using namespace qd::units;
using namespace qd::units::test;

namespace {

/// A socket and a service that takes what comes and goes on running.
void aSocket(World &world, const QByteArray &lines = "ListenStream=/run/echo\n")
{
    world.file("echo.service", "ExecStart=/bin/echod\n");
    world.file("echo.socket", "[Socket]\n" + lines);
}

/// A socket with a service for each connection.
void anAcceptingSocket(World &world, const QByteArray &lines = {})
{
    world.file("ssh@.service", "[Unit]\nDescription=Login\n[Service]\nExecStart=/bin/sshd\n");
    world.file("ssh.socket", "[Socket]\nListenStream=22\nAccept=yes\n" + lines);
}

/// The service reads what waits.
void take(World &world, const QString &unit)
{
    world.driver.waiting.remove(unit);
}

QStringList variables(const World &world, const QString &path)
{
    for (const SpawnRequest &request : world.driver.requests) {
        if (request.command.path == path)
            return request.environment;
    }
    return {};
}

QString socketResult(const World &world, const QString &unit)
{
    return toText(world.unit(unit).result);
}

} // namespace

class TestSockets : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatComesStartsTheServiceAndIsPassedOn();
    void aServiceThatEndsLetsTheSocketListenAgain();
    void stoppingTheServiceLeavesTheSocket();
    void whatNobodyTakesStartsTheServiceUntilItsLimit();
    void aServiceThatDoesNotStartLeavesTheSocketToItsTriggerLimit();
    void theServiceMayHaveAnotherName();
    void aServiceNamesItsSockets();
    void aSocketStartsBeforeItsService();
    void aServiceThatRunsAlreadyKeepsTheSocketOut();
    void itsCommandsRunInOrder();
    void aCommandThatFailsOrHangsFailsTheSocket();
    void whatCannotBeOpenedFailsIt();
    void filesGetTheirOwner();
    void eachConnectionHasItsService();
    void connectionsAreCountedAndLimited();
    void oneSourceMayHaveSoManyConnections();
    void anInstanceThatHasEndedIsForgotten();
    void connectionsOutliveAReload();
    void tooManyTriggersFailTheSocket();
    void whatWaitsIsFlushedWhenAskedFor();
    void badSocketsAreRefused_data();
    void badSocketsAreRefused();
    void badLinesAreSaidWithFileAndLine();
};

void TestSockets::whatComesStartsTheServiceAndIsPassedOn()
{
    QD_PROVES("S115");
    World world;
    aSocket(world);
    QCOMPARE(world.start("echo.socket"), "done");
    QCOMPARE(world.state("echo.socket"), "active/listening");
    QVERIFY(world.wasSaid("Listening on echo.socket."));
    QVERIFY(world.runs().isEmpty());
    world.driver.onSpawn = [&world](const SpawnRequest &) { take(world, "echo.socket"); };
    world.knock("echo.socket");
    QCOMPARE(world.state("echo.service"), "active/running");
    QCOMPARE(world.state("echo.socket"), "active/running");
    QCOMPARE(world.driver.requests.last().sockets, QStringList{"echo.socket"});
}

void TestSockets::aServiceThatEndsLetsTheSocketListenAgain()
{
    World world;
    aSocket(world);
    world.start("echo.socket");
    world.driver.onSpawn = [&world](const SpawnRequest &) { take(world, "echo.socket"); };
    world.knock("echo.socket");
    QVERIFY(!world.driver.listening.contains("echo.socket"));
    world.exit("echo.service");
    QCOMPARE(world.state("echo.socket"), "active/listening");
    world.knock("echo.socket");
    QCOMPARE(world.runs().size(), 2);
}

void TestSockets::stoppingTheServiceLeavesTheSocket()
{
    World world;
    aSocket(world);
    world.start("echo.socket");
    world.driver.onSpawn = [&world](const SpawnRequest &) { take(world, "echo.socket"); };
    world.knock("echo.socket");
    QCOMPARE(world.stop("echo.service"), "done");
    QCOMPARE(world.state("echo.socket"), "active/listening");
    QCOMPARE(world.stop("echo.socket"), "done");
    QCOMPARE(world.driver.log.filter("close"), QStringList{"close echo.socket"});
    QVERIFY(world.wasSaid("Closed echo.socket."));
}

void TestSockets::whatNobodyTakesStartsTheServiceUntilItsLimit()
{
    QD_PROVES("U-46");
    World world;
    aSocket(world);
    world.file("echo.service", "Type=oneshot\nExecStart=/bin/true\n");
    world.start("echo.socket");
    world.knock("echo.socket");
    QCOMPARE(world.runs().size(), 5);
    QCOMPARE(world.state("echo.service"), "failed/failed");
    QCOMPARE(world.state("echo.socket"), "failed/failed");
    QCOMPARE(socketResult(world, "echo.socket"), "service-start-limit-hit");
    QVERIFY(!world.driver.open.contains("echo.socket"));
}

void TestSockets::aServiceThatDoesNotStartLeavesTheSocketToItsTriggerLimit()
{
    World world;
    aSocket(world);
    world.file(
        "echo.service", "[Unit]\nConditionPathExists=/no\n[Service]\nExecStart=/bin/echod\n");
    world.start("echo.socket");
    world.knock("echo.socket");
    QVERIFY(world.runs().isEmpty());
    QCOMPARE(socketResult(world, "echo.socket"), "trigger-limit-hit");
}

void TestSockets::theServiceMayHaveAnotherName()
{
    QD_PROVES("S115");
    World world;
    aSocket(world, "ListenStream=/run/echo\nService=other.service\n");
    world.file("other.service", "ExecStart=/bin/other\n");
    world.start("echo.socket");
    world.driver.onSpawn = [&world](const SpawnRequest &) { take(world, "echo.socket"); };
    world.knock("echo.socket");
    QCOMPARE(world.state("other.service"), "active/running");
    QCOMPARE(world.runs(), QStringList{"other.service /bin/other"});
}

void TestSockets::aServiceNamesItsSockets()
{
    World world;
    aSocket(world);
    world.file("extra.socket", "[Socket]\nListenStream=7\nService=echo.service\n");
    world.file("echo.service", "Sockets=extra.socket\nExecStart=/bin/echod\n");
    world.start("echo.socket");
    QCOMPARE(world.start("echo.service"), "done"); // it wants its sockets, and comes after them
    QCOMPARE(world.state("extra.socket"), "active/running");
    QStringList passed = world.driver.requests.last().sockets;
    passed.sort();
    QCOMPARE(passed, (QStringList{"echo.socket", "extra.socket"}));
}

void TestSockets::aSocketStartsBeforeItsService()
{
    World world;
    aSocket(world, "ListenStream=/run/echo\nExecStartPre=/bin/prepare\n");
    world.file("both.target", "[Unit]\nRequires=echo.service echo.socket\n");
    const auto job = world.ask(JobType::Start, "both.target");
    world.settle();
    QCOMPARE(world.runs(), QStringList{"echo.socket /bin/prepare"});
    QCOMPARE(world.state("echo.socket"), "activating/start-pre");
    world.driver.end(world.unit("echo.socket").command.pid, CLD_EXITED, 0);
    world.settle();
    QCOMPARE(world.runs().last(), "echo.service /bin/echod");
    QCOMPARE(world.resultOf(*job), "done");
}

void TestSockets::aServiceThatRunsAlreadyKeepsTheSocketOut()
{
    World world;
    aSocket(world);
    world.start("echo.service");
    QCOMPARE(world.start("echo.socket"), "failed");
    QVERIFY(world.wasSaid("Socket service echo.service already active, refusing."));
}

void TestSockets::itsCommandsRunInOrder()
{
    World world;
    aSocket(
        world, "ListenStream=/run/echo\nExecStartPre=/bin/true 1\nExecStartPost=/bin/true 2\n"
               "ExecStopPre=/bin/true 3\nExecStopPost=/bin/true 4\nExecStopPost=/bin/true 5\n");
    world.start("echo.socket");
    world.stop("echo.socket");
    const QStringList told = world.driver.log.filter(QRegularExpression("run|open|close"));
    QCOMPARE(
        told, (QStringList{
                  "run echo.socket /bin/true 1", "open echo.socket", "run echo.socket /bin/true 2",
                  "run echo.socket /bin/true 3", "close echo.socket", "run echo.socket /bin/true 4",
                  "run echo.socket /bin/true 5"}));
    QCOMPARE(world.state("echo.socket"), "gone");
}

void TestSockets::aCommandThatFailsOrHangsFailsTheSocket()
{
    World world;
    aSocket(world, "ListenStream=/run/echo\nExecStartPre=/bin/false\n");
    QCOMPARE(world.start("echo.socket"), "failed");
    QCOMPARE(socketResult(world, "echo.socket"), "exit-code");
    QVERIFY(world.driver.log.filter("open").isEmpty());

    World forgiving;
    aSocket(forgiving, "ListenStream=/run/echo\nExecStartPre=-/bin/false\n");
    QCOMPARE(forgiving.start("echo.socket"), "done");

    World late;
    aSocket(late, "ListenStream=/run/echo\nTimeoutSec=3\nExecStartPost=/bin/stubborn\n");
    const auto job = late.ask(JobType::Start, "echo.socket");
    late.settle();
    late.advance(2900);
    QCOMPARE(late.state("echo.socket"), "activating/start-post");
    late.advance(200);
    QCOMPARE(late.state("echo.socket"), "deactivating/final-sigterm");
    late.advance(3000);
    QCOMPARE(late.state("echo.socket"), "failed/failed");
    QCOMPARE(late.resultOf(*job), "failed");
    QCOMPARE(socketResult(late, "echo.socket"), "timeout");
    QCOMPARE(late.processCount("echo.socket"), 0);
}

void TestSockets::whatCannotBeOpenedFailsIt()
{
    World world;
    aSocket(world);
    world.driver.refusesToListen = true;
    QCOMPARE(world.start("echo.socket"), "failed");
    QCOMPARE(socketResult(world, "echo.socket"), "resources");
    QVERIFY(world.wasSaid("echo.socket: Failed to listen on sockets: Address already in use"));
    world.driver.refusesToListen = false;
    QVERIFY(world.manager.resetFailed("echo.socket"));
    QCOMPARE(world.start("echo.socket"), "done");
}

void TestSockets::filesGetTheirOwner()
{
    World world;
    aSocket(world, "ListenStream=/run/echo\nSocketUser=core\nSocketGroup=adm\n");
    QCOMPARE(world.start("echo.socket"), "done");
    QCOMPARE(world.driver.log.filter("own"), QStringList{"own echo.socket core adm"});
    QVERIFY(world.news.contains("unit echo.socket active/listening"));

    World nobody;
    aSocket(nobody, "ListenStream=/run/echo\nSocketUser=nobody-here\n");
    QCOMPARE(nobody.start("echo.socket"), "failed");
    QCOMPARE(socketResult(nobody, "echo.socket"), "exit-code");
}

void TestSockets::eachConnectionHasItsService()
{
    QD_PROVES("S116");
    World world;
    anAcceptingSocket(world);
    QCOMPARE(world.start("ssh.socket"), "done");
    for (const char *from : {"10.0.0.7", "10.0.0.8", "10.0.0.7"})
        world.connectFrom(QLatin1String(from), "ssh.socket");
    QCOMPARE(world.runs().size(), 3);
    const QString first = "ssh@0-10.0.0.1:22-10.0.0.7:40001.service";
    QCOMPARE(world.state(first), "active/running");
    QCOMPARE(world.state("ssh.socket"), "active/listening");
    QCOMPARE(world.unit(first).description(), "Login (10.0.0.7:40001)");
    QCOMPARE(world.driver.requests.first().connection, 1);
    QVERIFY(world.driver.requests.first().sockets.isEmpty());
    const QStringList environment = variables(world, "/bin/sshd");
    QVERIFY(environment.contains("REMOTE_ADDR=10.0.0.7"));
    QVERIFY(environment.contains("REMOTE_PORT=40001"));
}

void TestSockets::connectionsAreCountedAndLimited()
{
    QD_PROVES("S117");
    World world;
    anAcceptingSocket(world, "MaxConnections=2\n");
    world.start("ssh.socket");
    for (int i = 0; i < 3; ++i)
        world.connectFrom("10.0.0.7", "ssh.socket");
    QCOMPARE(world.runs().size(), 2);
    QCOMPARE(world.driver.log.filter("drop"), QStringList{"drop 3"});
    QVERIFY(world.wasSaid("Too many incoming connections (2), dropping connection."));
    const SocketRuntime &listening = world.unit("ssh.socket").listening;
    QCOMPARE(listening.accepted, 2);
    QCOMPARE(listening.refused, 1);
    QCOMPARE(listening.connections.size(), 2);
    world.exit("ssh@0-10.0.0.1:22-10.0.0.7:40001.service");
    QCOMPARE(world.driver.log.filter("drop").last(), "drop 1");
    QCOMPARE(listening.connections.size(), 1);
    world.connectFrom("10.0.0.7", "ssh.socket");
    QCOMPARE(world.runs().size(), 3);
}

void TestSockets::oneSourceMayHaveSoManyConnections()
{
    World world;
    anAcceptingSocket(world, "MaxConnectionsPerSource=1\n");
    world.start("ssh.socket");
    world.connectFrom("10.0.0.7", "ssh.socket");
    world.connectFrom("10.0.0.7", "ssh.socket");
    world.connectFrom("10.0.0.8", "ssh.socket");
    QCOMPARE(world.runs().size(), 2);
    QVERIFY(world.wasSaid("Too many incoming connections (2) from source 10.0.0.7, dropping"));
}

void TestSockets::anInstanceThatHasEndedIsForgotten()
{
    World world;
    anAcceptingSocket(world);
    world.file(
        "keep@.service", "[Unit]\nCollectMode=inactive-or-failed\n[Service]\nExecStart=/bin/x\n");
    world.file("keep.socket", "[Socket]\nListenStream=23\nAccept=yes\n");
    world.start("ssh.socket");
    world.start("keep.socket");
    world.connectFrom("10.0.0.7", "ssh.socket");
    world.connectFrom("10.0.0.7", "ssh.socket");
    world.connectFrom("10.0.0.7", "keep.socket");
    const QString fine = "ssh@0-10.0.0.1:22-10.0.0.7:40001.service";
    const QString failed = "ssh@1-10.0.0.1:22-10.0.0.7:40002.service";
    const QString collected = "keep@0-10.0.0.1:22-10.0.0.7:40003.service";
    world.exit(fine);
    QCOMPARE(world.state(fine), "gone");
    world.exit(failed, 1);
    QCOMPARE(world.state(failed), "failed/failed"); // until somebody has seen it
    world.exit(collected, 1);
    QCOMPARE(world.state(collected), "gone");
    QCOMPARE(world.unit("ssh.socket").listening.connections.size(), 0);
}

void TestSockets::connectionsOutliveAReload()
{
    World world;
    anAcceptingSocket(world);
    world.start("ssh.socket");
    world.connectFrom("10.0.0.7", "ssh.socket");
    const QString service = "ssh@0-10.0.0.1:22-10.0.0.7:40001.service";
    world.manager.reload();
    world.settle();
    QCOMPARE(world.unit("ssh.socket").dependencyNames(Dependency::Triggers), QStringList{service});
    world.exit(service);
    QCOMPARE(world.driver.log.filter("drop"), QStringList{"drop 1"});
    QCOMPARE(world.state("ssh.socket"), "active/listening");
}

void TestSockets::tooManyTriggersFailTheSocket()
{
    World world;
    anAcceptingSocket(world, "TriggerLimitBurst=3\nTriggerLimitIntervalSec=1min\n");
    world.start("ssh.socket");
    for (int i = 0; i < 4; ++i)
        world.connectFrom("10.0.0.7", "ssh.socket");
    QCOMPARE(world.runs().size(), 3);
    QCOMPARE(world.state("ssh.socket"), "failed/failed");
    QCOMPARE(socketResult(world, "ssh.socket"), "trigger-limit-hit");
    QVERIFY(world.wasSaid("ssh.socket: Trigger limit hit, refusing further activation."));
    QCOMPARE(world.processCount("ssh@0-10.0.0.1:22-10.0.0.7:40001.service"), 1);
}

void TestSockets::whatWaitsIsFlushedWhenAskedFor()
{
    World world;
    aSocket(world, "ListenStream=/run/echo\nFlushPending=yes\n");
    world.file("echo.service", "Type=oneshot\nExecStart=/bin/true\n");
    world.start("echo.socket");
    world.knock("echo.socket"); // the service takes nothing, and what waits is thrown away
    QCOMPARE(world.runs().size(), 1);
    QCOMPARE(world.state("echo.socket"), "active/listening");
}

void TestSockets::badSocketsAreRefused_data()
{
    QTest::addColumn<QByteArray>("lines");
    QTest::addColumn<QString>("sentence");
    QTest::newRow("nothing") << QByteArray("Accept=no\n") << "Unit has no Listen setting";
    QTest::newRow("datagrams") << QByteArray("ListenDatagram=53\nAccept=yes\n")
                               << "but sockets are non-accepting. Refusing.";
    QTest::newRow("none at all") << QByteArray("ListenStream=22\nAccept=yes\nMaxConnections=0\n")
                                 << "MaxConnection= setting too small. Refusing.";
    QTest::newRow("service") << QByteArray("ListenStream=22\nAccept=yes\nService=a.service\n")
                             << "Explicit service configuration for accepting socket units";
    QTest::newRow("links") << QByteArray("ListenStream=22\nSymlinks=/run/x\n")
                           << "Unit has symlinks set but none or more than one node";
}

void TestSockets::badSocketsAreRefused()
{
    QFETCH(QByteArray, lines);
    QFETCH(QString, sentence);
    World world;
    aSocket(world, lines);
    QCOMPARE(world.start("echo.socket"), error::badSetting);
    QVERIFY(world.wasSaid("echo.socket: "));
    QVERIFY(world.wasSaid(sentence));
}

void TestSockets::badLinesAreSaidWithFileAndLine()
{
    World world;
    aSocket(
        world, "ListenStream=/run/echo\nListenStream=1:2:3\nListenUSBFunction=/run/usb\n"
               "ListenSequentialPacket=22\nListenFIFO=relative\nColour=red\n");
    QCOMPARE(world.start("echo.socket"), "done");
    const QString file = "[/etc/systemd/system/echo.socket:%1] ";
    for (const auto &[line, words] : QList<std::pair<int, QString>>{
             {3, "Failed to parse address value in '1:2:3', ignoring"},
             {4, "ListenUSBFunction= is not supported, ignoring"},
             {5, "Address family not supported, ignoring: 22"},
             {6, "ListenFIFO= path is not absolute, ignoring: relative"},
             {7, "Unknown key name 'Colour' in section 'Socket', ignoring."}})
        QVERIFY2(world.wasSaid(file.arg(line) + words), qPrintable(words));
    QCOMPARE(world.unit("echo.socket").socket.lines.size(), 1);
}

QD_TEST_MAIN(TestSockets)
#include "tst_sockets.moc"
