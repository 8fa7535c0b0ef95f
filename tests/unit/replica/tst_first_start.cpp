// SPDX-License-Identifier: GPL-3.0-or-later
// Founders that start with a new log: for the first time, or because their folder was lost.
#include "tests/unit/replica/member_cluster.h"

using namespace qd;
using namespace qd::store;
using namespace qd::store::testing;
using Verdict = FirstStart::Verdict;

namespace {

raft::Membership founders(int count)
{
    raft::Membership out;
    for (int i = 1; i <= count; ++i)
        out.voters.push_back(raft::NodeId(i));
    return out;
}

/// As an agent's announcement does it.
bool announce(Cluster &cluster, raft::NodeId id)
{
    bool done = false;
    cluster.leader()->replica->change(
        {{raft::MembershipChange::Kind::UpdateContext, id, kCame}},
        [&](const Result<void> &result) { done = result.has_value(); });
    return cluster.turnUntil([&] { return done; });
}

bool write(Cluster &cluster, const QByteArray &value)
{
    Answer answer;
    LocalStore(*cluster.leader()->replica).write(put(kKey, value), answer.handler());
    return cluster.turnUntil([&] { return answer.came(); }) && answer.ok();
}

/// Three that ask, elected, each of them announced.
std::unique_ptr<Cluster> announcedThree()
{
    auto cluster = std::make_unique<Cluster>(0);
    cluster->asksAtFirst = true;
    for (raft::NodeId id = 1; id <= 3; ++id)
        cluster->add(id, founders(3));
    if (!cluster->elected())
        return nullptr;
    for (raft::NodeId id = 1; id <= 3; ++id) {
        if (!announce(*cluster, id))
            return nullptr;
    }
    return cluster;
}

} // namespace

class TestFirstStart : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void whatTheOthersSayDecides_data()
    {
        QTest::addColumn<int>("founders");
        QTest::addColumn<QList<int>>("empty");
        QTest::addColumn<QList<int>>("running");
        QTest::addColumn<QList<int>>("knowIt");
        QTest::addColumn<Verdict>("atOnce");
        QTest::addColumn<Verdict>("later");
        const auto row = [](const char *name, int founders, QList<int> empty, QList<int> running,
                            QList<int> knowIt, Verdict atOnce, Verdict later) {
            QTest::newRow(name) << founders << empty << running << knowIt << atOnce << later;
        };
        constexpr auto W = Verdict::Waits, B = Verdict::Begins, R = Verdict::Refused;
        row("nobody answers", 3, {}, {}, {}, W, W);
        row("all are new", 3, {2, 3}, {}, {}, B, B);
        row("a majority is new", 3, {2}, {}, {}, W, B);
        row("of five: too few", 5, {2}, {}, {}, W, W);
        row("of five: a majority", 5, {2, 3}, {}, {}, W, B);
        row("it comes late", 3, {}, {2, 3}, {}, B, B);
        row("one may not have heard of it", 3, {}, {2}, {}, W, W);
        row("a new one says nothing of the running", 3, {2}, {3}, {}, B, B);
        row("of five: two may not have heard", 5, {}, {2, 3}, {}, W, W);
        row("of five: three", 5, {}, {2, 3, 4}, {}, B, B);
        row("of two", 2, {}, {2}, {}, B, B);
        row("it is known", 3, {}, {2}, {3}, R, R);
        row("known to one that was added later", 3, {2, 3}, {}, {9}, R, R);
    }

    void whatTheOthersSayDecides()
    {
        QFETCH(int, founders);
        QFETCH(QList<int>, empty);
        QFETCH(QList<int>, running);
        QFETCH(QList<int>, knowIt);
        QFETCH(Verdict, atOnce);
        QFETCH(Verdict, later);
        FirstStart start(::founders(founders), 1);
        for (const int id : empty)
            start.hear(raft::NodeId(id), {0, false});
        for (const int id : running)
            start.hear(raft::NodeId(id), {5, false});
        for (const int id : knowIt)
            start.hear(raft::NodeId(id), {5, true});
        QCOMPARE(start.verdict(0), atOnce);
        QCOMPARE(start.verdict(FirstStart::kGraceMs), later);
    }

    void whatIsSaidGoesThroughTheWire()
    {
        for (const Acquaintance &said : {Acquaintance{0, false}, Acquaintance{77, true}})
            QVERIFY(decodeAcquaintance(encode(said)) == said);
        QVERIFY(!decodeAcquaintance({}));
        QVERIFY(!decodeAcquaintance(encode(Acquaintance{77, true}) + 'x'));
    }

    /// Its vote would let a member lead that lacks what the two of them had acknowledged.
    void aFounderWhoseFolderWasLostIsRefused()
    {
        const auto cluster = announcedThree();
        QVERIFY(cluster);
        Member &witness = *cluster->leader();
        const raft::NodeId lost = cluster->follower()->id;
        const raft::NodeId behind = 6 - witness.id - lost;
        cluster->members.at(behind)->up = false;
        QVERIFY(write(*cluster, "acknowledged"));

        witness.up = false; // the only one left that has the write
        cluster->members.at(lost)->up = false;
        cluster->members.at(behind)->up = true;
        cluster->add(lost, founders(3)).mayFail = true;
        Member &wiped = *cluster->members.at(lost);
        QVERIFY(cluster->turnUntil([&] { return !wiped.up; }));
        QCOMPARE(wiped.failure.code, code::conflict);
        QVERIFY(wiped.failure.message.contains(QLatin1String("has already been bootstrapped")));
        QCOMPARE(wiped.replica->term(), raft::Term(0)); // it has voted for nobody
        QVERIFY(!wiped.options.hasRun);
        QVERIFY(!cluster->turnUntil([&] { return cluster->leader() != nullptr; }, 50));

        witness.up = true;
        QVERIFY(cluster->elected());
        QCOMPARE(valueAt(*cluster->leader(), kKey), QByteArray("acknowledged"));
    }

    /// What those who answer have not heard, another may have.
    void aFounderThatMayHaveBeenLostWaitsForEnoughOfTheOthers()
    {
        const auto cluster = announcedThree();
        QVERIFY(cluster);
        for (auto &[id, member] : cluster->members)
            member->up = false;
        Member &wiped = cluster->add(1, founders(3));
        QVERIFY(!cluster->turnUntil([&] { return wiped.options.hasRun; }, 200));
        QCOMPARE(wiped.replica->term(), raft::Term(0));
    }

    /// That it began was not written down, or is lost; its log says so.
    void whoHasALogHasBegun()
    {
        const auto cluster = announcedThree();
        QVERIFY(cluster);
        for (auto &[id, member] : cluster->members)
            member->up = false;
        Member &again = *cluster->members.at(1);
        again.options.hasRun = false;
        again.jobs.clear();
        again.start();
        QVERIFY(again.options.hasRun); // at once, and alone
    }

    void foundersBeginTogether()
    {
        Cluster cluster(0);
        cluster.asksAtFirst = true;
        for (raft::NodeId id = 1; id <= 3; ++id)
            cluster.add(id, founders(3));
        QVERIFY(cluster.elected());
        for (const auto &[id, member] : cluster.members)
            QVERIFY(member->options.hasRun);
        QVERIFY(write(cluster, "first"));
    }

    void aFounderThatComesLateTakesPart()
    {
        Cluster cluster(0);
        cluster.asksAtFirst = true;
        cluster.add(1, founders(3));
        cluster.add(2, founders(3));
        QVERIFY(cluster.elected());
        QVERIFY(write(cluster, "before"));
        Member &late = cluster.add(3, founders(3));
        QVERIFY(cluster.turnUntil([&] { return valueAt(late, kKey) == "before"; }));
        cluster.members.at(1)->up = false;
        QVERIFY(cluster.elected());
        QVERIFY(cluster.turnUntil([&] { return cluster.leader() != nullptr; }));
        QVERIFY(write(cluster, "with its vote"));
    }
};

QD_TEST_MAIN(TestFirstStart)
#include "tst_first_start.moc"
