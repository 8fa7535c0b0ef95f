// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/replica/member_cluster.h"

using namespace qd;
using namespace qd::store;
using namespace qd::store::testing;

class TestReplica : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aWriteOnAFollowerReachesAll()
    {
        Cluster cluster(3);
        QVERIFY(cluster.elected());
        Answer answer;
        LocalStore(*cluster.follower()->replica).write(put(kKey, "1"), answer.handler());
        QVERIFY(!answer.came());
        QVERIFY(cluster.turnUntil([&] { return answer.came(); }, 5));
        QVERIFY(answer.ok());
        QVERIFY(cluster.turnUntil([&] {
            return std::all_of(cluster.members.begin(), cluster.members.end(), [](const auto &m) {
                return valueAt(*m.second, kKey) == "1";
            });
        }));
    }

    void aSnapshotThatTakesLongHoldsUpNoWrite()
    {
        Cluster cluster(1, 10);
        QVERIFY(cluster.elected());
        Member &only = *cluster.leader();
        only.saves.isSlow = true;
        for (int i = 0; i < 30; ++i) {
            Answer written;
            only.replica->write(put(kKey, QByteArray::number(i)), 5'000, written.handler());
            QVERIFY(cluster.turnUntil([&] { return written.ok(); }, 3));
        }
        QCOMPARE(only.saves.held.size(), size_t(1)); // one at a time
        QCOMPARE(only.replica->status().snapshotIndex, raft::Index(0));

        const auto [work, done] = only.saves.held.front();
        done(work());
        QCOMPARE(only.replica->status().snapshotIndex, raft::Index(10));
        only.start(); // what was written meanwhile is there
        QVERIFY(cluster.elected());
        QCOMPARE(valueAt(only, kKey), QByteArray("29"));
    }

    void aQuorumReadOnAFollowerSeesTheLastWrite()
    {
        Cluster cluster(3);
        QVERIFY(cluster.elected());
        Answer written;
        cluster.leader()->replica->write(put(kKey, "2"), 5'000, written.handler());
        QVERIFY(cluster.turnUntil([&] { return written.ok(); }));
        Answer read;
        GetRequest request;
        request.key = kKey;
        request.quorum = true;
        LocalStore store(*cluster.follower()->replica);
        store.get(request, read.handler());
        QVERIFY(cluster.turnUntil([&] { return read.came(); }, 10));
        QVERIFY(read.ok());
        QCOMPARE((*read.at)->value().node.value, QByteArray("2"));
    }

    void aForwardThatDiesWithItsLeaderGoesToTheNextOneAndIsAppliedOnce()
    {
        QD_PROVES("R-33");
        Cluster cluster(3);
        QVERIFY(cluster.elected());
        Member *const old = cluster.leader();
        Member *const asked = cluster.follower();
        Answer answer;
        asked->replica->write(put(kKey, "3"), 60'000, answer.handler());
        old->up = false; // with the forward on its way
        cluster.wires.clear();
        QVERIFY(cluster.turnUntil([&] { return cluster.leader() != nullptr; }));
        QVERIFY(cluster.turnUntil([&] { return answer.came(); }, 3));
        QVERIFY(answer.ok());
        QCOMPARE(asked->machine.applied, 1);
    }

    void aWriteThatIsProposedTwiceIsAppliedOnceByEveryMember()
    {
        QD_PROVES("R-33");
        Cluster cluster(3);
        QVERIFY(cluster.elected());
        cluster.turn();
        const raft::Index before = cluster.leader()->replica->status().raft.lastIndex;
        Answer answer;
        cluster.follower()->replica->write(put(kKey, "3"), 5'000, answer.handler());
        const auto forward = cluster.wires;
        QCOMPARE(forward.size(), size_t(1));
        cluster.wires.push_back(forward.front());
        QVERIFY(cluster.turnUntil([&] { return answer.came(); }, 5));
        QVERIFY(answer.ok());
        QVERIFY(cluster.turnUntil([&] {
            return std::all_of(cluster.members.begin(), cluster.members.end(), [&](const auto &m) {
                return m.second->replica->status().applied == before + 2;
            });
        }));
        for (const auto &[id, member] : cluster.members)
            QCOMPARE(member->machine.applied, 1);
    }

    void withoutALeaderAWriteEndsInTimeAndSaysSo()
    {
        Cluster cluster(3);
        Answer answer;
        cluster.members.at(2)->up = false;
        cluster.members.at(3)->up = false;
        cluster.members.at(1)->replica->write(put(kKey, "4"), 5'000, answer.handler());
        QVERIFY(cluster.turnUntil([&] { return answer.came(); }, 60));
        QVERIFY(!answer.ok());
        QCOMPARE((*answer.at)->error().code, code::noLeader);
    }

    void aClusterOfOneAnswersOnlyWhatIsOnDisk()
    {
        QD_PROVES("R-35");
        Cluster cluster(1);
        QVERIFY(cluster.elected());
        Member &only = *cluster.members.at(1);
        Answer answer;
        only.replica->write(put(kKey, "5"), 5'000, answer.handler());
        for (int i = 0; i < 5; ++i)
            only.replica->pump(); // but no sync ends
        QVERIFY(!answer.came());
        cluster.settle();
        QVERIFY(answer.ok());
        only.replica.reset();
        only.jobs.clear();
        only.start();
        QVERIFY(cluster.turnUntil([&] { return valueAt(only, kKey) == "5"; }));
    }

    void theLogInMemoryIsBoundedByItsBytes()
    {
        Cluster cluster(1, 10);
        Member &only = *cluster.members.at(1);
        only.replica.reset();
        only.jobs.clear();
        only.options.keepEntries = 1'000;
        only.options.keepBytes = 2'500;
        only.start();
        QVERIFY(cluster.elected());
        for (int i = 0; i < 45; ++i) {
            only.replica->write(put(kKey, QByteArray(1'000, 'v')), 5'000, [](auto &&) {});
            cluster.turn();
        }
        const raft::Index snapshot = only.replica->status().snapshotIndex;
        QVERIFY(snapshot >= 40);
        QCOMPARE(only.replica->consensus()->log().firstIndex(), snapshot - 1); // two entries
    }

    void aJoinerCatchesUpByASnapshot()
    {
        Cluster cluster(1, 10);
        QVERIFY(cluster.elected());
        Member &first = *cluster.members.at(1);
        for (int i = 0; i < 40; ++i) {
            first.replica->write(put(kKey, QByteArray::number(i)), 5'000, [](auto &&) {});
            cluster.turn();
        }
        QVERIFY(first.replica->status().snapshotIndex > 10);
        Member &joiner = cluster.add(2, {});
        bool changed = false;
        first.replica->change(
            {{raft::MembershipChange::Kind::AddLearner, 2, "n2"}},
            [&](const Result<void> &result) { changed = result.has_value(); });
        QVERIFY(cluster.turnUntil([&] { return changed; }));
        QVERIFY(cluster.turnUntil([&] { return valueAt(joiner, kKey) == "39"; }));
        QVERIFY(joiner.replica->status().snapshotIndex > 10);
        QVERIFY(cluster.turnUntil(
            [&] { return raft::isLearner(joiner.replica->status().membership, 2); }));
    }

    /// It goes on without it, votes and answers, and takes the next one when there is room.
    void aSnapshotThatFindsNoRoomEndsNobody()
    {
        QD_PROVES("R-45");
        Cluster cluster(3, 10);
        QVERIFY(cluster.elected());
        Member &behind = *cluster.follower();
        behind.up = false;
        Member &leader = *cluster.leader();
        for (int i = 0; i < 40; ++i) {
            leader.replica->write(put(kKey, QByteArray::number(i)), 5'000, [](auto &&) {});
            cluster.turn();
        }
        QVERIFY(leader.replica->status().snapshotIndex > 10);
        behind.disk.takesNoSnapshots = true;
        behind.up = true;
        const int shipped = leader.snapshotsShipped;
        QVERIFY(cluster.turnUntil([&] { return leader.snapshotsShipped > shipped + 1; }));
        QCOMPARE(valueAt(behind, kKey), QByteArray("(none)"));
        QCOMPARE(behind.replica->status().snapshotIndex, raft::Index(0));
        behind.disk.takesNoSnapshots = false;
        QVERIFY(cluster.turnUntil([&] { return valueAt(behind, kKey) == "39"; }));
    }

    /// A member whose state is another one notices, and stops; the others say who it was.
    void theOddOneStops_data()
    {
        QTest::addColumn<int>("place");
        QTest::addColumn<bool>("isSlow");
        QTest::newRow("a follower") << 1 << false;
        QTest::newRow("the leader") << 0 << false;
        QTest::newRow("while snapshots are being saved") << 1 << true;
    }
    void theOddOneStops()
    {
        QFETCH(int, place);
        QFETCH(bool, isSlow);
        Cluster cluster(3, 10);
        QVERIFY(cluster.elected());
        for (int i = 0; isSlow && i < 15; ++i) { // one is under way everywhere
            for (auto &[id, member] : cluster.members)
                member->saves.isSlow = true;
            cluster.leader()->replica->write(put(kKey, "x"), 5'000, [](auto &&) {});
            cluster.turn();
        }
        const raft::NodeId leader = cluster.members.at(1)->replica->leader();
        Member &odd = *cluster.members.at(place == 0 ? leader : leader % 3 + 1);
        odd.machine.slip = "?";
        // Whoever leads writes on until everybody has come to the next place of comparison.
        for (int i = 0; i < 60 && odd.diverged.isEmpty(); ++i) {
            for (auto &[id, member] : cluster.members) {
                if (member->up && member->replica->isLeader())
                    member->replica->write(put(kKey, QByteArray::number(i)), 5'000, [](auto &&) {});
            }
            cluster.turn();
        }
        QVERIFY2(
            odd.diverged.contains(QStringLiteral("is not that of the other members")),
            qPrintable(odd.diverged));
        for (auto &[id, member] : cluster.members) {
            if (id == odd.id)
                continue;
            QVERIFY(member->diverged.isEmpty());
            const QList<Alarm> alarms = member->replica->alarms();
            QCOMPARE(alarms.size(), 1);
            QCOMPARE(alarms.first().kind, Alarm::Kind::Diverged);
            QCOMPARE(alarms.first().member.toULongLong(nullptr, 16), odd.id);
        }
    }

    void whoIsOddFollowsFromAMajorityOfTheVoters()
    {
        const std::vector<raft::NodeId> voters{1, 2, 3};
        constexpr auto kSum = StateHash::Of::Sum;
        constexpr auto kBytes = StateHash::Of::Bytes;
        StateCheck check;
        QCOMPARE(check.verdict(voters).index, raft::Index(0));
        check.tell(1, {10, kSum, 7});
        QVERIFY(!check.verdict({}).split); // a newcomer does not know yet who votes
        QCOMPARE(check.verdict(voters).index, raft::Index(0)); // the others have not come so far
        check.tell(2, {10, kSum, 8});
        QCOMPARE(check.verdict(voters).index, raft::Index(0));
        QVERIFY(check.verdict({1, 2}).split); // there is nobody else to ask
        check.tell(3, {10, kSum, 8});
        QCOMPARE(check.verdict(voters).odd, std::vector<raft::NodeId>{1});
        check.tell(4, {10, kSum, 9}); // a learner
        QCOMPARE(check.verdict(voters).odd, (std::vector<raft::NodeId>{1, 4}));
        check.tell(2, {20, kSum, 5}); // alone so far: the last place still counts
        QCOMPARE(check.verdict(voters).index, raft::Index(10));
        check.tell(1, {20, kSum, 5});
        QCOMPARE(check.verdict(voters).index, raft::Index(20));
        QVERIFY(check.verdict(voters).odd.empty());
        // The bytes of a snapshot there, which not everybody takes, are a matter of their own.
        check.tell(1, {20, kBytes, 6});
        QVERIFY(check.verdict(voters).odd.empty());
        check.tell(2, {20, kBytes, 6});
        check.tell(3, {20, kBytes, 7});
        QCOMPARE(check.verdict(voters).odd, std::vector<raft::NodeId>{3});
        const quint64 wide = 0x123456789abcdef0;
        const auto back = decodeStateHash(encode(StateHash{20, kBytes, wide}));
        QVERIFY(back && back->index == 20 && back->of == kBytes && back->hash == wide);
        QVERIFY(!decodeStateHash("x"));
        // What an agent of before told, by another reckoning.
        QVERIFY(!decodeStateHash(QByteArray(12, '\1')));
    }

    void aStalledReceiverKeepsTheLeaderFromNothing()
    {
        QD_PROVES("R-46", "R-40");
        Cluster cluster(1, 10);
        QVERIFY(cluster.elected());
        Member &first = *cluster.members.at(1);
        const auto write = [&](int count) {
            for (int i = 0; i < count; ++i) {
                first.replica->write(put(kKey, QByteArray::number(i)), 5'000, [](auto &&) {});
                cluster.turn();
            }
        };
        write(40);
        first.shipsNothing = true;
        Member &joiner = cluster.add(2, {});
        first.replica->change(
            {{raft::MembershipChange::Kind::AddLearner, 2, "n2"}}, [](auto &&) {});
        QVERIFY(cluster.turnUntil([&] { return !first.stuck.empty(); }));
        const raft::Index before = first.replica->status().raft.firstIndex;
        write(40);
        QVERIFY(first.replica->status().raft.firstIndex > before + 20); // it still compacts
        QCOMPARE(first.stuck.size(), size_t(1));                        // and ships one at a time

        // The receiver is restarted in the middle of it, with what an earlier life left behind.
        joiner.up = false;
        const QString rest = joiner.temp.filePath(QStringLiteral("wal/000000000000001e.snap.tmp"));
        QFile file(rest);
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write("half of a snapshot") > 0);
        file.close();
        joiner.jobs.clear();
        joiner.start();
        joiner.up = true;
        QVERIFY(!QFile::exists(rest));
        first.shipsNothing = false;
        first.stuck.front()(false);
        QVERIFY(cluster.turnUntil([&] { return valueAt(joiner, kKey) == "39"; }));
    }

    void aLeaderThatTakesNoMoreSaysSoToWhoeverAsked()
    {
        QD_PROVES("R-25");
        Cluster cluster(3);
        for (auto &[id, member] : cluster.members) {
            member->options.raft.maxUncommittedBytes = 2'000;
            member->start();
        }
        QVERIFY(cluster.elected());
        Member &leader = *cluster.leader();
        Member &follower = *cluster.follower();
        for (auto &[id, member] : cluster.members)
            member->up = member.get() == &leader; // nobody makes a majority with it
        Answer last;
        for (int i = 0; i < 10; ++i) {
            last = Answer();
            leader.replica->write(put(kKey, QByteArray(1'000, 'x')), 60'000, last.handler());
            cluster.settle();
        }
        QVERIFY(last.at->has_value());
        QCOMPARE((*last.at)->error().code, code::limit);
        QVERIFY(leader.replica->status().raft.lastIndex < 10); // the log did not grow on
        // A follower that still knows this leader passes a write on, and hears the same.
        cluster.wires.clear();
        follower.up = true;
        Answer far;
        follower.replica->write(put(kKey, QByteArray(1'000, 'y')), 60'000, far.handler());
        for (int way = 0; way < 2; ++way) { // there and back
            for (auto deliver = std::exchange(cluster.wires, {}); const auto &wire : deliver)
                wire();
        }
        follower.replica->pump();
        QVERIFY(far.at->has_value());
        QCOMPARE((*far.at)->error().code, code::limit);
        QVERIFY(cluster.turnUntil([&] {
            Answer again;
            cluster.leader()->replica->write(put(kKey, "1"), 5'000, again.handler());
            cluster.turn();
            return again.ok();
        }));
    }

    void aKeyExpiresByTheLeadersCommittedClock()
    {
        QD_PROVES("R-54");
        Cluster cluster(3);
        QVERIFY(cluster.elected());
        WriteRequest request = put(kKey, "6");
        request.ttl = 2;
        Answer answer;
        cluster.follower()->replica->write(request, 5'000, answer.handler());
        QVERIFY(cluster.turnUntil([&] { return answer.ok(); }));
        QCOMPARE(valueAt(*cluster.follower(), kKey), QByteArray("6"));
        QVERIFY(cluster.turnUntil(
            [&] {
                return std::all_of(
                    cluster.members.begin(), cluster.members.end(),
                    [](const auto &m) { return valueAt(*m.second, kKey) == "(none)"; });
            },
            35));
    }
};

QD_TEST_MAIN(TestReplica)
#include "tst_replica.moc"
