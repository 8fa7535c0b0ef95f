// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/raft/raft.h"
#include "tests/support/proof.h"

using namespace qd;
using namespace qd::raft;

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
    const MembershipChange add{MembershipChange::Kind::AddLearner, 4, {}};
    const auto early = member.raft.proposeMembership(add);
    QVERIFY(!early);
    QCOMPARE(early.error().code, code::conflict);
    member.acknowledge(2, 2);
    QVERIFY(member.raft.proposeMembership(add).has_value());
    const MembershipChange next{MembershipChange::Kind::AddLearner, 5, {}};
    QVERIFY(!member.raft.proposeMembership(next)); // one at a time
    member.settle();
    member.acknowledge(2, 3);
    QVERIFY(isLearner(member.raft.membership(), 4));
    QCOMPARE(quorum(member.raft.membership()), size_t(2)); // a learner does not count
    const MembershipChange promote{MembershipChange::Kind::Promote, 4, {}};
    QVERIFY(member.raft.proposeMembership(promote).has_value());
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
