// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/run.h"
#include "tests/simulation/stories.h"
#include "tests/support/proof.h"

#include <QHashSeed>

using namespace qd;
using namespace qd::sim;
using namespace qd::raft;

using Kind = MembershipChange::Kind;

namespace {

constexpr quint64 kSeeds = 250;
constexpr quint64 kDeterministicSeeds = 20;

bool votesForGood(Cluster &cluster, NodeId id)
{
    const Membership &now = cluster.history().membership();
    return !isJoint(now) && isVoter(now, id);
}

QString lastSegment(SimDisk &disk)
{
    QString last;
    const auto files = disk.list();
    for (const QString &file : *files) {
        if (file.endsWith(QStringLiteral(".wal")))
            last = std::max(last, file);
    }
    return last;
}

} // namespace

class TestSimulation : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void randomHistoriesBreakNoInvariant();
    void theSameSeedIsTheSameHistory();
    void anIsolatedMemberComesBackWithoutAnElection();
    void anIdleLeaderKeepsItsTerm();
    void aMemberThatWasDownForAnHourDisturbsNobody();
    void aWholeClusterElectsSoonAfterARestart();
    void damageInTheSyncedPrefixIsRefused();
    void anUnfinishedLastRecordIsAccepted();
    void aMajorityServesAndAMinorityDoesNot();
    void aLeaderWithoutAMajorityTakesOnlySoMuch();
    void leadershipMovesWithinTwoElectionTimes();
    void aChangeIsFinishedAfterARestartInsideTheJointMembership();
    void aChangeThatWasNeverCommittedIsForgotten();
    void aPromotionSurvivesTheCrashOfEachMember();
    void aSnapshotTakenJustAfterAJoinKnowsOfIt();
    void aLeaderThatIsRemovedLeavesNoGapAndDisturbsNobody();
    void aMemberThatWasRemovedWhileItWasAwayLearnsOfIt();
};

void TestSimulation::randomHistoriesBreakNoInvariant()
{
    QD_PROVES("R-03", "R-09", "R-11", "R-13", "R-15", "R-16", "R-21", "R-23", "R-34", "R-37");
    QD_PROVES("R-43", "R-48", "R-52", "R-56", "R-57", "E5");
    Counters counters{};
    quint64 events = 0;
    quint64 answered = 0;
    quint64 undecided = 0;
    for (quint64 seed = 1; seed <= kSeeds; ++seed) {
        const Outcome outcome = runSeed(seed);
        QVERIFY2(
            outcome.violation.isEmpty(),
            qPrintable(
                QStringLiteral("%1; ./qd simulate --seed %2").arg(outcome.violation).arg(seed)));
        for (size_t i = 0; i < counters.size(); ++i)
            counters[i] += outcome.counters[i];
        events += outcome.events;
        answered += outcome.answered;
        undecided += outcome.undecided;
    }
    qInfo(
        "%llu seeds, %llu events, %llu answers to clients", qulonglong(kSeeds), qulonglong(events),
        qulonglong(answered));
    QCOMPARE(undecided, quint64(0));
    QVERIFY(answered > 100 * kSeeds);
    for (size_t i = 0; i < counters.size(); ++i) {
        qInfo("%12llu %s", qulonglong(counters[i]), nameOf(Sometimes(i)));
        QVERIFY2(counters[i] > 0, nameOf(Sometimes(i))); // or the seeds prove less than it seems
    }
}

void TestSimulation::theSameSeedIsTheSameHistory()
{
    for (quint64 seed = 1; seed <= kDeterministicSeeds; ++seed)
        QCOMPARE(runSeed(seed).traceHash, runSeed(seed).traceHash);
    QVERIFY(runSeed(1).traceHash != runSeed(2).traceHash);
}

void TestSimulation::anIsolatedMemberComesBackWithoutAnElection()
{
    QD_PROVES("R-05");
    Cluster cluster({.seed = 5});
    QVERIFY(settle(cluster));
    const NodeId leader = cluster.leader()->id();
    const Term term = cluster.leader()->raft().term();
    const NodeId lonely = leader % 3 + 1;
    cluster.isolate(lonely);
    cluster.run(30 * cluster.electionUs());
    QCOMPARE(cluster.node(lonely).raft().term(), term); // pre-vote inflates nothing
    cluster.healNetwork();
    cluster.run(5 * cluster.electionUs());
    QCOMPARE(cluster.leader()->id(), leader);
    QCOMPARE(cluster.leader()->raft().term(), term);
    QCOMPARE(cluster.node(lonely).raft().leader(), leader);
}

void TestSimulation::anIdleLeaderKeepsItsTerm()
{
    QD_PROVES("E10");
    for (quint64 seed = 1; seed <= 5; ++seed) {
        Cluster cluster({.seed = seed});
        QVERIFY(settle(cluster));
        const NodeId leader = cluster.leader()->id();
        const Term term = cluster.leader()->raft().term();
        for (int minute = 0; minute < 10; ++minute) { // without a write, by heartbeats alone
            cluster.run(60'000'000);
            for (NodeId id = 1; id <= 3; ++id) {
                QCOMPARE(cluster.node(id).raft().leader(), leader);
                QCOMPARE(cluster.node(id).raft().term(), term);
            }
        }
        QVERIFY(cluster.everyoneAgrees());
    }
}

void TestSimulation::aMemberThatWasDownForAnHourDisturbsNobody()
{
    QD_PROVES("R-60");
    Cluster cluster({.seed = 6});
    QVERIFY(settle(cluster));
    const NodeId leader = cluster.leader()->id();
    const Term term = cluster.leader()->raft().term();
    const NodeId away = leader % 3 + 1;
    cluster.crash(away);
    cluster.run(3'600'000'000);
    cluster.start(away);
    cluster.run(5 * cluster.electionUs());
    QCOMPARE(cluster.leader()->id(), leader);
    QCOMPARE(cluster.leader()->raft().term(), term);
    QVERIFY(cluster.everyoneAgrees());
}

void TestSimulation::aWholeClusterElectsSoonAfterARestart()
{
    QD_PROVES("R-08");
    for (quint64 seed = 1; seed <= 1000; ++seed) {
        Cluster cluster({.seed = seed});
        QVERIFY(cluster.runUntil([&] { return cluster.write() != 0; }, patience(cluster)));
        for (NodeId id = 1; id <= 3; ++id)
            cluster.crash(id);
        for (NodeId id = 1; id <= 3; ++id)
            cluster.start(id);
        const auto elected = [&] { return cluster.leader() != nullptr; };
        // Even where two campaigned at once: one of them gives way.
        QVERIFY2(
            cluster.runUntil(elected, 3 * cluster.electionUs()),
            qPrintable(QStringLiteral("seed %1").arg(seed)));
    }
}

void TestSimulation::damageInTheSyncedPrefixIsRefused()
{
    QD_PROVES("R-18");
    Cluster cluster({.seed = 7});
    QVERIFY(settle(cluster));
    cluster.run(cluster.electionUs());
    SimNode &node = cluster.node(2);
    node.crash();
    const QString name = lastSegment(node.disk());
    const QByteArray sound = node.disk().contents(name);
    qsizetype written = sound.size();
    while (written > 0 && sound.at(written - 1) == 0)
        --written;
    int refused = 0;
    int harmless = 0;
    for (qsizetype offset = 0; offset < written; ++offset) {
        node.disk().setContents(name, sound);
        QVERIFY(node.disk().flipBit(name, offset, int(offset % 8)));
        // It refuses to start, or the byte was padding and nothing is lost: start() checks that.
        const auto started = node.start();
        if (started)
            ++harmless;
        else
            ++refused;
        QVERIFY(started || started.error().code == code::corrupt);
        node.crash();
        const auto files = node.disk().list();
        for (const QString &file : *files) {
            if (file > name && file.endsWith(QStringLiteral(".wal")))
                QVERIFY(node.disk().remove(file).has_value());
        }
    }
    QVERIFY(refused > 5 * harmless);
}

void TestSimulation::anUnfinishedLastRecordIsAccepted()
{
    QD_PROVES("R-18");
    int torn = 0;
    for (quint64 seed = 1; seed <= 40; ++seed) {
        Cluster cluster({.seed = seed, .maxSyncUs = 60'000});
        QVERIFY(settle(cluster));
        cluster.run(100'000); // two disks were enough to commit: the leader's may be the third
        SimNode *leader = cluster.leader();
        for (int i = 0; i < 20; ++i)
            cluster.write(); // on its way to the disk
        const NodeId id = leader->id();
        cluster.crash(id);
        wal::Recovered recovered;
        const auto log = wal::Wal::open(cluster.node(id).disk(), cluster.node(id), &recovered);
        QVERIFY(log.has_value());
        QVERIFY(recovered.entries.size() + recovered.snapshotIndex >= 20);
        torn += recovered.tornTail ? 1 : 0;
    }
    QVERIFY(torn > 0);
}

void TestSimulation::aMajorityServesAndAMinorityDoesNot()
{
    QD_PROVES("E12");
    Cluster cluster({.seed = 8, .nodes = 5});
    QVERIFY(settle(cluster));
    const NodeId old = cluster.leader()->id();
    const Term term = cluster.leader()->raft().term();
    const NodeId mate = old % 5 + 1;
    for (NodeId a = 1; a <= 5; ++a) {
        for (NodeId b = 1; b <= 5; ++b) {
            if ((a == old || a == mate) != (b == old || b == mate))
                cluster.cut(a, b);
        }
    }
    const quint64 lost = cluster.write(); // to the leader in the minority
    QVERIFY(cluster.runUntil(
        [&] { return cluster.leader() != nullptr && cluster.leader()->raft().term() > term; },
        20 * cluster.electionUs()));
    const quint64 kept = cluster.write();
    const auto &done = cluster.history().acknowledgedCommands();
    QVERIFY(cluster.runUntil([&] { return done.count(kept) != 0; }, 5 * cluster.electionUs()));
    QCOMPARE(done.count(lost), size_t(0));
    cluster.healNetwork();
    QVERIFY(cluster.runUntil([&] { return cluster.everyoneAgrees(); }, 5 * cluster.electionUs()));
    QCOMPARE(cluster.node(old).raft().role(), Role::Follower);
    QVERIFY(cluster.node(old).raft().term() > term);
}

void TestSimulation::aLeaderWithoutAMajorityTakesOnlySoMuch()
{
    QD_PROVES("R-25");
    Cluster cluster({.seed = 70, .maxInflight = 4, .maxUncommittedBytes = 2'000});
    QVERIFY(settle(cluster));
    const NodeId lonely = cluster.leader()->id();
    cluster.isolate(lonely);
    const Index before = cluster.node(lonely).raft().log().lastIndex();
    int refused = 0;
    SimNode &node = cluster.node(lonely);
    for (int i = 0; i < 1'000; ++i) {
        node.act([&] {
            store::WriteRequest request;
            request.key = QStringLiteral("/a");
            request.value = QByteArray::number(i) + QByteArray(20, 'a');
            node.replica().write(request, 60'000, [&](const Result<store::Event> &result) {
                refused += !result && result.error().code == code::limit ? 1 : 0;
            });
        });
    }
    QVERIFY(node.raft().isLeader()); // it does not know yet
    QVERIFY(refused > 700);
    QVERIFY(cluster.node(lonely).raft().log().lastIndex() < before + 300);
    cluster.healNetwork();
    quint64 fresh = 0;
    const auto &done = cluster.history().acknowledgedCommands();
    for (int tries = 0; tries < 20 && done.count(fresh) == 0; ++tries) {
        fresh = cluster.write();
        cluster.runUntil([&] { return done.count(fresh) != 0; }, cluster.electionUs());
    }
    QVERIFY(done.count(fresh) != 0);
    QVERIFY(cluster.runUntil([&] { return cluster.everyoneAgrees(); }, patience(cluster)));
}

void TestSimulation::leadershipMovesWithinTwoElectionTimes()
{
    QD_PROVES("R-07");
    for (quint64 seed = 80; seed < 90; ++seed) {
        Cluster cluster({.seed = seed, .nodes = 5});
        QVERIFY(settle(cluster));
        for (NodeId to = 1; to <= 5; ++to) {
            if (cluster.leader()->id() == to)
                continue;
            cluster.write(); // its voters have all heard their leader just now
            cluster.leader()->transfer(to);
            QVERIFY(cluster.runUntil(
                [&] { return cluster.leader() != nullptr && cluster.leader()->id() == to; },
                2 * cluster.electionUs()));
            cluster.run(cluster.electionUs());
        }
    }
}

void TestSimulation::aChangeIsFinishedAfterARestartInsideTheJointMembership()
{
    QD_PROVES("R-28");
    for (quint64 seed = 1; seed <= 20; ++seed) {
        Cluster cluster({.seed = seed});
        QVERIFY(settle(cluster));
        const NodeId fourth = addedAndCaughtUp(cluster);
        const NodeId leader = cluster.leader()->id();
        const NodeId out = leader % 3 + 1;
        QVERIFY(cluster.leader()->change({{Kind::Promote, fourth, {}}, {Kind::Remove, out, {}}}));
        const auto isInside = [&](NodeId id) {
            return cluster.node(id).isUp() && isJoint(cluster.node(id).raft().membership());
        };
        QVERIFY(cluster.runUntil(
            [&] { return isInside(leader % 3 + 1) || isInside((leader + 1) % 3 + 1); },
            cluster.electionUs()));
        for (NodeId id = 1; id <= fourth; ++id)
            cluster.crash(id);
        for (NodeId id = 1; id <= fourth; ++id)
            cluster.start(id);
        QVERIFY(cluster.runUntil([&] { return cluster.leader() != nullptr; }, patience(cluster)));
        // Its entry was on one disk or on all: either way there is one membership in the end.
        QVERIFY(cluster.runUntil([&] { return cluster.write() != 0; }, patience(cluster)));
        QVERIFY(cluster.runUntil([&] { return cluster.everyoneAgrees(); }, patience(cluster)));
        const Membership &now = cluster.history().membership();
        QVERIFY(!isJoint(now));
        QCOMPARE(isVoter(now, fourth), !isVoter(now, out));
    }
}

void TestSimulation::aChangeThatWasNeverCommittedIsForgotten()
{
    QD_PROVES("R-27");
    Cluster cluster({.seed = 21});
    QVERIFY(settle(cluster));
    const NodeId old = cluster.leader()->id();
    cluster.isolate(old);
    QVERIFY(cluster.node(old).change({{Kind::Remove, old % 3 + 1, {}}}));
    QVERIFY(isJoint(cluster.node(old).raft().membership()));
    QVERIFY(cluster.runUntil(
        [&] { return cluster.leader() != nullptr && cluster.leader()->id() != old; },
        patience(cluster)));
    const quint64 next = cluster.write();
    const auto &done = cluster.history().acknowledgedCommands();
    QVERIFY(cluster.runUntil([&] { return done.count(next) != 0; }, patience(cluster)));
    cluster.healNetwork();
    QVERIFY(cluster.runUntil([&] { return cluster.everyoneAgrees(); }, patience(cluster)));
    QVERIFY(cluster.node(old).raft().membership() == (Membership{{1, 2, 3}, {}, {}}));
}

void TestSimulation::aPromotionSurvivesTheCrashOfEachMember()
{
    QD_PROVES("R-30");
    for (NodeId victim = 1; victim <= 4; ++victim) {
        Cluster cluster({.seed = 30 + victim});
        QVERIFY(settle(cluster));
        const NodeId fourth = addedAndCaughtUp(cluster);
        QVERIFY(cluster.leader()->change({{Kind::Promote, fourth, {}}}));
        QVERIFY(cluster.runUntil([&] { return votesForGood(cluster, fourth); }, patience(cluster)));
        cluster.crash(victim);
        cluster.run(cluster.electionUs());
        cluster.start(victim);
        QVERIFY(cluster.runUntil([&] { return cluster.everyoneAgrees(); }, patience(cluster)));
        for (NodeId id = 1; id <= 4; ++id)
            QCOMPARE(
                cluster.node(id).raft().membership().voters, (std::vector<NodeId>{1, 2, 3, 4}));
    }
}

void TestSimulation::aSnapshotTakenJustAfterAJoinKnowsOfIt()
{
    QD_PROVES("R-32");
    // Each entry is followed by a snapshot.
    Cluster cluster({.seed = 40, .snapshotEvery = 1});
    QVERIFY(settle(cluster));
    const NodeId fourth = addedAndCaughtUp(cluster);
    for (NodeId id = 1; id <= fourth; ++id)
        cluster.crash(id);
    for (NodeId id = 1; id <= fourth; ++id)
        cluster.start(id);
    for (NodeId id = 1; id <= fourth; ++id)
        QVERIFY(isLearner(cluster.node(id).raft().membership(), fourth));
}

void TestSimulation::aLeaderThatIsRemovedLeavesNoGapAndDisturbsNobody()
{
    QD_PROVES("R-31");
    Cluster cluster({.seed = 50, .nodes = 5});
    QVERIFY(settle(cluster));
    const NodeId old = cluster.leader()->id();
    QVERIFY(cluster.leader()->change({{Kind::Remove, old, {}}}));
    QVERIFY(cluster.runUntil([&] { return cluster.isRetired(old); }, cluster.electionUs()));
    // Its successor was told to begin: no election time-out passes.
    QVERIFY(
        cluster.runUntil([&] { return cluster.leader() != nullptr; }, cluster.electionUs() / 2));
    const NodeId leader = cluster.leader()->id();
    const Term term = cluster.leader()->raft().term();
    QVERIFY(leader != old);
    // Started once more with the disk that it had, it knows that it has no place there.
    QVERIFY(cluster.node(old).start().has_value());
    QVERIFY(cluster.node(old).raft().isRemoved());
    cluster.run(10 * cluster.electionUs());
    QCOMPARE(cluster.leader()->id(), leader);
    QCOMPARE(cluster.leader()->raft().term(), term);
}

void TestSimulation::aMemberThatWasRemovedWhileItWasAwayLearnsOfIt()
{
    QD_PROVES("R-31");
    Cluster cluster({.seed = 60});
    QVERIFY(settle(cluster));
    const NodeId leader = cluster.leader()->id();
    const Term term = cluster.leader()->raft().term();
    const NodeId away = leader % 3 + 1;
    const NodeId learner = addedAndCaughtUp(cluster);
    for (const NodeId id : {away, learner}) {
        cluster.crash(id);
        QVERIFY(cluster.leader()->change({{Kind::Remove, id, {}}}));
        QVERIFY(cluster.runUntil(
            [&] { return wasRemoved(cluster.history().membership(), id); }, patience(cluster)));
        cluster.start(id);
        QVERIFY(!cluster.isRetired(id));
        QVERIFY(cluster.runUntil([&] { return cluster.isRetired(id); }, patience(cluster)));
    }
    QCOMPARE(cluster.leader()->id(), leader);
    QCOMPARE(cluster.leader()->raft().term(), term); // nobody was disturbed
}

int main(int argc, char **argv)
{
    QHashSeed::setDeterministicGlobalSeed();
    QCoreApplication app(argc, argv);
    TestSimulation test;
    return ::qd::proof::run(&test, argc, argv);
}
#include "tst_simulation.moc"
