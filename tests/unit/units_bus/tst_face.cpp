// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/fleet/systemd1_backend.h"
#include "agent/units/bus/errors.h"
#include "agent/units/bus/face.h"
#include "agent/units/bus/object_path.h"
#include "agent/units/bus/wire_types.h"
#include "agent/units/driver/linux_driver.h"
#include "agent/units/driver/unit_folders.h"
#include "shared/base/random.h"
#include "tests/support/proof.h"

#include <QDBusMessage>
#include <QDBusPendingCall>
#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <QXmlStreamReader>
#include <csignal>

using namespace qd;
using namespace qd::units;
using namespace qd::units::bus;

namespace {

class Silence : public JournalSink {
public:
    void entry(const QList<JournalField> &) override {}
};

/// The engine with real processes, unit files in a folder of its own, and a socket.
struct Engine {
    explicit Engine(QString socketPath)
        : socket(std::move(socketPath))
        , source({path(QStringLiteral("etc")), path(QStringLiteral("run"))})
        , driver({&silence, &clock}, openProcessTree())
        , manager({&source, &driver, &silence, &clock, &random}, {})
        , face(manager, UnitFiles(folders()), clock)
    {
        driver.setEngine(&manager, [this] { manager.run(); });
        QDir().mkpath(path(QStringLiteral("etc")));
        QDir().mkpath(path(QStringLiteral("run")));
        open = face.listen(socket).has_value();
        write(
            "sleeper.service", "[Unit]\nDescription=Sleeps\n[Service]\nExecStart=/bin/sleep 1000\n"
                               "[Install]\nWantedBy=multi-user.target\n");
        write("done.service", "[Service]\nType=oneshot\nExecStart=-/bin/false\n");
        write("manual.service", "[Unit]\nRefuseManualStart=yes\n[Service]\nExecStart=/bin/true\n");
        write("bad.service", "[Service]\nExecStart=\n");
    }
    ~Engine()
    {
        for (const Unit *unit : manager.units())
            driver.signalGroup(unit->controlGroup, SIGKILL, {});
    }
    QString path(const QString &name) const { return dir.filePath(name); }
    UnitFiles::Folders folders() const
    {
        UnitFiles::Folders out;
        out.search = {path(QStringLiteral("etc")), path(QStringLiteral("run"))};
        out.persistent = out.search.at(0);
        out.runtime = out.search.at(1);
        return out;
    }
    void write(const char *name, const QByteArray &text) const
    {
        QFile file(path(QStringLiteral("etc/") + QLatin1String(name)));
        if (file.open(QIODevice::WriteOnly))
            file.write(text);
    }

    const QString socket;
    QTemporaryDir dir;
    Silence silence;
    SystemClock clock;
    SeededRandom random{7};
    UnitFolders source;
    LinuxDriver driver;
    Manager manager;
    Face face;
    bool open = false;
};

/// A tool at the engine's socket; hears every signal.
class Tool : public QObject {
    Q_OBJECT

public:
    explicit Tool(const Engine &engine)
        : m_name(QStringLiteral("tool-%1").arg(quintptr(this)))
        , m_bus(
              QDBusConnection::connectToPeer(QStringLiteral("unix:path=") + engine.socket, m_name))
    {
        for (const char *signal : {"UnitNew", "JobNew", "JobRemoved", "Reloading"})
            m_bus.connect(
                QString(), kRootPath, kManagerInterface, QLatin1String(signal), this,
                SLOT(hear(QDBusMessage)));
        m_bus.connect(
            QString(), QString(), kPropertiesInterface, QStringLiteral("PropertiesChanged"), this,
            SLOT(hear(QDBusMessage)));
    }
    ~Tool() override { QDBusConnection::disconnectFromPeer(m_name); }

    QDBusMessage call(
        const QString &path, const QString &interface, const QString &method,
        const QVariantList &arguments) const
    {
        QDBusMessage message = QDBusMessage::createMethodCall(kService, path, interface, method);
        message.setArguments(arguments);
        const QDBusPendingCall pending = m_bus.asyncCall(message, 10'000);
        (void)QTest::qWaitFor([&] { return pending.isFinished(); }, 10'000);
        return pending.reply();
    }
    QDBusMessage manager(const QString &method, const QVariantList &arguments = {}) const
    {
        return call(kRootPath, kManagerInterface, method, arguments);
    }
    QVariant property(const QString &unit, const QString &name) const
    {
        const QDBusMessage reply = call(
            unitPath(unit), kPropertiesInterface, QStringLiteral("Get"), {kUnitInterface, name});
        return reply.arguments().value(0).value<QDBusVariant>().variant();
    }

    QStringList signalsHeard;
    QList<QDBusMessage> messages;

private Q_SLOTS:
    void hear(const QDBusMessage &message)
    {
        messages.append(message);
        QStringList words{message.member()};
        for (const QVariant &argument : message.arguments()) {
            if (argument.metaType().id() == QMetaType::QString || argument.canConvert<quint32>())
                words.append(argument.toString());
        }
        signalsHeard.append(words.join(u' '));
    }

private:
    QString m_name;
    QDBusConnection m_bus;
};

/// What systemd 252 introspects: "Unit.ActiveState" -> "s", "Manager.StartUnit" -> "ss>o".
QMap<QString, QString> systemdsTypes()
{
    QMap<QString, QString> out;
    QFile file(
        qEnvironmentVariable("QD_SOURCE_DIR") +
        QStringLiteral("/tests/unit/units_bus/systemd1_types.txt"));
    if (!file.open(QIODevice::ReadOnly))
        return out;
    QString section;
    const auto text = [](const QString &word) { return word == u"-" ? QString() : word; };
    while (!file.atEnd()) {
        const QString line = QString::fromUtf8(file.readLine()).trimmed();
        const QStringList words = line.split(u' ');
        if (line.startsWith(u'['))
            section = line.mid(1, line.size() - 2);
        else if (words.first() == u"method")
            out.insert(section + u'.' + words.at(1), text(words.at(2)) + u'>' + text(words.at(3)));
        else if (words.first() == u"property")
            for (const QString &name : words.mid(2))
                out.insert(section + u'.' + name, words.at(1));
    }
    return out;
}

/// The same of an object's own introspection.
QMap<QString, QString> introspected(const QString &xml)
{
    QMap<QString, QString> out;
    QXmlStreamReader reader(xml);
    QString interface;
    QString method;
    QString in;
    QString answer;
    while (!reader.atEnd()) {
        reader.readNext();
        const auto attribute = [&](const char *name) {
            return reader.attributes().value(QLatin1String(name)).toString();
        };
        if (reader.isStartElement() && reader.name() == u"interface")
            interface = attribute("name");
        else if (reader.isStartElement() && reader.name() == u"property")
            out.insert(interface + u'.' + attribute("name"), attribute("type"));
        else if (reader.isStartElement() && reader.name() == u"method")
            method = attribute("name");
        else if (reader.isStartElement() && reader.name() == u"arg")
            (attribute("direction") == u"in" ? in : answer) += attribute("type");
        if (reader.isEndElement() && reader.name() == u"method") {
            out.insert(interface + u'.' + method, in + u'>' + answer);
            in.clear();
            answer.clear();
        }
    }
    return out;
}

} // namespace

class TestFace : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void cleanupTestCase();
    void everyMemberHasSystemdsType_data();
    void everyMemberHasSystemdsType();
    void whatStatusReadsIsThere();
    void aJobIsToldFromItsBeginningToItsEnd();
    void aChangeIsToldWithItsProperties();
    void anAbsentUnitIsAnObject();
    void errorsHaveSystemdsNames_data();
    void errorsHaveSystemdsNames();
    void unitsAreFoundByTheirProcessesAndIds();
    void reloadingIsToldWhileItLasts();
    void linksAreMadeAndReported();
    void fleetDrivesIt();

private:
    QTemporaryDir m_sockets;
    std::unique_ptr<Engine> m_engine;
    std::unique_ptr<Tool> m_tool;
};

void TestFace::init()
{
    m_engine = std::make_unique<Engine>(
        m_sockets.filePath(QString::fromLatin1(QTest::currentTestFunction())));
    QVERIFY(m_engine->open);
    m_tool = std::make_unique<Tool>(*m_engine);
    // Signals reach a peer from the moment at which it is let in.
    QCOMPARE(m_tool->manager(QStringLiteral("Subscribe")).type(), QDBusMessage::ReplyMessage);
}

void TestFace::cleanup()
{
    m_tool.reset();
    m_engine.reset();
}

void TestFace::cleanupTestCase()
{
    // A thread of libdbus takes the sockets away.
    QTRY_VERIFY(
        QDir(m_sockets.path()).isEmpty(QDir::AllEntries | QDir::System | QDir::NoDotAndDotDot));
}

void TestFace::everyMemberHasSystemdsType_data()
{
    QTest::addColumn<QString>("path");
    QTest::addColumn<QMap<QString, QStringList>>("sections");
    const QStringList service{
        QStringLiteral("Service"), QStringLiteral("Group"), QStringLiteral("Exec")};
    // GetProcesses is offered by every object.
    const QString method = QStringLiteral("Service");
    const QStringList blocks{QStringLiteral("Group"), QStringLiteral("Exec")};
    const QMap<QString, QStringList> sections{
        {kManagerInterface, {QStringLiteral("Manager")}},
        {kUnitInterface, {QStringLiteral("Unit")}},
        {kService + QStringLiteral(".Service"), service},
        {kService + QStringLiteral(".Slice"), service},
        {kService + QStringLiteral(".Target"), {QStringLiteral("Service")}},
        {kService + QStringLiteral(".Socket"), blocks + QStringList{QStringLiteral("Socket")}},
        {kService + QStringLiteral(".Mount"), blocks + QStringList{QStringLiteral("Mount")}},
        {kService + QStringLiteral(".Swap"), blocks + QStringList{QStringLiteral("Swap")}},
        {kService + QStringLiteral(".Scope"), blocks + QStringList{QStringLiteral("Scope")}},
        {kService + QStringLiteral(".Automount"), {method, QStringLiteral("Automount")}},
        {kService + QStringLiteral(".Timer"), {method, QStringLiteral("Timer")}},
        {kService + QStringLiteral(".Path"), {method, QStringLiteral("Path")}}};
    QTest::newRow("manager") << kRootPath << sections;
    for (const char *unit :
         {"sleeper.service", "basic.target", "-.slice", "none.socket", "none.mount", "none.swap",
          "none.automount", "none.scope", "none.timer", "none.path"})
        QTest::newRow(unit) << unitPath(QLatin1String(unit)) << sections;
}

void TestFace::everyMemberHasSystemdsType()
{
    QFETCH(QString, path);
    using Sections = QMap<QString, QStringList>;
    QFETCH(Sections, sections);
    const QMap<QString, QString> known = systemdsTypes();
    QVERIFY(known.size() > 500);
    const QDBusMessage reply = m_tool->call(
        path, QStringLiteral("org.freedesktop.DBus.Introspectable"), QStringLiteral("Introspect"),
        {});
    const QMap<QString, QString> own = introspected(reply.arguments().value(0).toString());
    int compared = 0;
    for (auto it = own.begin(); it != own.end(); ++it) {
        const QString interface = it.key().section(u'.', 0, -2);
        if (!interface.startsWith(kService))
            continue;
        QString expected = QStringLiteral("(no such member)");
        for (const QString &section : sections.value(interface)) {
            if (const auto found = known.constFind(section + u'.' + it.key().section(u'.', -1));
                found != known.constEnd())
                expected = *found;
        }
        QVERIFY2(
            it.value() == expected,
            qPrintable(QStringLiteral("%1: %2, not %3").arg(it.key(), it.value(), expected)));
        ++compared;
    }
    QVERIFY2(compared > 50, QByteArray::number(compared));
}

void TestFace::whatStatusReadsIsThere()
{
    QD_PROVES("S19");
    (void)m_tool->manager(
        QStringLiteral("StartUnit"),
        {QStringLiteral("sleeper.service"), QStringLiteral("replace")});
    const auto all = [&] {
        const QDBusMessage reply = m_tool->call(
            unitPath(QStringLiteral("sleeper.service")), kPropertiesInterface,
            QStringLiteral("GetAll"), {QString()});
        return qdbus_cast<QVariantMap>(reply.arguments().value(0));
    };
    QTRY_COMPARE(all().value(QStringLiteral("SubState")).toString(), QStringLiteral("running"));
    const QVariantMap shown = all();
    QCOMPARE(shown.value(QStringLiteral("Description")).toString(), QStringLiteral("Sleeps"));
    QCOMPARE(shown.value(QStringLiteral("UnitFileState")).toString(), QStringLiteral("disabled"));
    QCOMPARE(shown.value(QStringLiteral("InvocationID")).toByteArray().size(), 16);
    QVERIFY(shown.value(QStringLiteral("MainPID")).toUInt() > 0);
    const auto entered = shown.value(QStringLiteral("ActiveEnterTimestampMonotonic")).toULongLong();
    QVERIFY(entered > 0);
    QVERIFY(entered <= quint64(m_engine->clock.monotonicMs()) * 1000);
    QVERIFY(shown.contains(QStringLiteral("ExecStartEx")));
    const QDBusMessage foreign = m_tool->call(
        unitPath(QStringLiteral("sleeper.service")), kPropertiesInterface, QStringLiteral("GetAll"),
        {kService + QStringLiteral(".Timer")});
    QCOMPARE(foreign.errorName(), bus::error::unknownInterface);
    const auto rows = qdbus_cast<QList<ProcessRow>>(
        m_tool->manager(QStringLiteral("GetUnitProcesses"), {QStringLiteral("sleeper.service")})
            .arguments()
            .value(0));
    QCOMPARE(rows.size(), 1);
    QCOMPARE(rows.first().cgroup, QStringLiteral("/system.slice/sleeper.service"));
}

void TestFace::aJobIsToldFromItsBeginningToItsEnd()
{
    const QDBusMessage reply = m_tool->manager(
        QStringLiteral("StartUnit"), {QStringLiteral("done.service"), QStringLiteral("replace")});
    const QString path = reply.arguments().value(0).value<QDBusObjectPath>().path();
    const quint32 id = jobOfPath(path).value_or(0);
    QVERIFY(id > 0);
    const QString removed = QStringLiteral("JobRemoved %1 done.service done").arg(id);
    QTRY_VERIFY(m_tool->signalsHeard.contains(removed));
    const QStringList &heard = m_tool->signalsHeard;
    const qsizetype added = heard.indexOf(QStringLiteral("JobNew %1 done.service").arg(id));
    QVERIFY(heard.contains(QStringLiteral("UnitNew done.service")));
    QVERIFY(added >= 0 && added < heard.indexOf(removed));
    QCOMPARE(
        m_tool->call(path, kPropertiesInterface, QStringLiteral("GetAll"), {QString()}).errorName(),
        bus::error::unknownObject);
}

void TestFace::aChangeIsToldWithItsProperties()
{
    (void)m_tool->manager(
        QStringLiteral("StartUnit"),
        {QStringLiteral("sleeper.service"), QStringLiteral("replace")});
    const auto lastState = [&](const char *interface, const char *name) {
        for (auto it = m_tool->messages.crbegin(); it != m_tool->messages.crend(); ++it) {
            if (it->path() != unitPath(QStringLiteral("sleeper.service")) ||
                it->arguments().value(0).toString() != kService + QLatin1String(interface))
                continue;
            return qdbus_cast<QVariantMap>(it->arguments().value(1)).value(QLatin1String(name));
        }
        return QVariant();
    };
    QTRY_COMPARE(lastState(".Unit", "ActiveState").toString(), QStringLiteral("active"));
    QTRY_VERIFY(lastState(".Service", "MainPID").toUInt() > 0);
    for (const QDBusMessage &message : std::as_const(m_tool->messages)) {
        if (message.member() == u"PropertiesChanged")
            QCOMPARE(message.signature(), QStringLiteral("sa{sv}as"));
    }
    (void)m_tool->manager(
        QStringLiteral("StopUnit"), {QStringLiteral("sleeper.service"), QStringLiteral("replace")});
    QTRY_COMPARE(lastState(".Unit", "ActiveState").toString(), QStringLiteral("inactive"));
    QCOMPARE(lastState(".Service", "MainPID").toUInt(), 0u);
}

void TestFace::anAbsentUnitIsAnObject()
{
    const QString name = QStringLiteral("nowhere.service");
    QCOMPARE(
        m_tool->property(name, QStringLiteral("LoadState")).toString(),
        QStringLiteral("not-found"));
    QCOMPARE(
        m_tool->property(name, QStringLiteral("ActiveState")).toString(),
        QStringLiteral("inactive"));
    const auto error = qdbus_cast<Pair>(m_tool->property(name, QStringLiteral("LoadError")));
    QCOMPARE(error.first, bus::error::noSuchUnit);
    QCOMPARE(error.second, QStringLiteral("Unit nowhere.service not found."));
    const auto rows = qdbus_cast<QList<UnitRow>>(
        m_tool
            ->manager(
                QStringLiteral("ListUnitsByNames"),
                {QStringList{name, QStringLiteral("sleeper.service"), QStringLiteral("no name")}})
            .arguments()
            .value(0));
    QCOMPARE(rows.size(), 2);
    QCOMPARE(rows.at(0).load, QStringLiteral("not-found"));
    QCOMPARE(rows.at(1).load, QStringLiteral("loaded"));
    // A look leaves nothing behind.
    QTRY_VERIFY(!m_engine->manager.unit(name));
}

void TestFace::errorsHaveSystemdsNames_data()
{
    QTest::addColumn<QString>("method");
    QTest::addColumn<QVariantList>("arguments");
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("text");
    const auto row = [](const char *method, const QVariantList &arguments, const char *name,
                        const char *text) {
        QTest::addRow("%s %s", method, text)
            << QString::fromLatin1(method) << arguments << QString::fromLatin1(name)
            << QString::fromLatin1(text);
    };
    const QString x = QStringLiteral("x.service");
    const QString replace = QStringLiteral("replace");
    row("StartUnit", {x, replace}, "systemd1.NoSuchUnit", "Unit x.service not found.");
    row("StopUnit", {x, replace}, "systemd1.NoSuchUnit", "Unit x.service not loaded.");
    row("StartUnit", {x, QStringLiteral("foo")}, "DBus.Error.InvalidArgs", "Job mode foo invalid");
    row("StartUnit", {QStringLiteral("bad.service"), replace}, "systemd1.BadUnitSetting",
        "Unit bad.service has a bad unit file setting.");
    row("StartUnit", {QStringLiteral("bad name"), replace}, "DBus.Error.InvalidArgs",
        "Unit name bad name is not valid.");
    row("StartUnit", {QStringLiteral("manual.service"), replace}, "systemd1.OnlyByDependency",
        "Operation refused, unit manual.service may be requested by dependency only (it is "
        "configured to refuse manual start/stop).");
    row("StartUnit", {QStringLiteral("sleeper.service"), QStringLiteral("isolate")},
        "systemd1.NoIsolation", "Operation refused, unit may not be isolated.");
    row("GetUnit", {x}, "systemd1.NoSuchUnit", "Unit x.service not loaded.");
    row("KillUnit", {x, QStringLiteral("all"), 15}, "systemd1.NoSuchUnit",
        "Unit x.service not loaded.");
    row("KillUnit", {x, QStringLiteral("foo"), 15}, "DBus.Error.InvalidArgs",
        "Invalid who argument foo");
    row("ResetFailedUnit", {x}, "systemd1.NoSuchUnit", "Unit x.service not loaded.");
    row("GetUnitByPID", {1u}, "systemd1.NoUnitForPID", "PID 1 does not belong to any loaded unit.");
    row("GetJob", {99u}, "systemd1.NoSuchJob", "Job 99 does not exist.");
    row("CancelJob", {99u}, "systemd1.NoSuchJob", "Job 99 does not exist.");
    row("EnableUnitFiles", {QStringList{x}, false, false}, "systemd1.NoSuchUnit",
        "Unit file x.service does not exist.");
    row("GetUnitFileState", {x}, "DBus.Error.FileNotFound", "No such file or directory");
    row("SetEnvironment", {QStringList{QStringLiteral("1=2")}}, "DBus.Error.InvalidArgs",
        "Invalid environment assignments");
    row("Unheard", {}, "DBus.Error.UnknownMethod",
        "Unknown method Unheard or interface org.freedesktop.systemd1.Manager.");
}

void TestFace::errorsHaveSystemdsNames()
{
    QFETCH(QString, method);
    QFETCH(QVariantList, arguments);
    QFETCH(QString, name);
    QFETCH(QString, text);
    const QDBusMessage reply = m_tool->manager(method, arguments);
    QCOMPARE(reply.errorName(), QStringLiteral("org.freedesktop.") + name);
    QCOMPARE(reply.errorMessage(), text);
}

void TestFace::unitsAreFoundByTheirProcessesAndIds()
{
    (void)m_tool->manager(
        QStringLiteral("StartUnit"),
        {QStringLiteral("sleeper.service"), QStringLiteral("replace")});
    QTRY_VERIFY(m_engine->manager.unit(QStringLiteral("sleeper.service"))->run.mainPid > 0);
    const Unit *unit = m_engine->manager.unit(QStringLiteral("sleeper.service"));
    const auto pathOf = [](const QDBusMessage &reply) {
        return reply.arguments().value(0).value<QDBusObjectPath>().path();
    };
    const QString path = unitPath(unit->id);
    QCOMPARE(
        pathOf(m_tool->manager(QStringLiteral("GetUnitByPID"), {quint32(unit->run.mainPid)})),
        path);
    const QByteArray id = QByteArray::fromHex(unit->invocationId.toLatin1());
    QCOMPARE(pathOf(m_tool->manager(QStringLiteral("GetUnitByInvocationID"), {id})), path);
    QCOMPARE(
        pathOf(m_tool->manager(
            QStringLiteral("GetUnitByControlGroup"),
            {unit->controlGroup + QStringLiteral("/below")})),
        path);
    const QDBusMessage byId = m_tool->call(
        unitPath(unit->invocationId), kPropertiesInterface, QStringLiteral("Get"),
        {kUnitInterface, QStringLiteral("Id")});
    QCOMPARE(
        byId.arguments().value(0).value<QDBusVariant>().variant().toString(),
        QStringLiteral("sleeper.service"));
}

void TestFace::reloadingIsToldWhileItLasts()
{
    QCOMPARE(m_tool->manager(QStringLiteral("Reload")).type(), QDBusMessage::ReplyMessage);
    const QStringList expected{QStringLiteral("Reloading true"), QStringLiteral("Reloading false")};
    QTRY_COMPARE(m_tool->signalsHeard.filter(QStringLiteral("Reloading")), expected);
}

void TestFace::linksAreMadeAndReported()
{
    const QString name = QStringLiteral("sleeper.service");
    QCOMPARE(
        m_tool->property(name, QStringLiteral("UnitFileState")).toString(),
        QStringLiteral("disabled"));
    const QDBusMessage reply =
        m_tool->manager(QStringLiteral("EnableUnitFiles"), {QStringList{name}, true, false});
    QCOMPARE(reply.signature(), QStringLiteral("ba(sss)"));
    QVERIFY(reply.arguments().value(0).toBool());
    const auto changes = qdbus_cast<QList<FileChange>>(reply.arguments().value(1));
    QCOMPARE(changes.size(), 1);
    QCOMPARE(
        changes.first().path,
        m_engine->path(QStringLiteral("run/multi-user.target.wants/sleeper.service")));
    QCOMPARE(
        m_tool->property(name, QStringLiteral("UnitFileState")).toString(),
        QStringLiteral("enabled-runtime"));
}

void TestFace::fleetDrivesIt()
{
    using fleet::BackendState;
    const QString name = QStringLiteral("job.service");
    const QByteArray text =
        "[Unit]\nDescription=Of the cluster\n[Service]\nExecStart=/bin/sleep 99\n"
        "[X-Fleet]\nGlobal=false\n";
    fleet::Systemd1Backend backend(
        {m_engine->socket, m_engine->path(QStringLiteral("fleet/units"))});
    backend.open();
    QTRY_VERIFY(backend.isConnected());
    int done = 0;
    const auto count = [&](const Result<void> &result) { done += result ? 1 : 100; };
    BackendState state;
    const auto look = [&] {
        backend.query({name}, [&](const Result<QMap<QString, BackendState>> &states) {
            state = states ? states->value(name) : BackendState();
        });
    };
    backend.load(name, text, count);
    QTRY_COMPARE(done, 1);
    QCOMPARE(backend.files().value(name), text);
    backend.reload(count);
    QTRY_COMPARE(done, 2);
    backend.start(name, count);
    QTRY_COMPARE(done, 3);
    QTRY_VERIFY((look(), state.activeState == u"active" && state.mainPid > 0));
    QCOMPARE(state.loadState, QStringLiteral("loaded"));
    QCOMPARE(state.invocationId.size(), 32);
    QVERIFY(state.sinceUs > 0);
    backend.stop(name, count);
    QTRY_COMPARE(done, 4);
    QTRY_VERIFY((look(), state.activeState == u"inactive"));
    backend.unload(name, count);
    QTRY_COMPARE(done, 5);
    backend.reload(count);
    QTRY_COMPARE(done, 6);
    QTRY_VERIFY((look(), state.loadState == u"not-found"));
    QVERIFY(backend.files().isEmpty());
}

QD_TEST_MAIN(TestFace)
#include "tst_face.moc"
