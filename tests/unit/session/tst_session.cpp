// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/session/cluster_api.h"
#include "console/session/pairing.h"
#include "console/session/remote_client.h"
#include "console/session/secret_store.h"
#include "console/session/snapshot.h"
#include "tests/support/proof.h"
#include "tests/unit/rpc/small_cluster.h"

#include <QCborArray>
#include <QFileInfo>
#include <QSignalSpy>
#include <QTemporaryDir>

using namespace qd;
using namespace qd::session;
using namespace qd::test;
using security::Role;

namespace {

/// A node of a cluster: its methods, its collection, its server.
struct Agent {
    rpc::Methods methods;
    rpc::Collection<Node> nodes{&Node::id};
    std::unique_ptr<rpc::Server> server;
    QStringList *others = nullptr;
    QByteArray written;

    Agent(const SmallCluster &cluster, const QString &id, QStringList *addresses)
        : others(addresses)
    {
        methods.add(QStringLiteral("node.list"), Role::Viewer, [this](const rpc::CallPtr &call) {
            QCborArray items;
            for (const QString &address : *others) {
                Node node;
                node.id = node.address = address;
                items.append(codec::toCbor(node));
            }
            call->reply(QCborMap{{QStringLiteral("items"), items}});
        });
        methods.add(QStringLiteral("wait"), Role::Viewer, [this](const rpc::CallPtr &call) {
            call->onCancel([this] { cancelled = true; });
            kept = call;
        });
        methods.add(QStringLiteral("shout"), Role::Viewer, [this](const rpc::CallPtr &call) {
            stream = call->stream();
            QObject::connect(
                stream.get(), &rpc::Stream::received, stream.get(),
                [this](const QByteArray &bytes) { stream->write(bytes.toUpper()); });
        });
        methods.addCollection(QStringLiteral("nodes"), nodes);
        server = cluster.serve(methods, id);
    }
    QString address() const { return QStringLiteral("127.0.0.1:%1").arg(server->port()); }

    rpc::CallPtr kept;
    std::shared_ptr<rpc::Stream> stream;
    bool cancelled = false;
};

Node row(const QString &id, const QString &name)
{
    Node out;
    out.id = id;
    out.name = name;
    return out;
}

/// The rows that a subscription has shown, by id.
struct Rows {
    QMap<QString, QString> names;
    int resets = 0;

    void follow(Subscription *subscription)
    {
        QObject::connect(
            subscription, &Subscription::reset, subscription, [this](const QList<QCborMap> &rows) {
                names.clear();
                ++resets;
                take(rows);
            });
        QObject::connect(
            subscription, &Subscription::changed, subscription,
            [this](const QList<QCborMap> &rows, const QStringList &gone) {
                take(rows);
                for (const QString &key : gone)
                    names.remove(key);
            });
    }
    void take(const QList<QCborMap> &rows)
    {
        for (const QCborMap &each : rows)
            names.insert(
                each.value(QLatin1String("id")).toString(),
                each.value(QLatin1String("name")).toString());
    }
};

} // namespace

class TestSession : public QObject {
    Q_OBJECT
    SmallCluster m_cluster;

    RemoteClient::Setup setup(const QStringList &addresses)
    {
        RemoteClient::Setup out;
        out.addresses = addresses;
        out.credentials = m_cluster.credentials(personSubject(Role::Operator));
        out.firstPauseMs = 10;
        return out;
    }

private Q_SLOTS:
    void aCallThatIsCancelledIsCancelledThere()
    {
        QStringList addresses;
        Agent agent(m_cluster, QStringLiteral("0a"), &addresses);
        RemoteClient client(setup({agent.address()}));
        const auto early = client.call(QStringLiteral("wait"), {});
        QVERIFY(early.isFinished());
        QCOMPARE(early.result().error().code, code::unreachable);
        client.connectToCluster();
        QTRY_COMPARE(client.state(), Client::State::Connected);
        QCOMPARE(
            client.welcome().value(QLatin1String("role")).toString(), QStringLiteral("operator"));
        auto future = client.call(QStringLiteral("wait"), {});
        QTRY_VERIFY(agent.kept != nullptr);
        future.cancel();
        QTRY_VERIFY(agent.cancelled);
        QTRY_VERIFY(future.isFinished());
        const auto nodes = ClusterApi(client).nodes();
        QTRY_VERIFY(nodes.isFinished());
        QVERIFY(nodes.result().has_value());
    }

    void aStreamCarriesBytesBothWays()
    {
        QStringList addresses;
        Agent agent(m_cluster, QStringLiteral("0a"), &addresses);
        RemoteClient client(setup({agent.address()}));
        client.connectToCluster();
        QTRY_COMPARE(client.state(), Client::State::Connected);
        const auto stream = client.open(QStringLiteral("shout"), {});
        QSignalSpy received(stream.get(), &ByteStream::received);
        QSignalSpy ended(stream.get(), &ByteStream::ended);
        stream->write("ahoy");
        QTRY_COMPARE(received.size(), 1);
        QCOMPARE(received[0][0].toByteArray(), QByteArray("AHOY"));
        agent.stream->end();
        QTRY_COMPARE(ended.size(), 1);
        const auto refused = client.open(QStringLiteral("nothing"), {});
        QSignalSpy failed(refused.get(), &ByteStream::ended);
        QTRY_COMPARE(failed.size(), 1);
        QCOMPARE(failed[0][0].value<Error>().code, code::notFound);
    }

    void whenTheNodeIsGoneAnotherTakesOver()
    {
        QStringList addresses;
        Agent second(m_cluster, QStringLiteral("0b"), &addresses);
        auto first = std::make_unique<Agent>(m_cluster, QStringLiteral("0a"), &addresses);
        addresses = {first->address(), second.address()};
        first->nodes.set(row(QStringLiteral("x"), QStringLiteral("as the first says")));
        second.nodes.set(row(QStringLiteral("x"), QStringLiteral("as the second says")));
        first->nodes.flush();
        second.nodes.flush();

        RemoteClient client(setup({first->address()}));
        QSignalSpy learnt(&client, &RemoteClient::addressesLearnt);
        const auto subscription = client.subscribe(QStringLiteral("nodes"));
        Rows rows;
        rows.follow(subscription.get());
        client.connectToCluster();
        QTRY_COMPARE(rows.names.value(QStringLiteral("x")), QStringLiteral("as the first says"));
        QTRY_COMPARE(learnt.size(), 1);

        QSignalSpy states(&client, &Client::stateChanged);
        first.reset();
        QTRY_COMPARE(client.state(), Client::State::Connected);
        QTRY_COMPARE(rows.names.value(QStringLiteral("x")), QStringLiteral("as the second says"));
        QCOMPARE(client.connectedTo(), second.address());
        QCOMPARE(states[0][0].value<Client::State>(), Client::State::Reconnecting);
        // The rows that were known stayed until the new ones came.
        QCOMPARE(rows.resets, 2);
    }

    void aSubscriptionGoesOnWhereItWas()
    {
        QStringList addresses;
        Agent agent(m_cluster, QStringLiteral("0a"), &addresses);
        agent.nodes.set(row(QStringLiteral("x"), QStringLiteral("one")));
        agent.nodes.flush();
        RemoteClient client(setup({agent.address()}));
        const auto subscription = client.subscribe(QStringLiteral("nodes"));
        Rows rows;
        rows.follow(subscription.get());
        client.connectToCluster();
        QTRY_COMPARE(rows.names.size(), 1);

        const quint16 port = agent.server->port();
        agent.server.reset();
        QTRY_COMPARE(client.state(), Client::State::Reconnecting);
        agent.nodes.set(row(QStringLiteral("y"), QStringLiteral("two")));
        agent.nodes.flush();
        agent.server = m_cluster.serve(agent.methods, QStringLiteral("0a"), {}, port);
        QVERIFY(agent.server != nullptr);
        QTRY_COMPARE(rows.names.size(), 2);
        QCOMPARE(rows.resets, 1);

        const auto unknown = client.subscribe(QStringLiteral("nothing"));
        QSignalSpy failed(unknown.get(), &Subscription::failed);
        QTRY_COMPARE(failed.size(), 1);
    }

    void aSnapshotHoldsWhatNoFrameCould()
    {
        QStringList addresses;
        Agent agent(m_cluster, QStringLiteral("0a"), &addresses);
        const QString name(300, QLatin1Char('n'));
        for (int i = 0; i < 5'000; ++i)
            agent.nodes.set(row(QString::number(i), name));
        agent.nodes.flush();
        RemoteClient client(setup({agent.address()}));
        const auto early = snapshot(client, QStringLiteral("nodes"));
        QCOMPARE(early.result().error().code, code::unreachable);
        client.connectToCluster();
        QTRY_COMPARE(client.state(), Client::State::Connected);
        const auto all = snapshot(client, QStringLiteral("nodes"));
        QTRY_VERIFY_WITH_TIMEOUT(all.isFinished(), 20'000);
        QVERIFY(all.result().has_value());
        QCOMPARE(all.result()->rows.size(), 5'000);
        QVERIFY(all.result()->revision > 0);
        const auto unknown = snapshot(client, QStringLiteral("nothing"));
        QTRY_VERIFY(unknown.isFinished());
        QVERIFY(!unknown.result().has_value());
        const auto cut = snapshot(client, QStringLiteral("nodes"));
        agent.server.reset();
        QTRY_VERIFY(cut.isFinished());
        QCOMPARE(cut.result().error().code, code::unreachable);
    }

    void whoSubscribesOnHearingOfTheConnectionGetsEachRowOnce()
    {
        constexpr int kRows = 4'500; // three pages
        QStringList addresses;
        Agent agent(m_cluster, QStringLiteral("0a"), &addresses);
        for (int i = 0; i < kRows; ++i)
            agent.nodes.set(row(QString::number(i), QStringLiteral("n")));
        agent.nodes.flush();
        RemoteClient client(setup({agent.address()}));
        std::unique_ptr<Subscription> subscription;
        QList<qsizetype> resets;
        QStringList changed;
        connect(&client, &Client::stateChanged, &client, [&](Client::State state) {
            if (state != Client::State::Connected || subscription)
                return;
            subscription = client.subscribe(QStringLiteral("nodes"));
            connect(
                subscription.get(), &Subscription::reset, &client,
                [&](const QList<QCborMap> &rows) { resets.append(rows.size()); });
            connect(
                subscription.get(), &Subscription::changed, &client,
                [&](const QList<QCborMap> &rows) {
                    for (const QCborMap &each : rows)
                        changed.append(each.value(QLatin1String("id")).toString());
                });
        });
        client.connectToCluster();
        QTRY_VERIFY_WITH_TIMEOUT(!resets.isEmpty(), 20'000);
        // A second start of it would have its pages on their way before this row's.
        agent.nodes.set(row(QStringLiteral("last"), QStringLiteral("n")));
        agent.nodes.flush();
        QTRY_VERIFY_WITH_TIMEOUT(changed.contains(QStringLiteral("last")), 20'000);
        QCOMPARE(resets, QList<qsizetype>{kRows});
        QCOMPARE(changed, QStringList{QStringLiteral("last")});
    }

    void aRefusedCertificateIsToldToThePerson()
    {
        QStringList addresses;
        Agent agent(m_cluster, QStringLiteral("0a"), &addresses);
        auto mine = setup({agent.address()});
        const QDateTime now = QDateTime::currentDateTimeUtc();
        mine.credentials =
            m_cluster.credentials(personSubject(Role::Viewer), {now.addDays(-2), now.addDays(-1)});
        RemoteClient client(mine);
        QSignalSpy trouble(&client, &Client::trouble);
        client.connectToCluster();
        QTRY_VERIFY(!trouble.isEmpty());
        QCOMPARE(
            trouble[0][0].value<Error>().detail.value(QStringLiteral("reason")),
            security::reason::expired);
        QVERIFY(client.state() != Client::State::Connected);
    }

    void aConsoleIsPairedAfterTheFingerprintWasSeen()
    {
        SmallCluster other;
        QStringList secrets;
        rpc::Methods methods;
        const security::Authority &authority = m_cluster.authority;
        methods.addForNewcomers(QStringLiteral("cluster.pair"), [&](const rpc::CallPtr &call) {
            secrets.append(call->params().value(QLatin1String("secret")).toString());
            const auto pem = authority.issueForRequest(
                call->params().value(QLatin1String("csr")).toString().toLatin1(),
                personSubject(Role::Operator));
            call->reply(QCborMap{
                {QStringLiteral("certificate"), QString::fromLatin1(*pem)},
                {QStringLiteral("ca"), QString::fromLatin1(authority.certificatePem())},
                {QStringLiteral("clusterId"), QStringLiteral("c1")},
                {QStringLiteral("clusterName"), QStringLiteral("deck")},
                {QStringLiteral("role"), QStringLiteral("operator")}});
        });
        const auto token = security::JoinToken::make(security::keyFingerprint(m_cluster.root()));

        // Another cluster's agent hears no secret, whatever we do.
        const auto imposter = other.serve(methods);
        Pairing wrong(token, QStringLiteral("127.0.0.1:%1").arg(imposter->port()));
        const auto refused = await<QString>([&](auto done) { wrong.begin(done); });
        QVERIFY(!refused);
        const auto forced =
            await<Paired>([&](auto done) { wrong.confirm({}, QStringLiteral("anna"), done); });
        QVERIFY(!forced);
        QVERIFY(secrets.isEmpty());

        const auto server = m_cluster.serve(methods);
        Pairing pairing(token, QStringLiteral("127.0.0.1:%1").arg(server->port()));
        const auto fingerprint = await<QString>([&](auto done) { pairing.begin(done); });
        QCOMPARE(*fingerprint, security::fingerprintText(token.fingerprint));
        QVERIFY(secrets.isEmpty());
        const auto paired =
            await<Paired>([&](auto done) { pairing.confirm({}, QStringLiteral("anna"), done); });
        QVERIFY(paired.has_value());
        QCOMPARE(secrets, QStringList{QString::fromLatin1(token.secret.toHex())});
        QCOMPARE(paired->profile.name, QStringLiteral("deck"));

        const QTemporaryDir dir;
        FileSecretStore store(dir.filePath(QStringLiteral("keys")));
        ProfileStore profiles(dir.filePath(QStringLiteral("profiles")), store);
        QVERIFY(profiles.save(paired->profile, paired->keyPem).has_value());
        QCOMPARE(profiles.all(), QList<Profile>{paired->profile});
        QVERIFY(profiles.credentials(paired->profile).has_value());
        QCOMPARE(
            QFileInfo(dir.filePath(QStringLiteral("keys/deck.key"))).permissions() &
                (QFileDevice::ReadGroup | QFileDevice::ReadOther),
            QFileDevice::Permissions());
        profiles.remove(QStringLiteral("deck"));
        QVERIFY(profiles.all().isEmpty());
        QCOMPARE(store.load(QStringLiteral("deck")).error().code, code::notFound);
    }

    void addressesAreRead()
    {
        using Pair = std::pair<QString, quint16>;
        const quint16 usual = rpc::kControlPort;
        QCOMPARE(splitAddress(QStringLiteral("a.b")), Pair(QStringLiteral("a.b"), usual));
        QCOMPARE(splitAddress(QStringLiteral("a:81")), Pair(QStringLiteral("a"), 81));
        QCOMPARE(splitAddress(QStringLiteral("[::1]:81")), Pair(QStringLiteral("::1"), 81));
        QCOMPARE(splitAddress(QStringLiteral("::1")), Pair(QStringLiteral("::1"), usual));
    }
};

QD_TEST_MAIN(TestSession)
#include "tst_session.moc"
