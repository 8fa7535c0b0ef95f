// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/control/control_service.h"
#include "agent/control/fixture.h"
#include "agent/control/store_methods.h"
#include "shared/rpc/join_client.h"
#include "tests/support/proof.h"
#include "tests/unit/control/memory_store.h"
#include "tests/unit/rpc/small_cluster.h"

#include <QJsonDocument>
#include <QSignalSpy>

using namespace qd;
using namespace qd::control;
using namespace qd::test;
using security::Role;

namespace {

class Members final : public Membership {
public:
    QList<Member> all;
    QStringList admitted;
    QList<Member> members() const override { return all; }
    void admit(const NewMember &who, std::function<void(Result<Admitted>)> done) override
    {
        admitted.append(who.nodeId);
        done(Admitted{QStringLiteral("00000000000000ff"), {}});
    }
    QStringList removed;
    void remove(const QString &nodeId, std::function<void(Result<void>)> done) override
    {
        removed.append(nodeId);
        done({});
    }
    QStringList promoted;
    void promote(const QString &nodeId, std::function<void(Result<void>)> done) override
    {
        promoted.append(nodeId);
        done({});
    }
    void
    transferLeadership(const QString &nodeId, std::function<void(Result<QString>)> done) override
    {
        done(nodeId.isEmpty() ? QStringLiteral("0b") : nodeId);
    }
};

class Raft final : public RaftView {
public:
    RaftStatus now;
    RaftStatus status() const override { return now; }
};

/// One agent's control service over a store of its own.
struct Agent {
    MemoryStore store;
    Members members;
    Raft raft;
    SystemClock clock;
    std::unique_ptr<ControlService> service;

    Agent(const SmallCluster &cluster, const QString &id)
    {
        raft.now.nodeId = id;
        raft.now.term = 7;
        raft.now.role = qd::Node::Role::Follower;
        ControlService::Setup setup{
            {QStringLiteral("c1"), QStringLiteral("deck"), id, QStringLiteral("node-") + id},
            QStringLiteral("127.0.0.1"),
            0,
            cluster.credentials(nodeSubject(id)),
            cluster.authority};
        setup.gatherMs = 100;
        service = std::make_unique<ControlService>(setup, store, members, raft, clock);
    }
    Member member(const QString &id) const
    {
        return {
            id,   QStringLiteral("node-") + id, QStringLiteral("127.0.0.1"), service->port(), id,
            false};
    }
};

QCborMap params(std::initializer_list<std::pair<const char *, QCborValue>> pairs)
{
    QCborMap out;
    for (const auto &[key, value] : pairs)
        out.insert(QString::fromLatin1(key), value);
    return out;
}

} // namespace

class TestControl : public QObject {
    Q_OBJECT
    SmallCluster m_cluster;

    std::shared_ptr<rpc::Connection> connectAs(Role role, const Agent &agent)
    {
        rpc::Target target;
        target.address = QStringLiteral("127.0.0.1");
        target.port = agent.service->port();
        target.tls =
            security::clientTls(m_cluster.credentials(personSubject(role)), security::alpnControl);
        target.verify = [](const QSslSocket &) -> Result<void> { return {}; };
        const auto line = dialled(target, this);
        return line ? line->connection : nullptr;
    }
    Result<QCborMap>
    newcomer(const Agent &agent, const QString &token, const QString &method, QCborMap request)
    {
        rpc::JoinClient client(*security::JoinToken::parse(token));
        const auto known = await<QSslCertificate>([&](auto done) {
            client.connectTo(QStringLiteral("127.0.0.1"), agent.service->port(), done);
        });
        if (!known)
            return fail(known.error());
        const QByteArray csr = *security::makeRequest(*security::makeKey(), QStringLiteral("x"));
        request.insert(QStringLiteral("csr"), QString::fromLatin1(csr));
        request.insert(QStringLiteral("name"), QStringLiteral("newcomer"));
        return await<QCborMap>([&](auto done) { client.ask(method, request, done); });
    }

private Q_SLOTS:
    void aTokenAdmitsOnce()
    {
        Agent agent(m_cluster, QStringLiteral("0a"));
        QVERIFY(agent.service->start().has_value());
        const auto operators = connectAs(Role::Operator, agent);
        const QCborMap wanted =
            params({{"kind", QStringLiteral("console")}, {"role", QStringLiteral("operator")}});
        QCOMPARE(
            ask(*operators, QStringLiteral("cluster.token"), wanted).error().code, code::denied);
        const auto admin = connectAs(Role::Admin, agent);
        const auto made = ask(*admin, QStringLiteral("cluster.token"), wanted);
        QVERIFY(made.has_value());
        const QString token = made->value(QLatin1String("token")).toString();
        // The store knows the hash of the secret, for a quarter of an hour.
        QCOMPARE(agent.store.keys().size(), 1);
        const QString key = agent.store.keys().first();
        QVERIFY(!key.contains(token.section(u'.', 1, 1)));
        QCOMPARE(agent.store.ttl(key).value_or(0), 900);

        // It is for a console: a node does not get in, and does not use it up.
        const QCborMap machine =
            params({{"machineId", QStringLiteral("0c")}, {"address", QStringLiteral("127.0.0.3")}});
        const auto node = newcomer(agent, token, QStringLiteral("cluster.join"), machine);
        QCOMPARE(node.error().code, code::denied);
        QVERIFY(agent.members.admitted.isEmpty());

        const auto paired = newcomer(agent, token, QStringLiteral("cluster.pair"), {});
        QVERIFY(paired.has_value());
        QCOMPARE(paired->value(QLatin1String("role")).toString(), QStringLiteral("operator"));
        QVERIFY(!paired->contains(QLatin1String("caKey")));
        const auto who = security::verifyPeer(
            QSslCertificate(paired->value(QLatin1String("certificate")).toString().toLatin1()),
            m_cluster.root());
        QCOMPARE(who->role, Role::Operator);
        QCOMPARE(
            newcomer(agent, token, QStringLiteral("cluster.pair"), {}).error().code, code::denied);
    }

    void onlyAnAdminRemovesANodeAndAnOperatorMovesLeadership()
    {
        Agent agent(m_cluster, QStringLiteral("0a"));
        QVERIFY(agent.service->start().has_value());
        const QCborMap whom = params({{"nodeId", QStringLiteral("0c")}});
        const auto operating = connectAs(Role::Operator, agent);
        QCOMPARE(ask(*operating, QStringLiteral("node.remove"), whom).error().code, code::denied);
        const auto moved = ask(*operating, QStringLiteral("raft.transfer"), {});
        QCOMPARE(moved->value(QLatin1String("nodeId")).toString(), QStringLiteral("0b"));
        QCOMPARE(ask(*operating, QStringLiteral("raft.promote"), whom).error().code, code::denied);
        const auto admin = connectAs(Role::Admin, agent);
        QVERIFY(ask(*admin, QStringLiteral("raft.promote"), whom).has_value());
        QCOMPARE(agent.members.promoted, QStringList{QStringLiteral("0c")});
        QVERIFY(ask(*admin, QStringLiteral("node.remove"), whom).has_value());
        QCOMPARE(agent.members.removed, QStringList{QStringLiteral("0c")});
    }

    void aNodeJoinsAndAnExpiredTokenDoesNot()
    {
        Agent agent(m_cluster, QStringLiteral("0a"));
        QVERIFY(agent.service->start().has_value());
        const auto makeToken = [&] {
            return await<QString>([&](auto done) {
                agent.service->admission().makeToken(QStringLiteral("node"), {}, done);
            });
        };
        const QCborMap machine =
            params({{"machineId", QStringLiteral("0c")}, {"address", QStringLiteral("127.0.0.3")}});
        const QString late = *makeToken();
        agent.store.expireAll(QStringLiteral("/_qd/tokens/"));
        const auto refused = newcomer(agent, late, QStringLiteral("cluster.join"), machine);
        QCOMPARE(refused.error().code, code::denied);
        QVERIFY(agent.members.admitted.isEmpty());

        const auto joined = newcomer(agent, *makeToken(), QStringLiteral("cluster.join"), machine);
        QVERIFY(joined.has_value());
        QCOMPARE(agent.members.admitted, QStringList{QStringLiteral("0c")});
        QVERIFY(joined->value(QLatin1String("caKey")).toString().contains("PRIVATE KEY"));
        const auto who = security::verifyNode(
            QSslCertificate(joined->value(QLatin1String("certificate")).toString().toLatin1()),
            m_cluster.root());
        QCOMPARE(who->nodeId, QStringLiteral("0c"));
    }

    void theStoreIsReadWrittenAndWatched()
    {
        Agent agent(m_cluster, QStringLiteral("0a"));
        QVERIFY(agent.service->start().has_value());
        const auto viewer = connectAs(Role::Viewer, agent);
        const auto user = connectAs(Role::Operator, agent);
        const QCborMap set = params({{"key", QStringLiteral("/a/b")}, {"value", QByteArray("1")}});
        QCOMPARE(ask(*viewer, QStringLiteral("store.set"), set).error().code, code::denied);
        const auto stream = viewer->open(
            QStringLiteral("store.watch"), params({{"key", QStringLiteral("/a")}}), 5'000, {});
        QByteArray lines;
        connect(
            stream.get(), &rpc::Stream::received, this, [&](const QByteArray &b) { lines += b; });
        QTRY_COMPARE(agent.store.watchers(), 1);
        QVERIFY(ask(*user, QStringLiteral("store.set"), set).has_value());
        QTRY_VERIFY(lines.endsWith('\n'));
        const QJsonObject event = QJsonDocument::fromJson(lines).object();
        QCOMPARE(event[QLatin1String("action")].toString(), QStringLiteral("set"));
        QCOMPARE(event[QLatin1String("entry")][QLatin1String("value")].toString(), "1");
        stream->end();
        QTRY_COMPARE(agent.store.watchers(), 0);

        const auto got =
            ask(*viewer, QStringLiteral("store.get"),
                params({{"key", QStringLiteral("/a")}, {"recursive", true}}));
        const auto children = codec::listFromCbor<StoreEntry>(*got, QStringLiteral("children"));
        QCOMPARE(children->size(), 1);
        QCOMPARE(children->first().value, QByteArray("1"));
        // However it is spelt, what admits newcomers is for admins.
        for (const char *key : {"/_qd/tokens/x", "_qd/tokens/x", "//_qd//tokens/x", "/a/../_qd/t"})
            QCOMPARE(
                ask(*user, QStringLiteral("store.set"),
                    params({{"key", QString::fromLatin1(key)}, {"value", QByteArray("{}")}}))
                    .error()
                    .code,
                code::denied);
    }

    void aLargeDirectoryIsReadPageByPage()
    {
        Agent agent(m_cluster, QStringLiteral("0a"));
        for (int i = 0; i < 25; ++i)
            agent.store.put(
                QStringLiteral("/big/k%1").arg(i, 2, 10, QLatin1Char('0')),
                QByteArray(70'000, 'v'));
        QVERIFY(agent.service->start().has_value());
        const auto viewer = connectAs(Role::Viewer, agent);
        const QCborMap whole = params({{"key", QStringLiteral("/big")}});
        QCOMPARE(ask(*viewer, QStringLiteral("store.get"), whole).error().code, code::limit);
        QStringList keys;
        int pages = 0;
        for (bool more = true; more; ++pages) {
            const QString after = keys.isEmpty() ? QStringLiteral("") : keys.last();
            const auto page =
                ask(*viewer, QStringLiteral("store.get"),
                    params({{"key", QStringLiteral("/big")}, {"after", after}}));
            QVERIFY(page.has_value());
            const auto children =
                codec::listFromCbor<StoreEntry>(*page, QStringLiteral("children"));
            QVERIFY(!children->isEmpty());
            for (const StoreEntry &child : *children) {
                keys.append(child.key);
                QCOMPARE(child.value.size(), 64 * 1024);
            }
            more = page->value(QLatin1String("more")).toBool();
        }
        QCOMPARE(keys.size(), 25);
        QVERIFY(pages >= 4);
        QVERIFY(std::is_sorted(keys.begin(), keys.end()));
    }

    void aKeysHistoryIsAWindowAndItsEvents()
    {
        Agent agent(m_cluster, QStringLiteral("0a"));
        for (const char *value : {"one", "two", "three"})
            agent.store.put(QStringLiteral("/a/b"), value);
        agent.store.put(QStringLiteral("/other"), "x");
        QVERIFY(agent.service->start().has_value());
        const auto viewer = connectAs(Role::Viewer, agent);
        const auto read = [&](const char *key, QByteArray *got, QString *error) {
            const auto stream = viewer->open(
                QStringLiteral("store.history"), params({{"key", QString::fromLatin1(key)}}), 5'000,
                {});
            bool ended = false;
            connect(stream.get(), &rpc::Stream::received, this, [&](const QByteArray &bytes) {
                *got += bytes;
            });
            connect(stream.get(), &rpc::Stream::ended, this, [&](const Error &why) {
                *error = why.code;
                ended = true;
            });
            QTRY_VERIFY(ended);
        };
        QByteArray got;
        QString error;
        read("/a/b", &got, &error);
        QCOMPARE(error, QString());
        const QByteArrayList lines = got.trimmed().split('\n');
        QCOMPARE(lines.size(), 4);
        const QJsonObject window = QJsonDocument::fromJson(lines.first()).object();
        QCOMPARE(window[QLatin1String("from")].toInt(), 1);
        QCOMPARE(window[QLatin1String("to")].toInt(), 4);
        const QJsonObject last = QJsonDocument::fromJson(lines.last()).object();
        QCOMPARE(last[QLatin1String("entry")][QLatin1String("value")].toString(), "three");
        QCOMPARE(last[QLatin1String("previous")][QLatin1String("value")].toString(), "two");
        QCOMPARE(last[QLatin1String("index")].toInt(), 3);
        got.clear();
        read("/_qd/tokens", &got, &error);
        QCOMPARE(error, QString(code::denied));
    }

    void whatIsLargerThanAFrameIsReadWhole()
    {
        Agent agent(m_cluster, QStringLiteral("0a"));
        const QByteArray large = QByteArray(1'500'000, 'v') + "\xff";
        agent.store.put(QStringLiteral("/big/value"), large);
        for (int i = 0; i < 12'000; ++i)
            agent.store.put(
                QStringLiteral("/big/k%1%2").arg(QString(40, u'x')).arg(i, 5, 10, QLatin1Char('0')),
                "1");
        QVERIFY(agent.service->start().has_value());
        const auto admin = connectAs(Role::Admin, agent);
        const auto stream = admin->open(
            QStringLiteral("store.read"), params({{"key", QStringLiteral("/big")}}), 20'000, {});
        QByteArray got;
        bool ended = false;
        connect(stream.get(), &rpc::Stream::received, this, [&](const QByteArray &bytes) {
            got += bytes;
        });
        connect(stream.get(), &rpc::Stream::ended, this, [&] { ended = true; });
        QTRY_VERIFY_WITH_TIMEOUT(ended, 20'000);
        const QByteArrayList lines = got.trimmed().split('\n');
        QCOMPARE(lines.size(), 1 + 12'001);
        const auto entryIn = [](const QByteArray &line) {
            return codec::fromJson<StoreEntry>(
                QJsonDocument::fromJson(line).object().value(QLatin1String("entry")).toObject());
        };
        QCOMPARE(entryIn(lines.first())->key, QStringLiteral("/big"));
        QCOMPARE(entryIn(lines.last())->value, large);
        // A write over it is answered with its beginning; a reading that nobody wants ends.
        const auto set =
            ask(*admin, QStringLiteral("store.set"),
                params({{"key", QStringLiteral("/big/value")}, {"value", QByteArray("small")}}));
        QVERIFY(set.has_value());
        agent.store.put(QStringLiteral("/big/value"), large);
        const auto removed =
            ask(*admin, QStringLiteral("store.delete"),
                params({{"key", QStringLiteral("/big/value")}}));
        QVERIFY(removed.has_value());
        QCOMPARE(
            (*removed)[QLatin1String("previous")][QLatin1String("value")].toByteArray().size(),
            64 * 1024);
        admin->open(
            QStringLiteral("store.read"), params({{"key", QStringLiteral("/big")}}), 5'000, {});
        const auto missing = admin->open(
            QStringLiteral("store.read"), params({{"key", QStringLiteral("/no")}}), 5'000, {});
        QSignalSpy refused(missing.get(), &rpc::Stream::ended);
        QTRY_COMPARE(refused.size(), 1);
        QCOMPARE(refused[0][0].value<Error>().code, QStringLiteral("etcd.100"));
    }

    void theStoreIsALiveCollection()
    {
        Agent agent(m_cluster, QStringLiteral("0a"));
        agent.store.put(QStringLiteral("/a/b"), "1");
        QVERIFY(agent.service->start().has_value());
        const auto viewer = connectAs(Role::Viewer, agent);
        QMap<QString, QCborMap> rows;
        viewer->setIncoming([&](const QCborMap &frame) {
            for (const char *list : {"page", "rows"}) {
                const QCborArray all = frame.value(QLatin1String(list)).toArray();
                for (const QCborValue &row : all)
                    rows.insert(row[QLatin1String("key")].toString(), row.toMap());
            }
            for (const QCborValue &key : frame.value(QLatin1String("removed")).toArray())
                rows.remove(key.toString());
            return true;
        });
        const auto subscribed =
            ask(*viewer, QStringLiteral("subscribe"),
                params(
                    {{"collection", QStringLiteral("store")},
                     {"params", params({{"key", QStringLiteral("/")}})}}));
        QVERIFY(subscribed.has_value());
        QTRY_COMPARE(rows.keys(), (QStringList{QStringLiteral("/a"), QStringLiteral("/a/b")}));
        agent.store.put(QStringLiteral("/c/d/e"), "2");
        agent.store.put(QStringLiteral("/_hidden/x"), "3");
        QTRY_VERIFY(rows.contains(QStringLiteral("/c/d/e")));
        QVERIFY(rows.value(QStringLiteral("/c/d"))[QLatin1String("dir")].toBool());
        QVERIFY(!rows.contains(QStringLiteral("/_hidden/x")));
        QVERIFY(ask(*viewer, QStringLiteral("unsubscribe"),
                    params({{"sub", subscribed->value(QLatin1String("sub"))}}))
                    .has_value());
        QTRY_COMPARE(agent.store.watchers(), 0);
    }

    void aCallForAnotherNodeGoesThereWithTheCallersRole()
    {
        Agent near(m_cluster, QStringLiteral("0a"));
        Agent far(m_cluster, QStringLiteral("0b"));
        QVERIFY(near.service->start().has_value());
        far.store.put(QStringLiteral("/where"), "far");
        QVERIFY(far.service->start().has_value());
        near.members.all = {near.member(QStringLiteral("0a")), far.member(QStringLiteral("0b"))};
        near.members.all[1].controlPort = far.service->port();
        const QCborMap there{{QStringLiteral("node"), QStringLiteral("0b")}};
        const QCborMap where = params({{"key", QStringLiteral("/where")}});

        const auto viewer = connectAs(Role::Viewer, near);
        const auto got = await<QCborMap>([&](auto done) {
            viewer->call(QStringLiteral("store.get"), where, 5'000, done, there);
        });
        QVERIFY(got.has_value());
        QCOMPARE(
            (*got)[QLatin1String("entry")][QLatin1String("value")].toByteArray(),
            QByteArray("far"));
        // A stream is routed too, and its end comes back.
        const auto stream = viewer->open(
            QStringLiteral("store.watch"), params({{"key", QStringLiteral("/")}}), 5'000, {},
            there);
        QByteArray lines;
        connect(
            stream.get(), &rpc::Stream::received, this, [&](const QByteArray &b) { lines += b; });
        QTRY_COMPARE(far.store.watchers(), 1);
        far.store.put(QStringLiteral("/x"), QByteArray(600'000, 'x'));
        QTRY_VERIFY(lines.size() > 600'000);
        stream->end();
        QTRY_COMPARE(far.store.watchers(), 0);

        const auto lost = await<QCborMap>([&](auto done) {
            viewer->call(
                QStringLiteral("store.get"), where, 5'000, done,
                {{QStringLiteral("node"), QStringLiteral("0c")}});
        });
        QCOMPARE(lost.error().code, code::notFound);
        // Who is no agent may not speak for another.
        const auto sly = await<QCborMap>([&](auto done) {
            viewer->call(
                QStringLiteral("store.set"), where, 5'000, done,
                {{QStringLiteral("as"), params({{"role", QStringLiteral("admin")}})}});
        });
        QCOMPARE(sly.error().code, code::denied);
    }

    void nodesAndRaftShowWhatIsKnown()
    {
        Agent near(m_cluster, QStringLiteral("0a"));
        auto far = std::make_unique<Agent>(m_cluster, QStringLiteral("0b"));
        QVERIFY(far->service->start().has_value());
        far->raft.now.role = qd::Node::Role::Leader;
        near.members.all = {near.member(QStringLiteral("0a")), far->member(QStringLiteral("0b"))};
        near.store.put(
            QStringLiteral("/_coreos.com/fleet/machines/0b/object"),
            R"({"ID":"0b","PublicIP":"127.0.0.1","Metadata":{"region":"north"},"Version":"0.1"})");
        near.service->setUnitCounter([](const QString &) { return 3; });
        QVERIFY(near.service->start().has_value());
        const auto b = QStringLiteral("0b");
        QTRY_COMPARE(near.service->nodes().value(b)->role, qd::Node::Role::Leader);
        const qd::Node node = *near.service->nodes().value(b);
        QCOMPARE(node.state, qd::Node::State::Ready);
        QCOMPARE(node.metadata.value(QStringLiteral("region")), QStringLiteral("north"));
        QCOMPARE(node.unitCount, 3);
        QVERIFY(node.lastSeen.isValid());
        QCOMPARE(near.service->raft().value(b)->term, 7);

        // The machine goes: it is listed still, as lost, with what was last known of its raft.
        far.reset();
        near.store.expireAll(QStringLiteral("/_coreos.com/fleet/machines/0b"));
        QTRY_COMPARE(near.service->nodes().value(b)->state, qd::Node::State::Lost);
        QTRY_COMPARE(near.service->raft().value(b)->reachable, false);
        QCOMPARE(near.service->raft().value(b)->term, 7);
        const auto viewer = connectAs(Role::Viewer, near);
        const auto list = ask(*viewer, QStringLiteral("node.list"));
        QCOMPARE(codec::listFromCbor<qd::Node>(*list, QStringLiteral("items"))->size(), 2);
        QCOMPARE(ask(*viewer, QStringLiteral("raft.local")).error().code, code::denied);
    }

    void aFixtureIsTheSameForEver()
    {
        QVERIFY(!FixtureSource::parse(QStringLiteral("units:many")));
        QVERIFY(!FixtureSource::parse(QStringLiteral("pods:1")));
        const auto source = FixtureSource::parse(QStringLiteral("units:5000"));
        rpc::Collection<Unit> units(&Unit::name);
        source->fill(units);
        QCOMPARE(units.size(), 5'000);
        QVERIFY(source->unit(17) == source->unit(17));
        QVERIFY(source->unit(0).name.size() > 300);
    }
};

QD_TEST_MAIN(TestControl)
#include "tst_control.moc"
