// SPDX-License-Identifier: GPL-3.0-or-later
// Stories of disks that do not hold what was written.
#include "tests/simulation/damage.h"
#include "tests/simulation/stories.h"
#include "tests/support/proof.h"

#include <QHashSeed>
#include <QLoggingCategory>

using namespace qd;
using namespace qd::sim;
using namespace qd::raft;

using Kind = MembershipChange::Kind;

namespace {

quint64 counted(Cluster &cluster, Sometimes what)
{
    return cluster.history().counters()[size_t(what)];
}

bool isMemberNow(Cluster &cluster, NodeId id)
{
    return isMember(cluster.history().membership(), id);
}

/// Whoever is out for good is removed, and a new machine votes in its place.
bool replaceBy(Cluster &cluster, NodeId ruined)
{
    const bool removed = cluster.runUntil(
        [&] {
            if (SimNode *leader = cluster.leader()) // one that has just begun to lead refuses
                leader->change({{Kind::Remove, ruined, {}}});
            return !isMemberNow(cluster, ruined) && cluster.everyoneAgrees();
        },
        patience(cluster));
    if (!removed)
        return false;
    const NodeId fresh = addedAndCaughtUp(cluster);
    cluster.leader()->change({{Kind::Promote, fresh, {}}});
    return cluster.runUntil(
        [&] { return isVoter(cluster.history().membership(), fresh) && cluster.everyoneAgrees(); },
        patience(cluster));
}

QString newestSnapshot(SimDisk &disk)
{
    QString newest;
    const auto files = disk.list();
    for (const QString &file : *files)
        newest = file.endsWith(QStringLiteral(".snap")) ? std::max(newest, file) : newest;
    return newest;
}

} // namespace

class TestDamage : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aMemberWhoseDiskIsEmptyStaysOutUntilItIsReplaced();
    void aMisdirectedWriteIsFoundOrHarmless();
    void aDamagedSnapshotIsTakenAnewForWhoWaitsForIt();
    void whatAResetCutsOffIsNoMessage();
};

/// It would vote again in a term in which it has voted, and acknowledge what it has lost.
void TestDamage::aMemberWhoseDiskIsEmptyStaysOutUntilItIsReplaced()
{
    QD_PROVES("R-11");
    for (quint64 seed = 1; seed <= 10; ++seed) {
        Cluster cluster({.seed = seed});
        QVERIFY(settle(cluster));
        const NodeId emptied =
            seed % 2 == 0 ? cluster.leader()->id() : cluster.leader()->id() % 3 + 1;
        cluster.crash(emptied);
        cluster.node(emptied).disk().empty();
        cluster.start(emptied);
        QVERIFY(cluster.isRuined(emptied));
        QVERIFY(!cluster.node(emptied).isUp());
        QVERIFY(cluster.runUntil([&] { return cluster.write() != 0; }, patience(cluster)));
        QVERIFY(replaceBy(cluster, emptied));
    }
}

void TestDamage::aMisdirectedWriteIsFoundOrHarmless()
{
    QD_PROVES("R-18");
    quint64 refused = 0;
    quint64 harmless = 0;
    for (quint64 seed = 1; seed <= 200; ++seed) {
        SeededRandom random(seed);
        Cluster cluster({.seed = seed, .snapshotEvery = 20, .segmentSize = 2'000});
        QVERIFY(settle(cluster));
        SimNode &node = cluster.node(1 + seed % 3);
        QVERIFY(node.disk().misdirectSomeWrite(random));
        cluster.crash(node.id());
        try {
            cluster.start(node.id()); // looks for what was synced
        } catch (const Violation &violation) {
            QFAIL(violation.what.c_str());
        }
        refused += counted(cluster, Sometimes::DamageRefused);
        harmless += counted(cluster, Sometimes::DamageHarmless);
    }
    qInfo("%llu refused, %llu harmless", qulonglong(refused), qulonglong(harmless));
    QCOMPARE(refused + harmless, quint64(200));
    QVERIFY(refused > 100 && harmless > 0);
}

/// Nothing else is written: without a new one it would wait for ever.
void TestDamage::aDamagedSnapshotIsTakenAnewForWhoWaitsForIt()
{
    for (quint64 seed = 1; seed <= 5; ++seed) {
        Cluster cluster({.seed = seed, .snapshotEvery = 10});
        QVERIFY(settle(cluster));
        const NodeId away = cluster.leader()->id() % 3 + 1;
        cluster.crash(away);
        const Index before = cluster.leader()->raft().log().lastIndex();
        QVERIFY(cluster.runUntil(
            [&] {
                cluster.write();
                return cluster.leader()->raft().log().firstIndex() > before;
            },
            patience(cluster)));
        cluster.run(cluster.electionUs()); // the last of them are done
        SimDisk &disk = cluster.leader()->disk();
        QVERIFY(disk.flipBit(newestSnapshot(disk), 50, 3));
        disk.noteDamage(newestSnapshot(disk));
        cluster.start(away);
        QVERIFY(cluster.runUntil([&] { return cluster.everyoneAgrees(); }, patience(cluster)));
        QCOMPARE(counted(cluster, Sometimes::DamagedSnapshotReplaced), quint64(1));
        const auto alarms = [&] { return cluster.leader()->replica().alarms(); };
        QCOMPARE(alarms().size(), 1);
        QVERIFY(cluster.runUntil( // the next one that is due is a sound one
            [&] { return cluster.write() != 0 && alarms().isEmpty(); }, patience(cluster)));
    }
}

void TestDamage::whatAResetCutsOffIsNoMessage()
{
    quint64 cut = 0;
    for (quint64 seed = 1; seed <= 20; ++seed) {
        Cluster cluster({.seed = seed});
        QVERIFY(settle(cluster));
        for (int i = 0; i < 30; ++i) {
            cluster.write();
            cluster.run(1'500);
            for (NodeId id = 1; id <= 3; ++id)
                cluster.reset(id, id % 3 + 1);
        }
        QVERIFY(cluster.runUntil([&] { return cluster.everyoneAgrees(); }, patience(cluster)));
        cut += counted(cluster, Sometimes::FrameCut);
    }
    qInfo("%llu frames cut", qulonglong(cut));
    QVERIFY(cut > 500);
}

int main(int argc, char **argv)
{
    QHashSeed::setDeterministicGlobalSeed();
    QLoggingCategory::setFilterRules(QStringLiteral("qd.*=false"));
    QCoreApplication app(argc, argv);
    TestDamage test;
    return ::qd::proof::run(&test, argc, argv);
}
#include "tst_damage.moc"
