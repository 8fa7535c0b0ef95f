// SPDX-License-Identifier: GPL-3.0-or-later
// The driver of the unit engine against a scripted one on a private socket: same bus, same wire
// types as the real one.
#include "agent/fleet/systemd1_backend.h"
#include "agent/fleet/systemd1_wire.h"
#include "agent/units/bus/call.h"
#include "agent/units/bus/errors.h"
#include "agent/units/bus/object_path.h"
#include "agent/units/bus/private_bus.h"
#include "agent/units/bus/wire_types.h"
#include "tests/support/proof.h"

#include <QDBusVirtualObject>
#include <QDir>
#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>

using namespace qd;
using namespace qd::fleet;
using namespace qd::units::bus;

namespace {

const QString kHello = QStringLiteral("hello.service");

/// Answers as the engine would, and keeps what it was asked.
class ScriptedEngine final : public QDBusVirtualObject {
public:
    QStringList asked; ///< "StartUnit hello.service replace" ...
    QMap<QString, QVariantMap> units;
    QSet<QString> unknownMethods;
    QString refuses; ///< a method that fails
    std::function<void()> beforeItAnswers;
    bool silent = false;

    QString introspect(const QString &) const override { return {}; }
    bool handleMessage(const QDBusMessage &message, const QDBusConnection &connection) override
    {
        if (silent)
            return true;
        const Call call(message, connection);
        const QString method = message.member();
        if (method == QLatin1String("Get")) {
            call.reply({QVariant::fromValue(QDBusVariant(QStringLiteral("252")))});
            return true;
        }
        if (method == QLatin1String("GetAll")) {
            call.reply({units.value(unitOfPath(call.path()).value_or(QString()))});
            return true;
        }
        asked.append(said(call));
        if (unknownMethods.contains(method))
            call.fail(QStringLiteral("org.freedesktop.DBus.Error.UnknownMethod"), method);
        else if (refuses == method)
            call.fail(QStringLiteral("org.freedesktop.DBus.Error.IOError"), method);
        else
            answer(call, method);
        return true;
    }

private:
    static QString said(const Call &call)
    {
        QStringList out{call.message().member()};
        const auto arguments = call.message().arguments();
        for (const QVariant &one : arguments)
            out += one.canConvert<QStringList>() ? one.toStringList() : QStringList(one.toString());
        return out.join(u' ');
    }
    void answer(const Call &call, const QString &method)
    {
        const QVariant changes = QVariant::fromValue(
            QList<FileChange>{{QStringLiteral("symlink"), QStringLiteral("/a"), {}}});
        if (method == QLatin1String("LinkUnitFiles") || method == QLatin1String("DisableUnitFiles"))
            call.reply({changes});
        else if (method == QLatin1String("EnableUnitFiles"))
            call.reply({true, changes});
        else if (method == QLatin1String("StartUnit") || method == QLatin1String("StopUnit"))
            startOrStop(call);
        else if (method == QLatin1String("ListUnitsByNames"))
            call.reply({QVariant::fromValue(rows(call.texts(0)))});
        else if (method == QLatin1String("ListUnits"))
            call.reply({QVariant::fromValue(rows(units.keys()))});
        else
            call.reply();
    }
    void startOrStop(const Call &call)
    {
        if (beforeItAnswers)
            beforeItAnswers();
        if (units.contains(call.text(0)))
            call.reply({QVariant::fromValue(QDBusObjectPath(jobPath(1)))});
        else
            call.fail(error::noSuchUnit, QStringLiteral("Unit %1 not found.").arg(call.text(0)));
    }
    QList<UnitRow> rows(const QStringList &names) const
    {
        QList<UnitRow> out;
        for (const QString &name : names) {
            const QVariantMap properties = units.value(name);
            UnitRow row;
            row.name = name;
            row.load = properties.value(QStringLiteral("LoadState")).toString();
            if (row.load.isEmpty())
                row.load = QStringLiteral("not-found");
            row.active = properties.value(QStringLiteral("ActiveState")).toString();
            row.sub = properties.value(QStringLiteral("SubState")).toString();
            row.path = QDBusObjectPath(unitPath(name));
            out.append(row);
        }
        return out;
    }
};

QVariantMap running(quint32 pid)
{
    return {
        {QStringLiteral("LoadState"), QStringLiteral("loaded")},
        {QStringLiteral("ActiveState"), QStringLiteral("active")},
        {QStringLiteral("SubState"), QStringLiteral("running")},
        {QStringLiteral("MainPID"), pid},
        {QStringLiteral("InvocationID"), QByteArray::fromHex("00112233445566778899aabbccddeeff")},
        {QStringLiteral("InactiveExitTimestamp"), qulonglong(1'000'000)},
        {QStringLiteral("ActiveEnterTimestamp"), qulonglong(2'000'000)},
        {QStringLiteral("CanStart"), true},
        {QStringLiteral("After"), QStringList{QStringLiteral("a.service"), QStringLiteral("b")}},
        {QStringLiteral("LoadError"),
         QVariant::fromValue(Pair{QStringLiteral("x"), QStringLiteral("y")})}};
}

template <class T, class Start>
Result<T> await(Start start)
{
    const auto answer = std::make_shared<std::optional<Result<T>>>();
    start([answer](const Result<T> &result) { *answer = result; });
    if (!QTest::qWaitFor([&] { return answer->has_value(); }, 10'000))
        return fail(code::deadline, QStringLiteral("the test waited in vain"));
    return **answer;
}

} // namespace

class TestSystemd1Backend : public QObject {
    Q_OBJECT
    QTemporaryDir m_folder;
    std::unique_ptr<ScriptedEngine> m_engine;
    std::unique_ptr<PrivateBus> m_bus;
    std::unique_ptr<Systemd1Backend> m_backend;

    QString socket() const { return m_folder.filePath(QStringLiteral("unitd.sock")); }
    QString unitFile(const QString &unit) const
    {
        return m_folder.filePath(QStringLiteral("units/") + unit);
    }
    void startEngine()
    {
        m_engine = std::make_unique<ScriptedEngine>();
        m_bus = std::make_unique<PrivateBus>(m_engine.get());
        QVERIFY(m_bus->listen(socket()).has_value());
    }
    void removeJob(quint32 id, const QString &result)
    {
        QDBusMessage signal = QDBusMessage::createSignal(
            QStringLiteral("/org/freedesktop/systemd1"),
            QStringLiteral("org.freedesktop.systemd1.Manager"), QStringLiteral("JobRemoved"));
        signal.setArguments(
            {id, QVariant::fromValue(QDBusObjectPath(jobPath(id))), kHello, result});
        m_bus->broadcast(signal);
    }
    Result<void> load(const QString &unit, const QByteArray &text)
    {
        return await<void>([&](auto done) { m_backend->load(unit, text, done); });
    }

private Q_SLOTS:
    void initTestCase() { registerWireTypes(); }
    void init()
    {
        startEngine();
        m_backend = std::make_unique<Systemd1Backend>(Systemd1Backend::Setup{
            socket(), m_folder.filePath(QStringLiteral("units")), 50, 2'000});
        m_backend->open();
        QTRY_VERIFY(m_backend->isConnected());
    }
    void cleanup()
    {
        m_backend.reset();
        m_bus.reset();
        m_engine.reset();
        QDir(m_folder.filePath(QStringLiteral("units"))).removeRecursively();
    }

    void aUnitIsAFileThatTheEngineIsToldOf()
    {
        QD_PROVES("F5");
        const QByteArray text = "[Service]\nExecStart=/bin/true\n";
        QVERIFY(load(kHello, text).has_value());
        QFile file(unitFile(kHello));
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCOMPARE(file.readAll(), text);
        QCOMPARE(m_backend->files().value(kHello), text);
        QVERIFY(await<void>([&](auto done) { m_backend->reload(done); }).has_value());
        m_engine->units.insert(kHello, running(42));
        QVERIFY(await<void>([&](auto done) { m_backend->start(kHello, done); }).has_value());
        QVERIFY(await<void>([&](auto done) { m_backend->stop(kHello, done); }).has_value());
        QVERIFY(await<void>([&](auto done) { m_backend->unload(kHello, done); }).has_value());
        QVERIFY(!QFile::exists(unitFile(kHello)));
        QCOMPARE(
            m_engine->asked,
            (QStringList{
                QStringLiteral("LinkUnitFiles %1 true true").arg(unitFile(kHello)),
                QStringLiteral("Reload"),
                // What has run and ended is not forgotten as long as the unit is here.
                QStringLiteral("UnrefUnit hello.service"), QStringLiteral("RefUnit hello.service"),
                QStringLiteral("StartUnit hello.service replace"),
                QStringLiteral("StopUnit hello.service replace"),
                QStringLiteral("UnrefUnit hello.service"),
                QStringLiteral("ResetFailedUnit hello.service"),
                QStringLiteral("DisableUnitFiles hello.service true")}));
    }

    void oneWithAnInstallSectionIsEnabledAsWell()
    {
        const QByteArray text =
            "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n";
        QVERIFY(load(kHello, text).has_value());
        QVERIFY(
            m_engine->asked.contains(QStringLiteral("EnableUnitFiles hello.service true true")));
        // When that fails the unit goes again.
        m_engine->refuses = QStringLiteral("EnableUnitFiles");
        const QString other = QStringLiteral("other.service");
        QCOMPARE(load(other, text).error().code, code::io);
        QVERIFY(!QFile::exists(unitFile(other)));
    }

    void whatTheEngineRefusesIsAnError()
    {
        const auto stopped = await<void>([&](auto done) { m_backend->stop(kHello, done); });
        QCOMPARE(stopped.error().code, code::notFound);
        QCOMPARE(stopped.error().message, QStringLiteral("Unit hello.service not found."));
        m_engine->refuses = QStringLiteral("Reload");
        QCOMPARE(await<void>([&](auto done) { m_backend->reload(done); }).error().code, code::io);
        QVERIFY(m_backend->isConnected());
    }

    void theStateOfAUnitIsReadWhole()
    {
        m_engine->units.insert(kHello, running(42));
        const QString absent = QStringLiteral("absent.service");
        using Found = QMap<QString, BackendState>;
        const auto look = [&] {
            return await<Found>([&](auto done) {
                       m_backend->query({kHello, absent}, done);
                   })
                .value_or(Found());
        };
        const BackendState expected{
            QStringLiteral("loaded"),
            QStringLiteral("active"),
            QStringLiteral("running"),
            QStringLiteral("00112233445566778899aabbccddeeff"),
            42,
            2'000'000,
            false,
            true,
            false};
        QCOMPARE(look().value(kHello), expected);
        QCOMPARE(look().value(absent).loadState, QStringLiteral("not-found"));
        // Restarted between two looks: only the details tell.
        m_engine->units.insert(kHello, running(43));
        QCOMPARE(look().value(kHello).mainPid, 43);
        // An engine before systemd 230.
        m_engine->unknownMethods.insert(QStringLiteral("ListUnitsByNames"));
        QCOMPARE(look().value(kHello).mainPid, 43);
        QVERIFY(m_engine->asked.contains(QStringLiteral("ListUnits")));
    }

    void propertiesAreText()
    {
        m_engine->units.insert(kHello, running(42));
        using Text = QMap<QString, QString>;
        const auto all =
            await<Text>([&](auto done) { m_backend->properties(kHello, done); }).value_or(Text());
        QCOMPARE(all.value(QStringLiteral("MainPID")), QStringLiteral("42"));
        QCOMPARE(all.value(QStringLiteral("CanStart")), QStringLiteral("yes"));
        QCOMPARE(all.value(QStringLiteral("After")), QStringLiteral("a.service b"));
        QCOMPARE(
            all.value(QStringLiteral("InvocationID")),
            QStringLiteral("00112233445566778899aabbccddeeff"));
        QVERIFY(!all.contains(QStringLiteral("LoadError")));
    }

    void aJobsEndIsHeardOf()
    {
        QSignalSpy stirred(m_backend.get(), &UnitBackend::stirred);
        removeJob(7, QStringLiteral("done"));
        QTRY_COMPARE(stirred.size(), 1);
    }

    void theEndOfAStartIsToldOnce()
    {
        QSignalSpy ended(m_backend.get(), &UnitBackend::startEnded);
        QSignalSpy stirred(m_backend.get(), &UnitBackend::stirred);
        m_engine->units.insert(kHello, running(42));
        QVERIFY(await<void>([&](auto done) { m_backend->start(kHello, done); }).has_value());
        QCOMPARE(ended.size(), 0);
        removeJob(1, QStringLiteral("dependency"));
        QTRY_COMPARE(ended.size(), 1);
        QCOMPARE(ended.at(0), (QVariantList{kHello, QStringLiteral("dependency")}));
        // Another's job, and the stop of the same unit, are none of its business.
        QVERIFY(await<void>([&](auto done) { m_backend->stop(kHello, done); }).has_value());
        removeJob(1, QStringLiteral("done"));
        removeJob(9, QStringLiteral("done"));
        QTRY_COMPARE(stirred.size(), 3);
        QCOMPARE(ended.size(), 1);
        // A job that is over before the answer is here.
        m_engine->beforeItAnswers = [this] { removeJob(1, QStringLiteral("assert")); };
        QVERIFY(await<void>([&](auto done) { m_backend->start(kHello, done); }).has_value());
        QTRY_COMPARE(ended.size(), 2);
        QCOMPARE(ended.at(1), (QVariantList{kHello, QStringLiteral("assert")}));
    }

    void aShortRunShowsAmongManyUnits()
    {
        // More than get a fresh look each time; the one that ran is the last in turn.
        QStringList names;
        QVariantMap idle = running(0);
        idle[QStringLiteral("ActiveState")] = QStringLiteral("inactive");
        for (int i = 0; i < 200; ++i) {
            names.append(QStringLiteral("u%1.service").arg(i, 3, 10, QLatin1Char('0')));
            m_engine->units.insert(names.last(), idle);
        }
        m_engine->units.insert(kHello, idle);
        names.append(kHello);
        using Found = QMap<QString, BackendState>;
        const auto look = [&] {
            return await<Found>([&](auto done) { m_backend->query(names, done); })
                .value_or(Found())
                .value(kHello)
                .invocationId;
        };
        const QString before = look();
        m_engine->units[kHello][QStringLiteral("InvocationID")] = QByteArray::fromHex("0b");
        QSignalSpy stirred(m_backend.get(), &UnitBackend::stirred);
        QCOMPARE(look(), before);
        removeJob(7, QStringLiteral("done"));
        QTRY_COMPARE(stirred.size(), 1);
        QCOMPARE(look(), QStringLiteral("0b"));
    }

    void theEngineGoesAndComesBack()
    {
        QSignalSpy changed(m_backend.get(), &UnitBackend::connectionChanged);
        m_bus.reset();
        m_engine.reset();
        QTRY_COMPARE(changed.size(), 1);
        QVERIFY(!m_backend->isConnected());
        const auto refused = await<void>([&](auto done) { m_backend->reload(done); });
        QCOMPARE(refused.error().code, code::unreachable);
        startEngine();
        QTRY_VERIFY(m_backend->isConnected());
        QVERIFY(await<void>([&](auto done) { m_backend->reload(done); }).has_value());
    }

    void anEngineThatDoesNotAnswerIsNoHang()
    {
        m_engine->silent = true;
        const auto late = await<void>([&](auto done) { m_backend->reload(done); });
        QCOMPARE(late.error().code, code::unreachable);
    }

    void pathsOfUnitsAreTheEngines_data()
    {
        QTest::addColumn<QString>("unit");
        for (const char *unit :
             {"t1.service", "pg_dump@15-main.timer", "9p.mount", "-.slice", "\xc3\xbc.service"})
            QTest::newRow(unit) << QString::fromUtf8(unit);
    }
    void pathsOfUnitsAreTheEngines()
    {
        QFETCH(QString, unit);
        QCOMPARE(unitObjectPath(unit), unitPath(unit));
    }
};

QD_TEST_MAIN(TestSystemd1Backend)
#include "tst_systemd1_backend.moc"
