// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/node.h"
#include "agent/node/setup.h"
#include "agent/raft/membership.h"
#include "shared/security/join_token.h"
#include "shared/security/pki_folder.h"
#include "shared/security/verify.h"
#include "tests/support/proof.h"

#include <QSignalSpy>
#include <QTemporaryDir>

using namespace qd;
using namespace qd::node;

namespace {

/// A machine on a loopback address of its own, and the node that lives there while it is up.
struct Machine {
    explicit Machine(int number)
    {
        const QString net = qEnvironmentVariable("QD_TEST_NET", QStringLiteral("0"));
        config.name = QStringLiteral("machine-%1").arg(number);
        config.machineId = QString(32, QChar(u'0' + number));
        config.address = QStringLiteral("127.%1.0.%2").arg(net).arg(220 + number);
        config.paths.state = dir.filePath(QStringLiteral("state"));
        config.paths.run = dir.filePath(QStringLiteral("run"));
        config.paths.log = dir.filePath(QStringLiteral("log"));
        config.heartbeatMs = 20;
        config.electionMs = 200;
        config.presenceTtl = 5;
    }
    Result<void> up()
    {
        node = std::make_unique<node::Node>(config);
        return node->start();
    }
    bool down()
    {
        bool stopped = false;
        node->stop([&stopped] { stopped = true; });
        const bool inTime = QTest::qWaitFor([&stopped] { return stopped; }, 5'000);
        node.reset();
        return inTime;
    }
    /// The error's code, or nothing.
    QString join(const QString &token, const Machine &peer)
    {
        std::optional<Result<NodeIdentity>> answer;
        Joining joining(config);
        joining.start(token, peer.config.address, [&answer](const Result<NodeIdentity> &done) {
            answer = done;
        });
        if (!QTest::qWaitFor([&answer] { return answer.has_value(); }, 20'000))
            return QStringLiteral("no answer");
        refusal = *answer ? Error() : answer->error();
        return refusal.code;
    }
    QString token(const QString &kind = QStringLiteral("node"))
    {
        QString out;
        node->services().control().admission().makeToken(
            kind, QString(),
            [&out](const Result<QString> &token) { out = token.value_or(QStringLiteral("none")); });
        (void)QTest::qWaitFor([&out] { return !out.isEmpty(); }, 10'000);
        return out;
    }
    bool put(const QString &key, const QByteArray &value)
    {
        std::optional<bool> done;
        store::WriteRequest request;
        request.key = key;
        request.value = value;
        node->store().write(
            request, [&done](const Result<store::Event> &event) { done = event.has_value(); });
        return QTest::qWaitFor([&done] { return done.has_value(); }, 10'000) && *done;
    }
    QByteArray get(const QString &key) const
    {
        const auto event = node->store().getLocal({key});
        return event ? event->node.value : QByteArray();
    }
    bool votes() const
    {
        return raft::isVoter(node->replica().membership(), node->identity().self.id);
    }

    QTemporaryDir dir;
    Config config;
    std::unique_ptr<node::Node> node;
    Error refusal;
};

/// Three voters; the first one leads.
bool together(Machine &one, Machine &two, Machine &three)
{
    if (!initCluster(one.config) || !one.up())
        return false;
    for (Machine *next : {&two, &three}) {
        if (!next->join(one.token(), one).isEmpty() || !next->up() ||
            !QTest::qWaitFor([next] { return next->votes(); }, 10'000))
            return false;
    }
    return QTest::qWaitFor(
        [&] { return !raft::isJoint(three.node->replica().membership()); }, 5'000);
}

template <class T, class Start>
Result<T> await(Start start)
{
    std::optional<Result<T>> answer;
    start([&answer](const Result<T> &result) { answer = result; });
    if (!QTest::qWaitFor([&answer] { return answer.has_value(); }, 25'000))
        return fail(code::deadline, QStringLiteral("no answer"));
    return *answer;
}

Result<void> removed(Machine &by, Machine &whom)
{
    return await<void>(
        [&](auto done) { by.node->membership().remove(whom.config.machineId, done); });
}

bool isReachable(node::Node &leader, raft::NodeId id)
{
    const raft::Status status = leader.replica().status().raft;
    return std::any_of(status.peers.begin(), status.peers.end(), [id](const auto &peer) {
        return peer.id == id && peer.progress.isReachable();
    });
}

QFile::Permissions othersMay(const QString &path)
{
    return QFile::permissions(path) & (QFile::ReadGroup | QFile::WriteGroup | QFile::ReadOther |
                                       QFile::WriteOther | QFile::ExeGroup | QFile::ExeOther);
}

} // namespace

class TestNode : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initKeepsItsSecretsAndNeverRunsTwice();
    void aNodeWithoutIdentityDoesNotStart();
    void oneNodeServesAtOnceAndRecoversFromItsDisk();
    void aSecondAgentOnTheFolderChangesNothing();
    void aLogThatIsGoneIsNotMadeAnew();
    void aNewcomerLearnsThenVotes();
    void theOpenPortShowsNothingOfTheClustersOwnKeys();
    void tokensAreRefusedForTheirReasons();
    void anotherClustersFingerprintGetsNoSecret();
    void leadershipIsHandedOverBeforeAStop();
    void leadershipGoesWhereItIsSent();
    void aNodeThatIsRemovedStopsAndStaysOut();
    void aRemovedLeaderIsFollowedByAnother();
    void aRemovalThatCostsTheMajorityIsRefused();
    void aMemberThatMovedSaysSo();
    void aFixtureStandsInForTheUnits();
    void onlyALearnerThatHasCaughtUpIsPromoted();
    void whoAsksForALearnersVoteIsToldHowFarItIs();
};

void TestNode::initKeepsItsSecretsAndNeverRunsTwice()
{
    Machine one(1);
    QVERIFY(QDir().mkpath(one.config.paths.state)); // as a package may have made it, for all to see
    QVERIFY(initCluster(one.config).has_value());
    const QString state = one.config.paths.state;
    for (const QString &path :
         {state, one.config.paths.identity(), one.config.paths.pki(),
          state + QStringLiteral("/pki/ca.key"), state + QStringLiteral("/pki/node.key")})
        QCOMPARE(othersMay(path), QFile::Permissions());
    const auto before = loadIdentity(one.config.paths);
    QVERIFY(before.has_value());
    QCOMPARE(initCluster(one.config).error().code, code::conflict);
    QCOMPARE(one.join(QStringLiteral("x"), one), code::badInput);
    QVERIFY(*loadIdentity(one.config.paths) == *before);
}

void TestNode::aNodeWithoutIdentityDoesNotStart()
{
    Machine one(1);
    QCOMPARE(one.up().error().code, code::notFound);
}

void TestNode::oneNodeServesAtOnceAndRecoversFromItsDisk()
{
    Machine one(1);
    QVERIFY(initCluster(one.config).has_value());
    QVERIFY(one.up().has_value());
    QVERIFY(one.put(QStringLiteral("/a"), "1"));
    QTcpSocket etcd;
    etcd.connectToHost(one.config.address, 2379);
    QTRY_COMPARE(etcd.state(), QAbstractSocket::ConnectedState);
    QTcpSocket peers;
    peers.connectToHost(one.config.address, 2380);
    QTRY_COMPARE(peers.state(), QAbstractSocket::ConnectedState);
    QVERIFY(one.down());

    QVERIFY(one.up().has_value());
    QTRY_COMPARE(one.get(QStringLiteral("/a")), QByteArray("1"));
    QVERIFY(one.put(QStringLiteral("/b"), "2"));
    one.node.reset(); // as a crash: nothing is put in order
    QVERIFY(one.up().has_value());
    QTRY_COMPARE(one.get(QStringLiteral("/b")), QByteArray("2"));
}

void TestNode::aSecondAgentOnTheFolderChangesNothing()
{
    Machine one(1);
    QVERIFY(initCluster(one.config).has_value());
    QVERIFY(one.up().has_value());
    QVERIFY(one.put(QStringLiteral("/before"), "1"));
    const QStringList log = QDir(one.config.paths.wal()).entryList(QDir::Files, QDir::Name);

    // The same folder at the same address, and at one that is free.
    for (const QString &address :
         {one.config.address,
          QString(one.config.address).replace(QStringLiteral(".0."), QStringLiteral(".1."))}) {
        Config again = one.config;
        again.address = address;
        node::Node second(again);
        const auto started = second.start();
        QCOMPARE(started.error().code, code::conflict);
        QVERIFY(started.error().message.contains(one.config.paths.state));
    }
    QCOMPARE(QDir(one.config.paths.wal()).entryList(QDir::Files, QDir::Name), log);

    QVERIFY(one.put(QStringLiteral("/after"), "2"));
    QVERIFY(one.down());
    QVERIFY(one.up().has_value());
    QTRY_COMPARE_WITH_TIMEOUT(one.get(QStringLiteral("/after")), QByteArray("2"), 10'000);
    QCOMPARE(one.get(QStringLiteral("/before")), QByteArray("1"));
}

void TestNode::aLogThatIsGoneIsNotMadeAnew()
{
    Machine one(1);
    QVERIFY(initCluster(one.config).has_value());
    QVERIFY(one.up().has_value());
    QVERIFY(one.put(QStringLiteral("/a"), "1"));
    QVERIFY(one.down());
    QVERIFY(QDir(one.config.paths.wal()).removeRecursively());
    QCOMPARE(one.up().error().code, code::corrupt);
}

void TestNode::aNewcomerLearnsThenVotes()
{
    Machine one(1);
    Machine two(2);
    QVERIFY(initCluster(one.config).has_value());
    QVERIFY(one.up().has_value());
    QVERIFY(one.put(QStringLiteral("/before"), "1"));
    QCOMPARE(two.join(one.token(), one), QString());
    QCOMPARE(one.node->replica().membership().learners.size(), size_t(1));
    QVERIFY(one.put(QStringLiteral("/alone"), "1")); // a learner that is not there holds nobody up

    QVERIFY(two.up().has_value());
    QTRY_VERIFY_WITH_TIMEOUT(two.votes(), 10'000);
    QTRY_COMPARE(two.get(QStringLiteral("/before")), QByteArray("1"));
    QVERIFY(two.put(QStringLiteral("/from-two"), "2")); // a follower passes a write on
    QTRY_COMPARE(one.get(QStringLiteral("/from-two")), QByteArray("2"));
    const QList<MemberInfo> members = two.node->membership().known();
    QCOMPARE(members.size(), 2);
    QVERIFY(members == one.node->membership().known());

    // A third one may come by way of the follower.
    Machine three(3);
    QTRY_VERIFY(two.node->replica().leader() != raft::kNobody);
    QCOMPARE(three.join(two.token(), two), QString());
    QVERIFY(three.up().has_value());
    QTRY_VERIFY_WITH_TIMEOUT(three.votes(), 10'000);
    QTRY_COMPARE(three.get(QStringLiteral("/from-two")), QByteArray("2"));
}

void TestNode::theOpenPortShowsNothingOfTheClustersOwnKeys()
{
    Machine one(1);
    QVERIFY(initCluster(one.config).has_value());
    QVERIFY(one.up().has_value());
    QVERIFY(!one.token().isEmpty()); // a key under /_qd/tokens
    PublicStore open(one.node->store());
    int refused = 0;
    const auto count = [&refused](const Result<store::Event> &event) {
        refused += !event && event.error().code == store::etcdErrorCode(110) ? 1 : 0;
    };
    store::WriteRequest forged;
    forged.key = QStringLiteral("//x/.././_qd/tokens/abc");
    forged.value = R"({"kind":"console","role":"admin"})";
    open.write(forged, count);
    open.get({QStringLiteral("/_qd/tokens")}, count);
    const auto watch = open.watch({QStringLiteral("/_qd"), true, true}, count);
    QTRY_COMPARE(refused, 3);
    QVERIFY(!one.node->store().getLocal({QStringLiteral("/_qd/tokens/abc")}).has_value());
    QVERIFY(one.node->store().getLocal({QStringLiteral("/_qd/tokens")}).has_value());
    QVERIFY(!open.getLocal({QStringLiteral("/_qd/tokens")}).has_value());
}

void TestNode::tokensAreRefusedForTheirReasons()
{
    Machine one(1);
    Machine two(2);
    Machine three(3);
    QVERIFY(initCluster(one.config).has_value());
    QVERIFY(one.up().has_value());
    QCOMPARE(two.join(QStringLiteral("qd1.beef"), one), code::badInput);
    const QString token = one.token();
    QCOMPARE(two.join(token, one), QString());
    QCOMPARE(three.join(token, one), code::denied); // used already
    QVERIFY(three.refusal.message.contains(QStringLiteral("used already")));
    QVERIFY(!security::PkiFolder(three.config.paths.pki()).hasNode());
    QCOMPARE(three.join(one.token(QStringLiteral("console")), one), code::badInput);
}

void TestNode::anotherClustersFingerprintGetsNoSecret()
{
    Machine one(1);
    Machine two(2);
    QVERIFY(initCluster(one.config).has_value());
    QVERIFY(one.up().has_value());
    const QString good = one.token();
    auto token = security::JoinToken::parse(good);
    QVERIFY(token.has_value());
    token->fingerprint[0] = char(token->fingerprint.at(0) ^ 1);
    QCOMPARE(two.join(token->text(), one), code::denied);
    QCOMPARE(
        two.refusal.detail.value(QStringLiteral("reason")), security::reason::wrongFingerprint);
    QCOMPARE(two.join(good, one), QString()); // so the secret was not spent
}

void TestNode::leadershipIsHandedOverBeforeAStop()
{
    Machine one(1);
    Machine two(2);
    Machine three(3);
    QVERIFY(together(one, two, three));
    QVERIFY(one.node->replica().isLeader());
    const raft::Term term = one.node->replica().term();
    QVERIFY(one.down());
    QTRY_VERIFY(two.node->replica().isLeader() || three.node->replica().isLeader());
    QVERIFY(two.node->replica().term() > term);
    QVERIFY(two.put(QStringLiteral("/after"), "x"));
}

void TestNode::leadershipGoesWhereItIsSent()
{
    Machine one(1);
    Machine two(2);
    Machine three(3);
    QVERIFY(together(one, two, three));
    // Any member may be asked; the leader is told.
    for (Machine *next : {&three, &two, &one}) {
        const auto leader = await<QString>([&](auto done) {
            two.node->membership().transferLeadership(next->config.machineId, done);
        });
        QVERIFY2(leader.has_value(), qPrintable(leader ? QString() : leader.error().text()));
        QCOMPARE(*leader, next->config.machineId);
        QVERIFY(next->node->replica().isLeader());
    }
    const auto unknown = await<QString>([&](auto done) {
        two.node->membership().transferLeadership(QStringLiteral("nobody"), done);
    });
    QCOMPARE(unknown.error().code, code::notFound);
}

void TestNode::aNodeThatIsRemovedStopsAndStaysOut()
{
    QD_PROVES("R-31");
    Machine one(1);
    Machine two(2);
    Machine three(3);
    QVERIFY(together(one, two, three));
    QSignalSpy gone(three.node.get(), &node::Node::removed);
    QVERIFY(removed(two, three).has_value());
    QCOMPARE(one.node->membership().known().size(), 2);
    QTRY_VERIFY_WITH_TIMEOUT(!gone.isEmpty(), 15'000);
    three.node.reset();
    QCOMPARE(three.up().error().code, code::denied); // with the old data it never comes back
    QVERIFY(one.put(QStringLiteral("/after"), "1"));
    QTRY_COMPARE(two.get(QStringLiteral("/after")), QByteArray("1"));

    // One that was away when it was removed is told by those whom it calls.
    QCOMPARE(removed(two, three).error().code, code::notFound);
    Machine four(4);
    QCOMPARE(four.join(one.token(), one), QString());
    QVERIFY(four.up().has_value());
    QTRY_VERIFY_WITH_TIMEOUT(four.votes(), 10'000);
    QVERIFY(four.down());
    QVERIFY(removed(one, four).has_value());
    QVERIFY(four.up().has_value());
    QSignalSpy told(four.node.get(), &node::Node::removed);
    QTRY_VERIFY_WITH_TIMEOUT(!told.isEmpty(), 15'000);
}

void TestNode::aRemovedLeaderIsFollowedByAnother()
{
    Machine one(1);
    Machine two(2);
    Machine three(3);
    QVERIFY(together(one, two, three));
    QVERIFY(one.node->replica().isLeader());
    QVERIFY(removed(one, one).has_value());
    QTRY_VERIFY(two.node->replica().isLeader() || three.node->replica().isLeader());
    QVERIFY(three.put(QStringLiteral("/after"), "1"));
    QTRY_COMPARE(two.get(QStringLiteral("/after")), QByteArray("1"));
    QCOMPARE(two.node->membership().known().size(), 2);
}

void TestNode::aRemovalThatCostsTheMajorityIsRefused()
{
    Machine one(1);
    Machine two(2);
    Machine three(3);
    QVERIFY(together(one, two, three));
    const raft::NodeId lost = three.node->identity().self.id;
    three.node.reset(); // as a crash
    // Two election time-outs without an answer.
    QTRY_VERIFY_WITH_TIMEOUT(!isReachable(*one.node, lost), 5'000);
    const auto refused = removed(one, two);
    QCOMPARE(refused.error().code, raft::kQuorumLost);
    QVERIFY(refused.error().message.contains(two.config.name));
    QVERIFY(removed(one, three).has_value()); // the one that is lost may go
}

void TestNode::aMemberThatMovedSaysSo()
{
    Machine one(1);
    Machine two(2);
    Machine three(3);
    QVERIFY(together(one, two, three));
    QVERIFY(two.down());
    two.config.address = Machine(4).config.address;
    QVERIFY(two.up().has_value());
    const auto known = [&one, &two] {
        const QList<MemberInfo> members = one.node->membership().known();
        return std::any_of(members.begin(), members.end(), [&](const MemberInfo &member) {
            return member.address == two.config.address && member.name == two.config.name;
        });
    };
    QTRY_VERIFY_WITH_TIMEOUT(known(), 10'000);
    QVERIFY(one.put(QStringLiteral("/a"), "1"));
    QTRY_COMPARE(two.get(QStringLiteral("/a")), QByteArray("1"));
}

void TestNode::aFixtureStandsInForTheUnits()
{
    Machine one(1);
    QVERIFY(initCluster(one.config).has_value());
    one.config.fixture = QStringLiteral("pods:5");
    QCOMPARE(one.up().error().code, code::badInput);
    one.config.fixture = QStringLiteral("units:500");
    QVERIFY(one.up().has_value());
    const auto units =
        one.node->services().control().methods().collection(QStringLiteral("units"), {});
    QVERIFY(units.has_value());
    QCOMPARE((*units)->size(), 500);
}

void TestNode::onlyALearnerThatHasCaughtUpIsPromoted()
{
    raft::Status status;
    status.role = raft::Role::Leader;
    status.lastIndex = 1'000;
    raft::PeerStatus learner{7, {}, true};
    learner.progress.state = raft::Progress::State::Replicate;
    learner.progress.match = 950;
    status.peers = {{5, learner.progress, false}, learner};
    QCOMPARE(learnerToPromote(status), std::optional<raft::NodeId>(7));
    status.peers.back().progress.match = 500;
    QVERIFY(!learnerToPromote(status));
    status.peers.back().progress.match = 1'000;
    status.peers.back().progress.state = raft::Progress::State::Snapshot;
    QVERIFY(!learnerToPromote(status));
    status.peers.back().progress.state = raft::Progress::State::Replicate;
    status.role = raft::Role::Follower;
    QVERIFY(!learnerToPromote(status));
}

void TestNode::whoAsksForALearnersVoteIsToldHowFarItIs()
{
    raft::Status status;
    status.id = 1;
    status.role = raft::Role::Leader;
    status.lastIndex = 30'000;
    raft::PeerStatus learner{7, {}, true};
    learner.progress.state = raft::Progress::State::Replicate;
    learner.progress.match = 25'000;
    status.peers = {{5, learner.progress, false}, learner};
    QVERIFY(!learnerToPromote(status)); // not by itself, but on demand
    QVERIFY(mayVote(status, 7).has_value());

    const auto why = [&](raft::NodeId id) { return mayVote(status, id).error().message; };
    QCOMPARE(mayVote(status, 5).error().code, code::badInput);
    QCOMPARE(why(5), QStringLiteral("It votes already."));
    QCOMPARE(why(1), QStringLiteral("It votes already."));
    QCOMPARE(mayVote(status, 9).error().code, code::notFound);
    raft::Progress &progress = status.peers.back().progress;
    progress.match = 17'655;
    QCOMPARE(mayVote(status, 7).error().code, kBehind);
    QCOMPARE(
        why(7),
        QStringLiteral("It is 12,345 entries behind: it votes by itself when it has caught up."));
    progress.state = raft::Progress::State::Snapshot;
    QVERIFY(why(7).startsWith(QLatin1String("A snapshot is on its way")));
    progress.state = raft::Progress::State::Probe;
    QVERIFY(why(7).startsWith(QLatin1String("It does not answer")));
}

QD_TEST_MAIN(TestNode)
#include "tst_node.moc"
