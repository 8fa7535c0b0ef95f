// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/program.h"
#include "console/session/user_profiles.h"
#include "shared/security/join_token.h"
#include "tests/support/proof.h"
#include "tests/unit/rpc/small_cluster.h"

#include <QJsonDocument>
#include <QTemporaryDir>

using namespace qd;
using namespace qd::test;
using security::Role;

namespace {

QString s(const char *text)
{
    return QString::fromUtf8(text);
}

/// What qdctl printed and returned; with real profiles and a real connection.
struct Ran {
    QByteArray out;
    QByteArray err;
    int status = -1;
};

Ran qdctl(const QString &config, const QStringList &words)
{
    Ran ran;
    cli::Output output(
        [&](const QByteArray &bytes) { ran.out += bytes; },
        [&](const QByteArray &bytes) { ran.err += bytes; }, false);
    cli::Program program(cli::applets(), output, cli::openProfile);
    QObject::connect(
        &program, &cli::Program::finished, &program, [&](int status) { ran.status = status; });
    program.run(QStringList{s("--config"), config} + words);
    (void)QTest::qWaitFor([&] { return ran.status >= 0; }, 20'000);
    return ran;
}

/// An agent that pairs consoles and knows one node.
struct Agent {
    rpc::Methods methods;
    std::unique_ptr<rpc::Server> server;
    rpc::CallPtr kept;
    int pairings = 0;
    QString other; ///< an address that node.list tells of

    explicit Agent(const SmallCluster &cluster)
    {
        methods.addForNewcomers(s("cluster.pair"), [this, &cluster](const rpc::CallPtr &call) {
            ++pairings;
            const auto pem = cluster.authority.issueForRequest(
                call->params().value(QLatin1String("csr")).toString().toLatin1(),
                personSubject(Role::Operator));
            call->reply(QCborMap{
                {s("certificate"), QString::fromLatin1(*pem)},
                {s("ca"), QString::fromLatin1(cluster.authority.certificatePem())},
                {s("clusterId"), s("c1")},
                {s("clusterName"), s("deck")},
                {s("role"), s("operator")}});
        });
        methods.add(s("node.list"), Role::Viewer, [this](const rpc::CallPtr &call) {
            QCborArray items;
            if (!other.isEmpty()) {
                Node node;
                node.name = s("node-b");
                node.address = other;
                items.append(codec::toCbor(node));
            }
            call->reply(QCborMap{{s("revision"), 1}, {s("items"), items}});
        });
        methods.add(s("store.set"), Role::Operator, [this](const rpc::CallPtr &call) {
            kept = call; // it dies with the call in its hands
            QMetaObject::invokeMethod(
                server.get(), [this] { server.reset(); }, Qt::QueuedConnection);
        });
        methods.add(s("store.delete"), Role::Admin, [](const rpc::CallPtr &call) {
            call->reply(QCborMap());
        });
        server = cluster.serve(methods);
    }
    QString address() const { return QStringLiteral("127.0.0.1:%1").arg(server->port()); }
};

} // namespace

class TestCliSession : public QObject {
    Q_OBJECT
    SmallCluster m_cluster;

    QString token() const
    {
        return security::JoinToken::make(security::keyFingerprint(m_cluster.root())).text();
    }

private Q_SLOTS:
    void pairingMakesAProfileThatIsUsed()
    {
        QTemporaryDir dir;
        Agent agent(m_cluster);
        agent.other = s("127.0.0.1:1");
        const QString folder = dir.filePath(s("config"));
        const Ran none = qdctl(folder, {s("node"), s("list")});
        QCOMPARE(none.status, 1);
        QVERIFY(none.err.contains("not paired with a cluster yet"));
        const Ran paired = qdctl(
            folder, {s("pair"), token(), s("--address"), agent.address(), s("--name"), s("a")});
        QCOMPARE(paired.err, QByteArray());
        QCOMPARE(paired.status, 0);
        QVERIFY(
            paired.out.contains("Paired with the cluster \"deck\" as operator; profile \"a\"."));
        const Ran listed = qdctl(folder, {s("node"), s("list")});
        QCOMPARE(listed.err, QByteArray());
        QCOMPARE(listed.status, 0);
        QVERIFY(listed.out.contains("node-b"));
        // The nodes that it has heard of are tried when the first is gone.
        QCOMPARE(
            session::UserProfiles(folder).store().load(s("a"))->addresses,
            QStringList({agent.address(), agent.other}));
        const Ran profiles = qdctl(folder, {s("profile"), s("list"), s("--json")});
        QCOMPARE(
            QJsonDocument::fromJson(profiles.out)[s("items")][0][s("cluster")].toString(),
            s("deck"));
    }

    void aNameIsNotTakenFromAnotherCluster()
    {
        QTemporaryDir dir;
        SmallCluster other;
        Agent agent(m_cluster);
        Agent stranger(other);
        const QStringList pair{s("pair"), token(), s("--address"), agent.address()};
        QCOMPARE(qdctl(dir.path(), pair).status, 0);
        QCOMPARE(qdctl(dir.path(), pair).status, 0); // again: a new key for the same cluster
        const QString foreign =
            security::JoinToken::make(security::keyFingerprint(other.root())).text();
        const Ran taken = qdctl(
            dir.path(),
            {s("pair"), foreign, s("--address"), stranger.address(), s("--name"), s("deck")});
        QCOMPARE(taken.status, 1);
        QVERIFY(taken.err.contains("of another cluster"));
        QCOMPARE(stranger.pairings, 0);
        // A token of one cluster, an agent of the other: no secret is sent.
        const Ran wrong = qdctl(
            dir.path(), {s("pair"), foreign, s("--address"), agent.address(), s("--name"), s("x")});
        QCOMPARE(wrong.status, 1);
        QCOMPARE(agent.pairings, 2);
        QCOMPARE(
            qdctl(dir.path(), {s("pair"), foreign, s("--address"), s("127.0.0.1:1")}).status, 3);
        QCOMPARE(qdctl(dir.path(), {s("pair"), s("nonsense"), s("--address"), s("x")}).status, 2);
        QCOMPARE(qdctl(dir.path(), {s("pair"), foreign}).status, 2);
    }

    void severalProfilesWantAChoice()
    {
        QTemporaryDir dir;
        Agent agent(m_cluster);
        for (const char *name : {"one", "two"})
            QCOMPARE(
                qdctl(
                    dir.path(),
                    {s("pair"), token(), s("--address"), agent.address(), s("--name"), s(name)})
                    .status,
                0);
        const Ran open = qdctl(dir.path(), {s("node"), s("list")});
        QCOMPARE(open.status, 2);
        QVERIFY(open.err.contains("several profiles (one, two)"));
        QCOMPARE(qdctl(dir.path(), {s("node"), s("list"), s("--profile"), s("two")}).status, 0);
        const Ran unknown = qdctl(dir.path(), {s("node"), s("list"), s("--profile=tree")});
        QCOMPARE(unknown.status, 1);
        QVERIFY(unknown.err.contains("There is no profile \"tree\"; there is one, two."));
        QCOMPARE(qdctl(dir.path(), {s("profile"), s("remove"), s("two")}).status, 0);
        QCOMPARE(qdctl(dir.path(), {s("profile"), s("remove"), s("two")}).status, 1);
        QCOMPARE(qdctl(dir.path(), {s("node"), s("list")}).status, 0);
        QVERIFY(!QFile::exists(dir.filePath(s("keys/two.key"))));
    }

    void refusedLostAndGone()
    {
        QTemporaryDir dir;
        Agent agent(m_cluster);
        QCOMPARE(
            qdctl(dir.path(), {s("pair"), token(), s("--address"), agent.address()}).status, 0);
        const Ran denied = qdctl(dir.path(), {s("store"), s("rm"), s("/a")});
        QCOMPARE(denied.status, 1);
        QVERIFY2(denied.err.contains("admin"), denied.err.constData());
        const Ran lost = qdctl(dir.path(), {s("store"), s("set"), s("/a"), s("b")});
        QCOMPARE(lost.status, 3);
        QVERIFY(lost.err.contains("The connection was lost before store.set was answered."));
        QVERIFY(lost.err.contains("Whether it was carried out is not known."));
        const Ran gone = qdctl(dir.path(), {s("node"), s("list")});
        QCOMPARE(gone.status, 3);
        QVERIFY(gone.err.startsWith("qdctl: Cannot reach the cluster \"deck\": 127.0.0.1:"));
    }
};

QD_TEST_MAIN(TestCliSession)
#include "tst_cli_session.moc"
