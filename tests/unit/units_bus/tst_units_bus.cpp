// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/dispatcher.h"
#include "agent/units/bus/errors.h"
#include "agent/units/bus/object_path.h"
#include "agent/units/bus/private_bus.h"
#include "agent/units/bus/wire_types.h"
#include "tests/support/proof.h"

#include <QDBusMetaType>
#include <QFileInfo>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

using namespace qd::units::bus;

class TestUnitsBus : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void unitNamesBecomePathsAndBack_data();
    void unitNamesBecomePathsAndBack();
    void jobsHavePaths();
    void theTypesHaveSystemdsSignatures_data();
    void theTypesHaveSystemdsSignatures();
    void busctlTalksToThePrivateSocket();
    void aSignalReachesEveryPeer();
    void aBusThatEndsDoesNotHoldUpTheNext();
};

void TestUnitsBus::unitNamesBecomePathsAndBack_data()
{
    QTest::addColumn<QString>("unit");
    QTest::addColumn<QString>("escaped");
    const auto row = [](const char *unit, const char *escaped) {
        QTest::newRow(unit) << QString::fromUtf8(unit) << QString::fromLatin1(escaped);
    };
    row("t1.service", "t1_2eservice");
    row("pg_dump@15-main.timer", "pg_5fdump_4015_2dmain_2etimer");
    row("9p.mount", "_39p_2emount");
    row("-.slice", "_2d_2eslice");
    row("\xc3\xbc.service", "_c3_bc_2eservice");
    row("", "_");
}

void TestUnitsBus::unitNamesBecomePathsAndBack()
{
    QFETCH(QString, unit);
    QFETCH(QString, escaped);
    const QString path = QStringLiteral("/org/freedesktop/systemd1/unit/") + escaped;
    QCOMPARE(unitPath(unit), path);
    QCOMPARE(unitOfPath(path).value_or(QStringLiteral("nothing")), unit);
}

void TestUnitsBus::jobsHavePaths()
{
    QCOMPARE(jobPath(7), QStringLiteral("/org/freedesktop/systemd1/job/7"));
    QCOMPARE(jobPath(0), QStringLiteral("/"));
    QCOMPARE(jobOfPath(jobPath(7)).value_or(0), 7u);
    QVERIFY(!jobOfPath(unitPath(QStringLiteral("a.service"))));
    QVERIFY(!unitOfPath(jobPath(7)));
    QCOMPARE(
        typeInterface(QStringLiteral("a.b.socket")),
        QStringLiteral("org.freedesktop.systemd1.Socket"));
}

void TestUnitsBus::theTypesHaveSystemdsSignatures_data()
{
    registerWireTypes();
    QTest::addColumn<QMetaType>("type");
    QTest::addColumn<QByteArray>("signature");
    const auto row = [](QMetaType type, const char *signature) {
        QTest::newRow(signature) << type << QByteArray(signature);
    };
    row(QMetaType::fromType<QList<UnitRow>>(), "a(ssssssouso)");
    row(QMetaType::fromType<QList<JobRow>>(), "a(usssoo)");
    row(QMetaType::fromType<Pair>(), "(ss)");
    row(QMetaType::fromType<QList<FileChange>>(), "a(sss)");
    row(QMetaType::fromType<QList<ProcessRow>>(), "a(sus)");
    row(QMetaType::fromType<JobRef>(), "(uo)");
    row(QMetaType::fromType<UnitRef>(), "(so)");
    row(QMetaType::fromType<QList<ConditionRow>>(), "a(sbbsi)");
    row(QMetaType::fromType<QList<ExecRow>>(), "a(sasbttttuii)");
    row(QMetaType::fromType<QList<ExecExRow>>(), "a(sasasttttuii)");
    row(QMetaType::fromType<ExitSet>(), "(aiai)");
    row(QMetaType::fromType<QList<CalendarRow>>(), "a(sst)");
    row(QMetaType::fromType<QList<MonotonicRow>>(), "a(stt)");
    row(QMetaType::fromType<QList<OptionalPath>>(), "a(sb)");
    row(QMetaType::fromType<QList<BoundPath>>(), "a(ssbt)");
    row(QMetaType::fromType<QList<Setting>>(), "a(sv)");
    row(QMetaType::fromType<QList<QueuedJob>>(), "a(uosos)");
    row(QMetaType::fromType<Properties>(), "a{sv}");
}

void TestUnitsBus::theTypesHaveSystemdsSignatures()
{
    QFETCH(QMetaType, type);
    QFETCH(QByteArray, signature);
    QCOMPARE(QByteArray(QDBusMetaType::typeToSignature(type)), signature);
}

namespace {

/// A tree with one object: /one, interface x.One.
class OneObject {
public:
    OneObject()
        : dispatcher([this](const QString &path) { return lookup(path); })
    {
        methods.insert(QStringLiteral("Double"), Method{"u", "u", [](const Call &call) {
                                                            call.reply({call.number(0) * 2});
                                                        }});
    }

    qd::Result<Node> lookup(const QString &path) const
    {
        if (path != QLatin1String("/one"))
            return qd::fail(error::unknownObject, QStringLiteral("Unknown object '%1'.").arg(path));
        Node node;
        const auto properties = [] {
            QVariantMap all;
            all[QStringLiteral("LoadError")] =
                QVariant::fromValue(Pair{error::noSuchUnit, QStringLiteral("Unit x not found.")});
            all[QStringLiteral("Stamp")] = QVariant::fromValue<qulonglong>(42);
            return all;
        };
        node.interfaces.push_back({QStringLiteral("x.One"), properties, &methods, {}});
        return node;
    }

    Methods methods;
    Dispatcher dispatcher;
};

struct Answer {
    int exit = -1;
    QString out, errors;
};

Answer busctl(const QString &socket, const QStringList &arguments)
{
    QProcess process;
    process.start(
        QStringLiteral("busctl"),
        QStringList{QStringLiteral("--address=unix:path=") + socket} + arguments);
    Answer answer;
    if (!QTest::qWaitFor([&] { return process.state() == QProcess::NotRunning; }, 10'000))
        return answer;
    answer.exit = process.exitCode();
    answer.out = QString::fromUtf8(process.readAllStandardOutput()).trimmed();
    answer.errors = QString::fromUtf8(process.readAllStandardError()).trimmed();
    return answer;
}

} // namespace

void TestUnitsBus::busctlTalksToThePrivateSocket()
{
    registerWireTypes();
    QTemporaryDir dir;
    const QString socket = dir.filePath(QStringLiteral("a b.sock"));
    OneObject tree;
    PrivateBus bus(&tree.dispatcher);
    QVERIFY(bus.listen(dir.filePath(QStringLiteral("sock"))).has_value());
    QVERIFY(bus.listen(socket).has_value());
    QVERIFY(!(QFileInfo(socket).permissions() & (QFile::ReadOther | QFile::WriteOther)));
    const QString plain = dir.filePath(QStringLiteral("sock"));
    const QStringList one{QStringLiteral("x.y"), QStringLiteral("/one"), QStringLiteral("x.One")};

    const Answer doubled = busctl(
        plain,
        QStringList{QStringLiteral("call")} + one +
            QStringList{QStringLiteral("Double"), QStringLiteral("u"), QStringLiteral("21")});
    QCOMPARE(doubled.out, QStringLiteral("u 42"));
    const Answer property = busctl(
        plain, QStringList{QStringLiteral("get-property")} + one +
                   QStringList{QStringLiteral("LoadError"), QStringLiteral("Stamp")});
    QVERIFY2(
        property.out.startsWith(QStringLiteral("(ss) \"org.freedesktop.systemd1.NoSuchUnit\"")),
        qPrintable(property.out + property.errors));
    QVERIFY(property.out.endsWith(QStringLiteral("t 42")));
    const Answer wrong = busctl(
        plain, QStringList{QStringLiteral("call")} + one + QStringList{QStringLiteral("Triple")});
    QCOMPARE(wrong.exit, 1);
    QVERIFY(wrong.errors.contains(QStringLiteral("Unknown method Triple or interface x.One.")));
    const Answer shown = busctl(
        plain, {QStringLiteral("introspect"), QStringLiteral("x.y"), QStringLiteral("/one")});
    QVERIFY2(shown.out.contains(QStringLiteral(".Double")), qPrintable(shown.errors));
    QVERIFY(shown.out.contains(QStringLiteral("property")));
}

void TestUnitsBus::aSignalReachesEveryPeer()
{
    QTemporaryDir dir;
    const QString socket = dir.filePath(QStringLiteral("sock"));
    OneObject tree;
    PrivateBus bus(&tree.dispatcher);
    QVERIFY(bus.listen(socket).has_value());
    std::vector<std::unique_ptr<QProcess>> listeners;
    for (int i = 0; i < 3; ++i) {
        auto process = std::make_unique<QProcess>();
        process->start(
            QStringLiteral("dbus-monitor"),
            {QStringLiteral("--address"), QStringLiteral("unix:path=") + socket,
             QStringLiteral("type=signal")});
        listeners.push_back(std::move(process));
    }
    QTRY_COMPARE_WITH_TIMEOUT(bus.peers(), 3, 10'000);
    bus.broadcast(QDBusMessage::createSignal(
        QStringLiteral("/one"), QStringLiteral("x.One"), QStringLiteral("Rang")));
    for (auto &listener : listeners) {
        QByteArray heard;
        QTRY_VERIFY_WITH_TIMEOUT(
            (heard += listener->readAllStandardOutput()).contains("member=Rang"), 10'000);
        listener->kill();
        QVERIFY(QTest::qWaitFor([&] { return listener->state() == QProcess::NotRunning; }, 5000));
    }
    // The dead are forgotten.
    QTRY_VERIFY(
        (bus.broadcast(QDBusMessage::createSignal(
             QStringLiteral("/one"), QStringLiteral("x.One"), QStringLiteral("Rang"))),
         bus.peers() == 0));
}

/// QtDBus' thread serves all of a process: what stops it when a server ends stops everything.
void TestUnitsBus::aBusThatEndsDoesNotHoldUpTheNext()
{
    registerWireTypes();
    QTemporaryDir dir;
    const QString socket = dir.filePath(QStringLiteral("sock"));
    OneObject tree;
    for (int i = 0; i < 300; ++i) {
        PrivateBus bus(&tree.dispatcher);
        QVERIFY(bus.listen(socket).has_value());
    }
    QVERIFY(!QFileInfo::exists(socket));
    PrivateBus bus(&tree.dispatcher);
    QVERIFY(bus.listen(socket).has_value());
    const Answer doubled = busctl(
        socket, {QStringLiteral("call"), QStringLiteral("x.y"), QStringLiteral("/one"),
                 QStringLiteral("x.One"), QStringLiteral("Double"), QStringLiteral("u"),
                 QStringLiteral("21")});
    QCOMPARE(doubled.out, QStringLiteral("u 42"));
}

QD_TEST_MAIN(TestUnitsBus)
#include "tst_units_bus.moc"
