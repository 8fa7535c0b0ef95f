// SPDX-License-Identifier: GPL-3.0-or-later
// Who belongs, and who is asked to lead.
#include "tests/support/proof.h"
#include "tests/unit/raft/raft_member.h"

using namespace qd;
using namespace qd::raft;
using namespace qd::raft::test;
using Kind = MembershipChange::Kind;

Q_DECLARE_METATYPE(Membership)

class TestReconfiguration : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void membershipWaitsForAnEntryOfTheOwnTerm();
    void aLearnerIsPromotedOnlyWhenItHasCaughtUp();
    void aQuorumIsAMajorityOfBothHalvesOfAJointMembership_data();
    void aQuorumIsAMajorityOfBothHalvesOfAJointMembership();
    void votersAreExchangedThroughAJointMembershipThatIsLeftByItself();
    void aRestartedMemberIsInTheJointMembershipOfItsLog();
    void aChangeThatIsTruncatedIsAsIfItHadNeverBeen();
    void aRemovalThatCostsTheMajorityIsRefused();
    void aLeaderThatIsRemovedGoesAfterTheCommitAndNamesItsSuccessor();
    void aMemberWhoseRemovalIsCommittedButNotYetAppliedDoesNotCampaign();
    void whoWasRemovedIsToldSoAndHasNoSay();
    void theMembershipOfTheLogIsNotOverwrittenByAnOlderSnapshots();
    void aMembershipOfBeforeThereWereJointOnesStillDecodes();
    void aTransferWaitsForTheTargetsLog();
    void aTransferThatDoesNotHappenIsOff();
    void onlyAVoterThatIsThereCanTakeOver();
};

void TestReconfiguration::membershipWaitsForAnEntryOfTheOwnTerm()
{
    QD_PROVES("R-26");
    Member member({1}, {1, 0, 1});
    member.lead();
    const auto early = member.raft.proposeMembership({{Kind::AddLearner, 4, {}}});
    QVERIFY(!early);
    QCOMPARE(early.error().code, code::conflict);
    member.acknowledge(2, 2);
    QVERIFY(member.raft.proposeMembership({{Kind::AddLearner, 4, {}}}).has_value());
    QVERIFY(!member.raft.proposeMembership({{Kind::AddLearner, 5, {}}})); // one at a time
    member.settle();
    member.acknowledge(2, 3);
    QVERIFY(isLearner(member.raft.membership(), 4));
    // A learner does not count.
    QVERIFY(isQuorum(member.raft.membership(), [](NodeId id) { return id != 3; }));
    QVERIFY(!isQuorum(member.raft.membership(), [](NodeId id) { return id == 1 || id == 4; }));
}

void TestReconfiguration::aLearnerIsPromotedOnlyWhenItHasCaughtUp()
{
    QD_PROVES("R-30");
    Member member({1}, {1, 0, 1});
    member.lead();
    member.acknowledge(2, 2);
    QVERIFY(member.raft.proposeMembership({{Kind::AddLearner, 4, {}}}).has_value());
    member.settle();
    member.acknowledge(2, 3);
    // It was never started.
    QCOMPARE(member.raft.proposeMembership({{Kind::Promote, 4, {}}}).error().code, code::conflict);
    member.acknowledge(4, 3);
    // Another's entry changes nothing about what a learner is.
    QVERIFY(member.raft.proposeMembership({{Kind::UpdateContext, 4, "moved"}}).has_value());
    member.settle();
    member.acknowledge(2, 4);
    QVERIFY(isLearner(member.raft.membership(), 4));
    member.acknowledge(4, 4);
    QVERIFY(member.raft.proposeMembership({{Kind::Promote, 4, {}}}).has_value());
    QVERIFY(isJoint(member.raft.membership()));
}

void TestReconfiguration::aQuorumIsAMajorityOfBothHalvesOfAJointMembership_data()
{
    using Ids = std::vector<quint64>;
    QTest::addColumn<Membership>("membership");
    QTest::addColumn<std::vector<quint64>>("says");
    QTest::addColumn<bool>("decides");
    const Membership one{{1}, {}, {}};
    const Membership four{{1, 2, 3, 4}, {9}, {}};
    const Membership joint{{3, 4, 5}, {9}, {}, {1, 2, 3}};
    QTest::newRow("one") << one << Ids{1} << true;
    QTest::newRow("nobody") << one << Ids{} << false;
    QTest::newRow("half of four") << four << Ids{1, 2} << false;
    QTest::newRow("half of four and a learner") << four << Ids{1, 2, 9} << false;
    QTest::newRow("three of four") << four << Ids{1, 2, 3} << true;
    QTest::newRow("the old majority alone") << joint << Ids{1, 2, 3} << false;
    QTest::newRow("the new majority alone") << joint << Ids{4, 5} << false;
    QTest::newRow("both, by way of the one in both") << joint << Ids{2, 3, 4} << true;
    QTest::newRow("both, without it") << joint << Ids{1, 2, 4, 5} << true;
}

void TestReconfiguration::aQuorumIsAMajorityOfBothHalvesOfAJointMembership()
{
    QD_PROVES("R-28");
    QFETCH(Membership, membership);
    QFETCH(std::vector<quint64>, says);
    QFETCH(bool, decides);
    const auto has = [&says](NodeId id) {
        return std::find(says.begin(), says.end(), id) != says.end();
    };
    QCOMPARE(isQuorum(membership, has), decides);
    // The index that a quorum holds follows the same rule.
    const Index held = quorumIndex(membership, [&](NodeId id) { return has(id) ? 7 : 3; });
    QCOMPARE(held, decides ? Index(7) : Index(3));
}

void TestReconfiguration::votersAreExchangedThroughAJointMembershipThatIsLeftByItself()
{
    QD_PROVES("R-28");
    Member member({1}, {1, 0, 1}, {0, 0, {{1, 2, 3}, {4}, {{3, "three"}, {4, "four"}}}});
    member.lead();
    member.acknowledge(2, 2);
    member.acknowledge(4, 2);
    const auto joint =
        member.raft.proposeMembership({{Kind::Promote, 4, {}}, {Kind::Remove, 3, {}}});
    QVERIFY(joint.has_value());
    QVERIFY(
        member.raft.membership() ==
        (Membership{{1, 2, 4}, {}, {{3, "three"}, {4, "four"}}, {1, 2, 3}}));
    member.settle();
    QCOMPARE(member.raft.commitIndex(), Index(2));
    member.acknowledge(3, 3); // a majority of the old ones only
    QCOMPARE(member.raft.commitIndex(), Index(2));
    const auto refused = member.raft.proposeMembership({{Kind::AddLearner, 5, {}}});
    QCOMPARE(refused.error().code, code::conflict);
    const auto sent = member.acknowledge(4, 3);
    QCOMPARE(member.raft.commitIndex(), Index(3));
    QVERIFY(member.raft.membership() == (Membership{{1, 2, 4}, {}, {{4, "four"}}, {}, {3}}));
    QVERIFY(std::any_of(sent.begin(), sent.end(), [](const Message &m) {
        return m.type == MessageType::Append && m.entries.size() == 1 &&
               m.entries.front().type == EntryType::Config;
    }));
    member.acknowledge(4, 4);
    QCOMPARE(member.raft.commitIndex(), Index(4));
    // An id never returns.
    QCOMPARE(
        member.raft.proposeMembership({{Kind::AddLearner, 3, {}}}).error().code, code::conflict);
}

void TestReconfiguration::aRestartedMemberIsInTheJointMembershipOfItsLog()
{
    QD_PROVES("R-28");
    const Membership joint{{4, 5, 6}, {}, {}, {1, 2, 3}};
    Restored restored{{2, 0, 0}, {0, 0, three()}, {}};
    restored.entries.push_back({2, 1, EntryType::Config, encodeMembership(joint)});
    SeededRandom random{1};
    Raft raft(Member::makeConfig(), restored, random);
    QVERIFY(raft.membership() == joint);
    for (int i = 0; i < 20; ++i)
        raft.tick();
    std::set<NodeId> asked;
    const Ready ready = raft.takeReady();
    for (const Message &m : ready.messages)
        asked.insert(m.to);
    QCOMPARE(asked, (std::set<NodeId>{2, 3, 4, 5, 6}));
    for (const NodeId id : {2, 4})
        raft.step({.type = MessageType::PreVoteAnswer, .from = id, .to = 1, .term = 3});
    QCOMPARE(raft.role(), Role::PreCandidate); // two of three old ones, one of three new ones
    raft.step({.type = MessageType::PreVoteAnswer, .from = 5, .to = 1, .term = 3});
    QCOMPARE(raft.role(), Role::Candidate);
}

void TestReconfiguration::aChangeThatIsTruncatedIsAsIfItHadNeverBeen()
{
    QD_PROVES("R-27");
    Member member;
    const Membership larger{{1, 2, 3}, {4}, {}};
    Message m = append(1, 0, 0, {1, 1});
    m.entries.back().type = EntryType::Config;
    m.entries.back().data = encodeMembership(larger);
    member.step(m);
    QVERIFY(member.raft.membership() == larger); // it counts at once
    member.step(append(2, 1, 1, {2}));           // the next leader never had it
    QVERIFY(member.raft.membership() == three());
    // So it is when a snapshot, not the log's beginning, stands before it.
    const Membership five{{1, 2, 3, 4, 5}, {}, {}};
    Member later({}, {3, 0, 10}, {10, 3, five});
    m = append(3, 10, 3, {3});
    m.entries.back().type = EntryType::Config;
    m.entries.back().data = encodeMembership({{1, 2, 3, 4}, {}, {}, {1, 2, 3, 4, 5}});
    later.step(m);
    QVERIFY(isJoint(later.raft.membership()));
    later.step(append(4, 10, 3, {4}));
    QVERIFY(later.raft.membership() == five);
}

void TestReconfiguration::aRemovalThatCostsTheMajorityIsRefused()
{
    Member member({1}, {1, 0, 1}, {0, 0, {{1, 2, 3, 4}, {}, {}}});
    member.timeOut();
    for (const NodeId id : {2, 3})
        member.step({.type = MessageType::PreVoteAnswer, .from = id, .to = 1, .term = 2});
    for (const NodeId id : {2, 3})
        member.step({.type = MessageType::VoteAnswer, .from = id, .to = 1, .term = 2});
    QVERIFY(member.raft.isLeader());
    for (const NodeId id : {2, 3})
        member.acknowledge(id, 2);
    for (int i = 0; i < 25; ++i) { // two checks of the quorum: 4 is not heard of any more
        member.raft.tick();
        for (const NodeId id : {2, 3})
            member.acknowledge(id, 2);
    }
    QVERIFY(member.raft.isLeader());
    // 1 and 4 would be left.
    const auto refused =
        member.raft.proposeMembership({{Kind::Remove, 2, {}}, {Kind::Remove, 3, {}}});
    QCOMPARE(refused.error().code, kQuorumLost);
    QVERIFY(refused.error().message.contains(QStringLiteral("of the 2 that would vote, 1 can")));
    QVERIFY(member.raft.proposeMembership({{Kind::Remove, 4, {}}}).has_value());
    Member alone({1}, {1, 0, 1}, {0, 0, {{1}, {}, {}}});
    alone.raft.campaign();
    alone.settle();
    QCOMPARE(alone.raft.proposeMembership({{Kind::Remove, 1, {}}}).error().code, kQuorumLost);
}

void TestReconfiguration::aLeaderThatIsRemovedGoesAfterTheCommitAndNamesItsSuccessor()
{
    QD_PROVES("R-31");
    Member member({1}, {1, 0, 1});
    member.lead();
    for (const NodeId id : {2, 3})
        member.acknowledge(id, 2);
    QVERIFY(member.raft.proposeMembership({{Kind::Remove, 1, {}}}).has_value());
    member.settle();
    for (const NodeId id : {2, 3})
        member.acknowledge(id, 3);
    QVERIFY(member.raft.membership() == (Membership{{2, 3}, {}, {}, {}, {1}}));
    member.acknowledge(2, 4); // one of the two that are left: itself it does not count
    QCOMPARE(member.raft.commitIndex(), Index(3));
    QVERIFY(member.raft.isLeader());
    const auto last = member.acknowledge(3, 4);
    QCOMPARE(member.raft.commitIndex(), Index(4));
    QVERIFY(!member.raft.isLeader());
    QVERIFY(member.raft.isRemoved());
    QVERIFY(std::any_of(last.begin(), last.end(), [](const Message &m) {
        return m.type == MessageType::TimeoutNow;
    }));
    member.timeOut();
    for (int i = 0; i < 100; ++i)
        member.raft.tick();
    QCOMPARE(member.raft.role(), Role::Follower); // it never asks for votes again
    QVERIFY(member.settle().empty());
}

void TestReconfiguration::aMemberWhoseRemovalIsCommittedButNotYetAppliedDoesNotCampaign()
{
    QD_PROVES("R-31");
    Restored restored{{2, 0, 1}, {0, 0, three()}, {}};
    restored.entries.push_back(
        {2, 1, EntryType::Config, encodeMembership({{2, 3}, {}, {}, {}, {1}})});
    SeededRandom random{1};
    Raft raft(Member::makeConfig(), restored, random);
    for (int i = 0; i < 100; ++i)
        raft.tick();
    QCOMPARE(raft.role(), Role::Follower);
    QVERIFY(raft.isRemoved());
    // Not committed, it may be that nobody else can win: then it must (thesis 4.2.2).
    restored.hard.commit = 0;
    Raft needed(Member::makeConfig(), restored, random);
    QVERIFY(!needed.isRemoved());
    for (int i = 0; i < 20; ++i)
        needed.tick();
    QCOMPARE(needed.role(), Role::PreCandidate);
}

void TestReconfiguration::whoWasRemovedIsToldSoAndHasNoSay()
{
    QD_PROVES("R-31");
    Member member({}, {2, 0, 0}, {5, 2, {{1, 2}, {}, {}, {}, {3}}});
    Message asks = voteRequest(3, 9, 100, 9);
    for (const MessageType type : {MessageType::PreVote, MessageType::Vote, MessageType::Hello}) {
        asks.type = type;
        const auto answers = member.step(asks);
        QCOMPARE(answers.size(), size_t(1));
        QCOMPARE(answers.front().type, MessageType::Removed);
        QCOMPARE(answers.front().to, NodeId(3));
    }
    QCOMPARE(member.raft.term(), Term(2));
    // The one who is told believes it, whatever it knows itself.
    Member other;
    other.step({.type = MessageType::Removed, .from = 2, .to = 1, .term = 2});
    QVERIFY(other.raft.isRemoved());
    QVERIFY(other.timeOut().empty());
    // A learner asks, for it would never ask for a vote.
    Member learner({}, {2, 0, 0}, {5, 2, {{2, 3}, {1}, {}}});
    const auto asked = learner.timeOut();
    QCOMPARE(asked.size(), size_t(2));
    QCOMPARE(asked.front().type, MessageType::Hello);
}

/// No leader sends a snapshot to a follower that has its entry: it sends none until it has heard
/// where the follower's log ends, no entries while one is on its way, and what an earlier leader
/// sent is dropped for its term. So no simulated cluster comes into this, and only this test does.
void TestReconfiguration::theMembershipOfTheLogIsNotOverwrittenByAnOlderSnapshots()
{
    QD_PROVES("R-42");
    Member member;
    const Membership newer{{1, 2, 3}, {4}, {}};
    Message m = append(1, 0, 0, {1, 1, 1}, 1);
    m.entries.back().type = EntryType::Config;
    m.entries.back().data = encodeMembership(newer);
    member.step(m);
    Message snapshot{.type = MessageType::Snapshot, .from = 2, .to = 1, .term = 1};
    snapshot.snapshot = {2, 1, three()};
    member.step(snapshot); // the log holds it all
    QCOMPARE(member.raft.commitIndex(), Index(2));
    QVERIFY(member.raft.membership() == newer);
}

void TestReconfiguration::aMembershipOfBeforeThereWereJointOnesStillDecodes()
{
    const Membership full{{1, 2}, {3}, {{1, "a"}}, {1, 4}, {9}};
    const QByteArray bytes = encodeMembership(full);
    QVERIFY(*decodeMembership(bytes) == full);
    for (qsizetype size = 0; size < bytes.size(); ++size) {
        const auto part = decodeMembership(bytes.first(size));
        QVERIFY(!part || (size == bytes.size() - 32 && part->outgoing.empty()));
    }
    QVERIFY(decodeMembership(bytes.chopped(32)).has_value());
}

void TestReconfiguration::aTransferWaitsForTheTargetsLog()
{
    Member member({1}, {1, 0, 1});
    member.lead();
    member.acknowledge(2, 2);
    const auto asksToLead = [](const std::vector<Message> &sent, NodeId whom) {
        return std::any_of(sent.begin(), sent.end(), [whom](const Message &m) {
            return m.type == MessageType::TimeoutNow && m.to == whom;
        });
    };
    QVERIFY(member.raft.transferLeadership(3).has_value());
    QCOMPARE(member.raft.transferTarget(), NodeId(3));
    QVERIFY(!asksToLead(member.settle(), 3));                        // it may lack entries
    QCOMPARE(member.raft.propose("x").error().code, code::noLeader); // or it would never catch up
    QVERIFY(asksToLead(member.acknowledge(3, 2), 3));
    // One whose log is complete is asked at once; it takes the place of the one before.
    QVERIFY(member.raft.transferLeadership(2).has_value());
    QVERIFY(asksToLead(member.settle(), 2));
    // The one who is asked campaigns without a pre-vote, and its voters let go of their leader.
    Member target;
    target.step({.type = MessageType::Heartbeat, .from = 2, .to = 1, .term = 1});
    const auto votes =
        target.step({.type = MessageType::TimeoutNow, .from = 2, .to = 1, .term = 1});
    QCOMPARE(target.raft.role(), Role::Candidate);
    QCOMPARE(votes.size(), size_t(2));
    QVERIFY(votes.front().type == MessageType::Vote && votes.front().transfer);
    Member voter;
    voter.step({.type = MessageType::Heartbeat, .from = 2, .to = 1, .term = 1});
    Message asks = voteRequest(3, 2, 0, 0);
    asks.transfer = true;
    QVERIFY(grants(voter.step(asks)));
}

void TestReconfiguration::aTransferThatDoesNotHappenIsOff()
{
    Member member({1}, {1, 0, 1});
    member.lead();
    for (const NodeId id : {2, 3})
        member.acknowledge(id, 2);
    QVERIFY(member.raft.transferLeadership(3).has_value());
    for (int i = 0; i < 10; ++i) {
        member.raft.tick();
        member.acknowledge(2, 2);
    }
    QCOMPARE(member.raft.transferTarget(), kNobody);
    QVERIFY(member.raft.isLeader());
    QVERIFY(member.raft.propose("x").has_value());
    // It is taken back by naming the leader itself.
    QVERIFY(member.raft.transferLeadership(2).has_value());
    QVERIFY(member.raft.transferLeadership(1).has_value());
    QCOMPARE(member.raft.transferTarget(), kNobody);
}

void TestReconfiguration::onlyAVoterThatIsThereCanTakeOver()
{
    Member member({1}, {1, 0, 1}, {0, 0, {{1, 2, 3}, {4}, {}}});
    QCOMPARE(member.raft.transferLeadership(2).error().code, code::noLeader);
    member.lead();
    member.acknowledge(2, 2);
    QCOMPARE(member.raft.successor(), NodeId(2));                             // it needs the least
    QCOMPARE(member.raft.transferLeadership(4).error().code, code::badInput); // a learner
    QCOMPARE(member.raft.transferLeadership(9).error().code, code::badInput);
    for (int i = 0; i < 25; ++i) {
        member.raft.tick();
        member.acknowledge(2, 2);
    }
    QCOMPARE(member.raft.transferLeadership(3).error().code, code::nodeUnreachable);
}

QD_TEST_MAIN(TestReconfiguration)
#include "tst_reconfiguration.moc"
