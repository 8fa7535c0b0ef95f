// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/raft/raft.h"
#include "tests/support/proof.h"

using namespace qd;
using namespace qd::raft;

using Kind = MembershipChange::Kind;

Q_DECLARE_METATYPE(Membership)

namespace {

Membership three()
{
    return {{1, 2, 3}, {}, {}};
}

/// Member 1 of three, with a log of entries of the given terms after a snapshot.
struct Member {
    explicit Member(
        std::vector<Term> terms = {}, HardState hard = {}, SnapshotMeta snapshot = {0, 0, three()})
        : raft(makeConfig(), restored(terms, hard, snapshot), random)
    {
    }
    static Config makeConfig()
    {
        Config config;
        config.id = 1;
        return config;
    }
    static Restored
    restored(const std::vector<Term> &terms, const HardState &hard, const SnapshotMeta &snapshot)
    {
        Restored out{hard, snapshot, {}};
        for (size_t i = 0; i < terms.size(); ++i)
            out.entries.push_back({terms[i], snapshot.index + 1 + i, EntryType::Command, "x"});
        return out;
    }
    /// Everything that leaves, with the disk done at once.
    std::vector<Message> settle()
    {
        std::vector<Message> out;
        while (raft.hasReady()) {
            const Ready ready = raft.takeReady();
            out.insert(out.end(), ready.messages.begin(), ready.messages.end());
            out.insert(out.end(), ready.afterSync.begin(), ready.afterSync.end());
            committed.insert(committed.end(), ready.committed.begin(), ready.committed.end());
            reads.insert(reads.end(), ready.reads.begin(), ready.reads.end());
            raft.persisted(ready.number);
        }
        return out;
    }
    std::vector<Message> step(const Message &message)
    {
        raft.step(message);
        return settle();
    }
    /// Time passes until it asks for votes.
    std::vector<Message> timeOut()
    {
        for (int i = 0; i < 20 && raft.role() == Role::Follower; ++i)
            raft.tick();
        return settle();
    }
    /// Wins an election with the vote of member 2.
    void lead()
    {
        timeOut();
        step({.type = MessageType::PreVoteAnswer, .from = 2, .to = 1, .term = raft.term() + 1});
        step({.type = MessageType::VoteAnswer, .from = 2, .to = 1, .term = raft.term()});
    }
    std::vector<Message> acknowledge(NodeId from, Index index)
    {
        return step(
            {.type = MessageType::AppendAnswer,
             .from = from,
             .to = 1,
             .term = raft.term(),
             .index = index});
    }

    SeededRandom random{1};
    std::vector<Entry> committed;
    std::vector<Ready::Read> reads;
    Raft raft;
};

Message voteRequest(NodeId from, Term term, Index index, Term logTerm)
{
    return {
        .type = MessageType::Vote,
        .from = from,
        .to = 1,
        .term = term,
        .index = index,
        .logTerm = logTerm};
}

bool grants(const std::vector<Message> &answers)
{
    return answers.size() == 1 && answers.front().type == MessageType::VoteAnswer &&
           !answers.front().reject;
}

Message
append(Term term, Index before, Term beforeTerm, const std::vector<Term> &terms, Index commit = 0)
{
    Message m{.type = MessageType::Append, .from = 2, .to = 1, .term = term, .index = before};
    m.logTerm = beforeTerm;
    m.commit = commit;
    for (const Term of : terms)
        m.entries.push_back({of, before + m.entries.size() + 1, EntryType::Command, "x"});
    return m;
}

} // namespace

class TestRaft : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyMemberStartsAsFollowerAndCampaignsWithoutALeader();
    void aMajorityOfVotesMakesALeaderAndTheTermGrowsByOne();
    void aLeaderOfANewerTermDeposesTheOld();
    void aCompactedLogStillKnowsItsLastTerm_data();
    void aCompactedLogStillKnowsItsLastTerm();
    void logsAreComparedByTermThenIndex_data();
    void logsAreComparedByTermThenIndex();
    void theSameCandidateMayAskAgainAndNobodyElseMay();
    void aReturningMemberDoesNotDisturbTheLeader();
    void aPreCandidateForgetsVotesOfEarlierCampaigns();
    void ofTwoThatAskAtOnceOneGivesWay();
    void aWriteOfAnEarlierTermIsNotCountedInThisOne();
    void nothingIsAnsweredBeforeItIsDurable();
    void anOlderTermIsNotCommittedByCounting();
    void aLateDuplicateTruncatesNothing();
    void anEmptyAppendReportsAConflictToo();
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
    void aSnapshotIsAcknowledgedWhenItIsDurable();
    void readsWaitForAnEntryOfTheOwnTermAndAMajority();
    void hostileBytesAreAnError();
};

void TestRaft::everyMemberStartsAsFollowerAndCampaignsWithoutALeader()
{
    QD_PROVES("E7", "E8");
    Member member;
    QCOMPARE(member.raft.role(), Role::Follower);
    for (int i = 0; i < 9; ++i)
        member.raft.tick();
    QCOMPARE(member.raft.role(), Role::Follower); // not before the least election time-out
    const auto asked = member.timeOut();
    QCOMPARE(member.raft.role(), Role::PreCandidate);
    QCOMPARE(asked.size(), size_t(2));
    QCOMPARE(asked.front().type, MessageType::PreVote);
    QCOMPARE(member.raft.term(), Term(0)); // asking first inflates no term
}

void TestRaft::aMajorityOfVotesMakesALeaderAndTheTermGrowsByOne()
{
    QD_PROVES("E6", "E9", "E11");
    Member member({1, 1}, {1, 0, 0});
    member.timeOut();
    member.step({.type = MessageType::PreVoteAnswer, .from = 3, .to = 1, .term = 2});
    QCOMPARE(member.raft.role(), Role::Candidate);
    QCOMPARE(member.raft.term(), Term(2));
    member.step({.type = MessageType::VoteAnswer, .from = 2, .to = 1, .term = 2, .reject = true});
    QCOMPARE(member.raft.role(), Role::Candidate); // one of three, one against
    member.step({.type = MessageType::VoteAnswer, .from = 3, .to = 1, .term = 2});
    QCOMPARE(member.raft.role(), Role::Leader);
    QCOMPARE(member.raft.log().lastTerm(), Term(2)); // its own entry opens the term
}

void TestRaft::aLeaderOfANewerTermDeposesTheOld()
{
    QD_PROVES("E12");
    Member member;
    member.lead();
    QVERIFY(member.raft.isLeader());
    member.step({.type = MessageType::Heartbeat, .from = 3, .to = 1, .term = 7});
    QCOMPARE(member.raft.role(), Role::Follower);
    QCOMPARE(member.raft.term(), Term(7));
    QCOMPARE(member.raft.leader(), NodeId(3));
}

void TestRaft::aCompactedLogStillKnowsItsLastTerm_data()
{
    QTest::addColumn<int>("variant");
    QTest::newRow("log kept") << 0;
    QTest::newRow("fully compacted") << 1;
    QTest::newRow("compacted, after a restart") << 2;
    QTest::newRow("appended after the snapshot") << 3;
}

void TestRaft::aCompactedLogStillKnowsItsLastTerm()
{
    QD_PROVES("R-01");
    QFETCH(int, variant);
    const SnapshotMeta snapshot{5, 3, three()};
    const bool restarted = variant >= 2;
    Member member =
        restarted ? Member(variant == 3 ? std::vector<Term>{3} : std::vector<Term>{}, {3}, snapshot)
                  : Member({1, 1, 2, 2, 3}, {3, 0, 5});
    member.settle();
    if (variant == 1)
        member.raft.compact(snapshot, 6);
    QVERIFY(!grants(member.step(voteRequest(2, 9, 100, 2)))); // a long log of an older term
    const Index last = member.raft.log().lastIndex();
    QVERIFY(grants(member.step(voteRequest(3, 10, last, 3))));
}

void TestRaft::logsAreComparedByTermThenIndex_data()
{
    QTest::addColumn<quint64>("index");
    QTest::addColumn<quint64>("term");
    QTest::addColumn<bool>("granted");
    QTest::newRow("the same") << quint64(3) << quint64(2) << true;
    QTest::newRow("longer") << quint64(4) << quint64(2) << true;
    QTest::newRow("shorter") << quint64(2) << quint64(2) << false;
    QTest::newRow("newer term, shorter") << quint64(1) << quint64(3) << true;
    QTest::newRow("older term, longer") << quint64(9) << quint64(1) << false;
}

void TestRaft::logsAreComparedByTermThenIndex()
{
    QD_PROVES("R-02");
    QFETCH(quint64, index);
    QFETCH(quint64, term);
    QFETCH(bool, granted);
    Member member({1, 2, 2}, {2, 0, 0});
    QCOMPARE(grants(member.step(voteRequest(2, 5, index, term))), granted);
}

void TestRaft::theSameCandidateMayAskAgainAndNobodyElseMay()
{
    QD_PROVES("R-04", "E9");
    Member member;
    QVERIFY(grants(member.step(voteRequest(2, 1, 0, 0))));
    QVERIFY(grants(member.step(voteRequest(2, 1, 0, 0))));
    QVERIFY(!grants(member.step(voteRequest(3, 1, 0, 0))));
}

void TestRaft::aReturningMemberDoesNotDisturbTheLeader()
{
    QD_PROVES("R-05");
    Member member;
    member.step({.type = MessageType::Heartbeat, .from = 2, .to = 1, .term = 3});
    Message asks = voteRequest(3, 9, 0, 0);
    QVERIFY(member.step(asks).empty()); // its leader was heard just now
    asks.type = MessageType::PreVote;
    QVERIFY(member.step(asks).empty());
    QCOMPARE(member.raft.term(), Term(3));
    // The stuck one, of a higher term, tells the leader so with its answer.
    Member stuck({}, {9, 0, 0});
    const auto answers =
        stuck.step({.type = MessageType::Heartbeat, .from = 2, .to = 1, .term = 3});
    QCOMPARE(answers.size(), size_t(1));
    QCOMPARE(answers.front().term, Term(9));
}

void TestRaft::aPreCandidateForgetsVotesOfEarlierCampaigns()
{
    QD_PROVES("R-06");
    Member member({}, {1, 0, 0}, {0, 0, {{1, 2, 3, 4, 5}, {}, {}}});
    member.step({.type = MessageType::Heartbeat, .from = 4, .to = 1, .term = 1});
    member.timeOut();
    QCOMPARE(member.raft.leader(), kNobody);
    member.step({.type = MessageType::PreVoteAnswer, .from = 2, .to = 1, .term = 2});
    for (int i = 0; i < 20; ++i)
        member.raft.tick(); // the campaign times out and begins anew
    member.settle();
    QCOMPARE(member.raft.role(), Role::PreCandidate);
    member.step({.type = MessageType::PreVoteAnswer, .from = 3, .to = 1, .term = 2});
    QCOMPARE(member.raft.role(), Role::PreCandidate); // two of five, not three
}

void TestRaft::ofTwoThatAskAtOnceOneGivesWay()
{
    // The same log on both: the higher id goes on, the lower one waits.
    Member lower;
    lower.timeOut();
    Message asks = voteRequest(2, lower.raft.term() + 1, 0, 0);
    asks.type = MessageType::PreVote;
    const auto granted = lower.step(asks);
    QCOMPARE(granted.size(), size_t(1));
    QVERIFY(!granted.front().reject);
    QCOMPARE(lower.raft.role(), Role::Follower);

    SeededRandom random{1};
    Raft higher({.id = 3}, {{}, {0, 0, {{1, 2, 3}, {}, {}}}, {}}, random);
    while (higher.role() == Role::Follower)
        higher.tick();
    (void)higher.takeReady();
    asks.to = 3;
    higher.step(asks);
    const Ready refused = higher.takeReady();
    QCOMPARE(refused.afterSync.size(), size_t(1));
    QVERIFY(refused.afterSync.front().reject);
    QCOMPARE(higher.role(), Role::PreCandidate);
}

void TestRaft::aWriteOfAnEarlierTermIsNotCountedInThisOne()
{
    QD_PROVES("R-10");
    Member member;
    member.timeOut();
    member.raft.step({.type = MessageType::PreVoteAnswer, .from = 2, .to = 1, .term = 1});
    const Ready voted = member.raft.takeReady(); // its own vote of term 1 is on its way to the disk
    QCOMPARE(member.raft.role(), Role::Candidate);
    for (int i = 0; i < 20; ++i)
        member.raft.tick();
    member.raft.step({.type = MessageType::PreVoteAnswer, .from = 2, .to = 1, .term = 2});
    QCOMPARE(member.raft.term(), Term(2));
    member.raft.persisted(voted.number); // the disk is late: that was another term
    member.raft.step({.type = MessageType::VoteAnswer, .from = 2, .to = 1, .term = 2});
    QCOMPARE(member.raft.role(), Role::Candidate);
    member.raft.persisted(member.raft.takeReady().number);
    QCOMPARE(member.raft.role(), Role::Leader);
}

void TestRaft::nothingIsAnsweredBeforeItIsDurable()
{
    QD_PROVES("R-11");
    Member member;
    member.raft.step(voteRequest(2, 1, 0, 0));
    const Ready ready = member.raft.takeReady();
    QVERIFY(ready.mustSync);
    QVERIFY(ready.messages.empty());
    QVERIFY(grants(ready.afterSync));
    QCOMPARE(ready.hardState->vote, NodeId(2));
}

void TestRaft::anOlderTermIsNotCommittedByCounting()
{
    QD_PROVES("R-13");
    Member member({1, 2}, {3, 0, 0}); // figure 8: the entry of term 2 is on a minority
    member.lead();
    QCOMPARE(member.raft.term(), Term(4));
    member.acknowledge(2, 2); // now on a majority
    QCOMPARE(member.raft.commitIndex(), Index(0));
    member.acknowledge(2, 3); // with the entry of term 4 it is safe
    QCOMPARE(member.raft.commitIndex(), Index(3));
}

void TestRaft::aLateDuplicateTruncatesNothing()
{
    QD_PROVES("R-14");
    Member member;
    member.step(append(1, 0, 0, {1, 1, 1}, 3));
    QCOMPARE(member.raft.commitIndex(), Index(3));
    member.step(append(1, 3, 1, {1, 1}));
    QCOMPARE(member.raft.log().lastIndex(), Index(5));
    member.step(append(1, 0, 0, {1}));
    member.step(append(1, 3, 1, {1}));
    QCOMPARE(member.raft.log().lastIndex(), Index(5));
}

void TestRaft::anEmptyAppendReportsAConflictToo()
{
    QD_PROVES("R-22");
    Member member({1, 1}, {1, 0, 0});
    const auto answers = member.step(append(2, 4, 2, {}));
    QCOMPARE(answers.size(), size_t(1));
    QVERIFY(answers.front().reject);
    QCOMPARE(answers.front().hintIndex, Index(2));
}

void TestRaft::membershipWaitsForAnEntryOfTheOwnTerm()
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

void TestRaft::aLearnerIsPromotedOnlyWhenItHasCaughtUp()
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

void TestRaft::aQuorumIsAMajorityOfBothHalvesOfAJointMembership_data()
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

void TestRaft::aQuorumIsAMajorityOfBothHalvesOfAJointMembership()
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

void TestRaft::votersAreExchangedThroughAJointMembershipThatIsLeftByItself()
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

void TestRaft::aRestartedMemberIsInTheJointMembershipOfItsLog()
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

void TestRaft::aChangeThatIsTruncatedIsAsIfItHadNeverBeen()
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

void TestRaft::aRemovalThatCostsTheMajorityIsRefused()
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

void TestRaft::aLeaderThatIsRemovedGoesAfterTheCommitAndNamesItsSuccessor()
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

void TestRaft::aMemberWhoseRemovalIsCommittedButNotYetAppliedDoesNotCampaign()
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

void TestRaft::whoWasRemovedIsToldSoAndHasNoSay()
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

void TestRaft::theMembershipOfTheLogIsNotOverwrittenByAnOlderSnapshots()
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

void TestRaft::aMembershipOfBeforeThereWereJointOnesStillDecodes()
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

void TestRaft::aTransferWaitsForTheTargetsLog()
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

void TestRaft::aTransferThatDoesNotHappenIsOff()
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

void TestRaft::onlyAVoterThatIsThereCanTakeOver()
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

void TestRaft::aSnapshotIsAcknowledgedWhenItIsDurable()
{
    QD_PROVES("R-41");
    Member member({1, 1}, {1, 0, 0});
    Message m{.type = MessageType::Snapshot, .from = 2, .to = 1, .term = 5}; // a higher term
    m.snapshot = {10, 4, three()};
    member.raft.step(m);
    const Ready ready = member.raft.takeReady();
    QVERIFY(ready.snapshot.has_value());
    QVERIFY(ready.mustSync);
    QVERIFY(ready.messages.empty());
    QCOMPARE(ready.afterSync.size(), size_t(1));
    QCOMPARE(ready.afterSync.front().index, Index(10));
    QCOMPARE(member.raft.term(), Term(5));
    QCOMPARE(member.raft.log().lastTerm(), Term(4));
}

void TestRaft::readsWaitForAnEntryOfTheOwnTermAndAMajority()
{
    QD_PROVES("R-49");
    Member member({1}, {1, 0, 1});
    member.lead();
    member.raft.readIndex(77);
    member.settle();
    QVERIFY(member.reads.empty());
    const auto sent = member.acknowledge(2, 2); // commits the entry that opens the term
    QVERIFY(member.reads.empty());
    quint64 round = 0;
    for (const Message &m : sent)
        round = m.type == MessageType::Heartbeat ? m.context : round;
    QVERIFY(round != 0);
    member.step(
        {.type = MessageType::HeartbeatAnswer,
         .from = 3,
         .to = 1,
         .term = member.raft.term(),
         .context = round});
    QCOMPARE(member.reads.size(), size_t(1));
    QCOMPARE(member.reads.front().context, quint64(77));
    QCOMPARE(member.reads.front().index, Index(2));
}

void TestRaft::hostileBytesAreAnError()
{
    Message m = append(3, 7, 2, {3, 3}, 6);
    const QByteArray bytes = encodeMessage(m);
    const auto back = decodeMessage(bytes);
    QVERIFY(back.has_value());
    QVERIFY(*back == m);
    for (qsizetype size = 0; size < bytes.size(); ++size)
        QVERIFY(!decodeMessage(bytes.first(size)));
    QVERIFY(!decodeMessage(bytes + 'x'));
    QByteArray huge = bytes;
    huge.replace(74, 4, "\xff\xff\xff\xff", 4); // the count of entries
    QVERIFY(!decodeMessage(huge));
}

QD_TEST_MAIN(TestRaft)
#include "tst_raft.moc"
