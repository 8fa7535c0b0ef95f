// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/scripting/script_supervisor.h"
#include "console/session/user_profiles.h"
#include "tests/support/proof.h"
#include "tests/unit/rpc/small_cluster.h"

#include <QTemporaryDir>
#include <csignal>

using namespace qd;
using namespace qd::scripting;
using namespace qd::test;
using security::Role;

namespace {

QString s(const char *text)
{
    return QString::fromUtf8(text);
}

struct Ran {
    QStringList printed;
    QStringList errors;
    int status = -1;
    QString all() const { return (printed + errors).join(QLatin1Char('\n')); }
};

} // namespace

/// Scripts in the process that the window and `qdctl run` start for them, against an agent here.
class TestScriptProcess : public QObject {
    Q_OBJECT
    SmallCluster m_cluster;
    QTemporaryDir m_dir;
    rpc::Methods m_methods;
    std::unique_ptr<rpc::Server> m_server;
    rpc::CallPtr m_kept;
    int m_pings = 0;

    std::unique_ptr<ScriptSupervisor> supervisor(const ScriptLimits &limits)
    {
        const QString program =
            qEnvironmentVariable("QD_BUILD_DIR", s("build/dev")) + s("/bin/qdctl");
        return std::make_unique<ScriptSupervisor>(
            program, QStringList{s("--config"), m_dir.path()}, limits);
    }

    void follow(ScriptSupervisor &script, Ran &ran)
    {
        connect(
            &script, &ScriptSupervisor::output, this, [&](const QString &line, OutputKind kind) {
                (kind == OutputKind::Error ? ran.errors : ran.printed).append(line);
            });
        connect(
            &script, &ScriptSupervisor::finished, this, [&](int status) { ran.status = status; });
    }

    Ran run(const char *text, const ScriptLimits &limits = {})
    {
        Ran ran;
        const auto script = supervisor(limits);
        follow(*script, ran);
        script->startText(s(text), s("test.js"), {s("--first"), s("second")});
        (void)QTest::qWaitFor([&] { return ran.status >= 0; }, 40'000);
        return ran;
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_methods.add(s("ping"), Role::Viewer, [this](const rpc::CallPtr &call) {
            ++m_pings;
            call->reply(QCborMap{{s("pings"), m_pings}});
        });
        m_methods.add(
            s("never"), Role::Viewer, [this](const rpc::CallPtr &call) { m_kept = call; });
        m_methods.add(s("node.list"), Role::Viewer, [](const rpc::CallPtr &call) {
            call->reply(QCborMap{{s("revision"), 1}, {s("items"), QCborArray()}});
        });
        m_server = m_cluster.serve(m_methods);
        QVERIFY(m_server != nullptr);
        const QByteArray key = *security::makeKey();
        session::Profile profile;
        profile.name = s("deck");
        profile.addresses = {QStringLiteral("127.0.0.1:%1").arg(m_server->port())};
        profile.authority = m_cluster.authority.certificatePem();
        profile.certificate = *m_cluster.authority.issueForKey(
            key, personSubject(Role::Operator), security::Validity::days(1));
        QVERIFY(session::UserProfiles(m_dir.path()).store().save(profile, key).has_value());
    }

    void aScriptTalksToTheCluster()
    {
        const Ran ran = run("print(cluster.call('ping').pings, args.join());\nexit(7);");
        QCOMPARE(ran.all(), QStringLiteral("%1 --first,second").arg(m_pings));
        QCOMPARE(ran.status, 7);
    }

    void aMemoryHogIsStoppedWithASentence_data()
    {
        QTest::addColumn<QByteArray>("script");
        QTest::newRow("doubling text") << QByteArray("let t = 'x'; for (;;) t += t;");
        QTest::newRow("a chain of objects") << QByteArray("let a = []; for (;;) a = [a];");
        QTest::newRow("an array") << QByteArray("const a = []; for (;;) a.push({ n: a.length });");
    }
    void aMemoryHogIsStoppedWithASentence()
    {
        QFETCH(QByteArray, script);
        ScriptLimits limits;
        limits.memoryMiB = 96;
        const Ran ran = run(QByteArray("print('in');\n" + script).constData(), limits);
        QCOMPARE(ran.printed, QStringList({s("in")}));
        QCOMPARE(
            ran.errors,
            QStringList({s("the script was stopped: it needed more than 96 MiB of memory")}));
        QCOMPARE(ran.status, 137);
    }

    void anEndlessRecursionOfTheEngineIsToldApart()
    {
        const Ran ran = run("let p = new Proxy({}, {});\n"
                            "for (let i = 0; i < 200000; i++) p = new Proxy(p, {});\nprint(p.x);");
        QCOMPARE(
            ran.errors,
            QStringList({s("the script was stopped: its calls went too deep (an endless "
                           "recursion?)")}));
        QCOMPARE(ran.status, 137);
    }

    void anEndlessLoopIsStopped()
    {
        ScriptLimits limits;
        limits.turnMs = 500;
        const Ran ran = run("print('in');\nfor (;;) {}", limits);
        QCOMPARE(ran.printed, QStringList({s("in")}));
        QVERIFY2(ran.errors.value(0).contains(s("endless loop?")), qPrintable(ran.all()));
        QCOMPARE(ran.status, 1);
    }

    void stopEndsAScriptThatWaits()
    {
        Ran ran;
        const auto script = supervisor({});
        follow(*script, ran);
        script->startText(s("print('waiting');\ncluster.call('never');"), s("test.js"), {});
        QTRY_COMPARE_WITH_TIMEOUT(ran.printed.size(), 1, 20'000);
        QVERIFY(script->isRunning());
        script->stop();
        QTRY_COMPARE_WITH_TIMEOUT(ran.status, 130, 20'000);
        QCOMPARE(ran.errors, QStringList({s("stopped")}));
    }

    void aProcessThatIsKilledIsMourned()
    {
        Ran ran;
        const auto script = supervisor({});
        follow(*script, ran);
        script->startText(s("print('waiting');\ncluster.call('never');"), s("test.js"), {});
        QTRY_COMPARE_WITH_TIMEOUT(ran.printed.size(), 1, 20'000);
        QVERIFY(::kill(pid_t(script->processId()), SIGKILL) == 0);
        QTRY_COMPARE_WITH_TIMEOUT(ran.status, 137, 20'000);
        QCOMPARE(ran.errors, QStringList({s("the script's process was killed")}));
    }

    void theNextScriptRunsAfterOneThatFell()
    {
        Ran ran;
        ScriptLimits limits;
        limits.memoryMiB = 64;
        const auto script = supervisor(limits);
        follow(*script, ran);
        script->startText(s("let t = 'x'; for (;;) t += t;"), s("test.js"), {});
        QTRY_COMPARE_WITH_TIMEOUT(ran.status, 137, 30'000);
        ran = {};
        script->startText(s("print('well');"), s("test.js"), {});
        QTRY_COMPARE_WITH_TIMEOUT(ran.status, 0, 20'000);
        QCOMPARE(ran.printed, QStringList({s("well")}));
    }

    void noClusterIsASentence()
    {
        QTemporaryDir nowhere;
        Ran ran;
        ScriptSupervisor script(
            qEnvironmentVariable("QD_BUILD_DIR", s("build/dev")) + s("/bin/qdctl"),
            {s("--config"), nowhere.path()}, {});
        follow(script, ran);
        script.startText(s("print(1);"), s("test.js"), {});
        QTRY_COMPARE_WITH_TIMEOUT(ran.status, 1, 20'000);
        QVERIFY2(ran.all().startsWith(s("This user is not paired")), qPrintable(ran.all()));
    }

    void aProgramThatIsNotThereIsASentence()
    {
        Ran ran;
        ScriptSupervisor script(s("/nonexistent/qdctl"), {}, {});
        follow(script, ran);
        script.startText(s("print(1);"), s("test.js"), {});
        QTRY_COMPARE_WITH_TIMEOUT(ran.status, 1, 20'000);
        QVERIFY(ran.all().startsWith(s("cannot start /nonexistent/qdctl")));
    }
};

QD_TEST_MAIN(TestScriptProcess)
#include "tst_script_process.moc"
