// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/proof.h"
#include "tests/unit/raft/raft_member.h"

#include <map>
#include <set>

using namespace qd;
using namespace qd::raft;
using namespace qd::raft::test;

class TestRaft : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyMemberStartsAsFollowerAndCampaignsWithoutALeader();
    void theTimeOutIsRandomWithinItsSpread();
    void aMajorityOfVotesMakesALeaderAndTheTermGrowsByOne();
    void rolesChangeOnlyAsTheFigureSays();
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
    void aFollowerIsSentNoMoreThanThePipelineHolds();
    void writesThatWaitForAMajorityAreBounded();
    void aFollowerWithManyWrongEntriesIsFoundInFewRounds();
    void indexesMayBeLarge_data();
    void indexesMayBeLarge();
    void aCommitIsToldAtOnce();
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

void TestRaft::theTimeOutIsRandomWithinItsSpread()
{
    Config config = Member::makeConfig();
    config.spreadTicks = 4;
    std::set<int> seen;
    SeededRandom random(1);
    for (int round = 0; round < 200; ++round) {
        Raft raft(config, Member::restored({}, {}, {0, 0, three()}), random);
        int ticks = 0;
        for (; raft.role() == Role::Follower; ++ticks)
            raft.tick();
        seen.insert(ticks);
    }
    QVERIFY((seen == std::set<int>{10, 11, 12, 13}));
}

void TestRaft::aMajorityOfVotesMakesALeaderAndTheTermGrowsByOne()
{
    QD_PROVES("E9", "E11");
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

/// Figure 5-2 of the book, with a pre-candidate as the first half of a candidate. What others may
/// say arrives in any order; each arrow must be walked, and no other.
void TestRaft::rolesChangeOnlyAsTheFigureSays()
{
    QD_PROVES("E6");
    using enum Role;
    const std::set<std::pair<Role, Role>> figure{
        {Follower, PreCandidate},  // no heartbeat within the time-out
        {PreCandidate, Candidate}, // the others would vote for it
        {PreCandidate, Follower},  // they would not, or there is a leader
        {Follower, Candidate},     // its leader has told it to take over
        {Candidate, Leader},       // more than half of the votes
        {Candidate, Follower},     // a leader, or a majority of refusals
        {Candidate, PreCandidate}, // time-out again
        {Leader, Follower},        // a higher term, or no majority that answers
    };
    std::set<std::pair<Role, Role>> seen;
    std::map<Term, NodeId> leaders; // one a term, as in a cluster
    SeededRandom chance(1);
    Member member;
    QCOMPARE(member.raft.role(), Follower);
    for (int i = 0; i < 50'000; ++i) {
        for (auto ticks = chance.below(3) == 0 ? chance.below(8) : 0; ticks > 0; --ticks) {
            const Role before = member.raft.role();
            member.raft.tick();
            if (member.raft.role() != before)
                seen.emplace(before, member.raft.role());
        }
        const Role before = member.raft.role();
        const Term term = member.raft.term();
        if (before == Leader)
            leaders.emplace(term, 1);
        using enum MessageType;
        const MessageType kinds[]{PreVoteAnswer, VoteAnswer, Vote, Heartbeat, TimeoutNow};
        Message m{.type = kinds[chance.below(std::size(kinds))]};
        m.from = 2 + chance.below(2);
        m.to = 1;
        // To be told to take over in a newer term would be two arrows at once.
        m.term = m.type == TimeoutNow ? term : term + chance.below(2);
        m.reject = chance.below(2) == 0;
        const bool isLeaders = m.type == Heartbeat || m.type == TimeoutNow;
        if (isLeaders && leaders.emplace(m.term, m.from).first->second != m.from)
            continue;
        member.step(m);
        if (member.raft.role() != before)
            seen.emplace(before, member.raft.role());
        QVERIFY(member.raft.term() >= term);
    }
    QVERIFY((seen == figure));
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

void TestRaft::aFollowerIsSentNoMoreThanThePipelineHolds()
{
    Config config = Member::makeConfig();
    config.maxInflight = 4;
    config.maxInflightBytes = 1'000;
    SeededRandom random{1};
    Raft raft(config, Member::restored({}, {}, {0, 0, three()}), random);
    const auto appendsTo3 = [&raft] {
        size_t count = 0;
        while (raft.hasReady()) {
            const Ready ready = raft.takeReady();
            for (const Message &m : ready.messages)
                count += m.type == MessageType::Append && m.to == 3 ? 1 : 0;
            raft.persisted(ready.number);
        }
        return count;
    };
    const auto answer = [&raft](Index index) {
        raft.step(
            {.type = MessageType::AppendAnswer, .from = 3, .to = 1, .term = 1, .index = index});
    };
    raft.campaign();
    (void)appendsTo3();
    raft.step({.type = MessageType::VoteAnswer, .from = 2, .to = 1, .term = 1});
    QCOMPARE(appendsTo3(), size_t(1));
    QVERIFY(raft.propose("a").has_value());
    QCOMPARE(appendsTo3(), size_t(0)); // one at a time until the logs are known to meet
    answer(1);
    (void)appendsTo3();
    const auto progress = [&raft] {
        for (const PeerStatus &peer : raft.status().peers) {
            if (peer.id == 3)
                return peer.progress;
        }
        return Progress();
    };
    QCOMPARE(progress().state, Progress::State::Replicate);
    QCOMPARE(progress().inflight.size(), size_t(1));
    for (int i = 0; i < 10; ++i) {
        QVERIFY(raft.propose("b").has_value());
        (void)appendsTo3();
    }
    QCOMPARE(progress().inflight.size(), size_t(4)); // as many messages
    answer(12);
    (void)appendsTo3();
    QCOMPARE(progress().match, Index(12));
    QVERIFY(progress().inflight.empty());
    for (int i = 0; i < 10; ++i) {
        QVERIFY(raft.propose(QByteArray(600, 'c')).has_value());
        (void)appendsTo3();
    }
    QCOMPARE(progress().inflight.size(), size_t(2)); // as many bytes
    QCOMPARE(progress().inflightBytes, qint64(1'200));
    // Their answers were lost: a heartbeat's answer makes room for one.
    raft.step({.type = MessageType::HeartbeatAnswer, .from = 3, .to = 1, .term = 1});
    QCOMPARE(appendsTo3(), size_t(1));
}

void TestRaft::writesThatWaitForAMajorityAreBounded()
{
    QD_PROVES("R-25");
    Config config = Member::makeConfig();
    config.maxUncommittedBytes = 1'000;
    SeededRandom random{1};
    Raft raft(config, Member::restored({}, {}, {0, 0, three()}), random);
    raft.campaign();
    raft.persisted(raft.takeReady().number);
    raft.step({.type = MessageType::VoteAnswer, .from = 2, .to = 1, .term = 1});
    for (int i = 0; i < 10; ++i)
        QVERIFY(raft.propose(QByteArray(100, 'x')).has_value());
    const auto refused = raft.propose("one too many");
    QCOMPARE(refused.error().code, code::limit);
    QVERIFY(refused.error().message.startsWith(QStringLiteral("1000 bytes")));
    QCOMPARE(raft.log().lastIndex(), Index(11));
    raft.persisted(raft.takeReady().number);
    raft.step({.type = MessageType::AppendAnswer, .from = 2, .to = 1, .term = 1, .index = 6});
    QCOMPARE(raft.status().uncommittedBytes, qint64(500));
    QVERIFY(raft.propose("there is room again").has_value());
}

void TestRaft::aFollowerWithManyWrongEntriesIsFoundInFewRounds()
{
    QD_PROVES("R-24");
    // 1 has ten entries of term 1 and leads term 9; 2 has 10,000 that nobody else ever saw.
    std::vector<Term> wrong(10, 1);
    for (Term term = 2; term <= 5; ++term)
        wrong.insert(wrong.end(), 2'500, term);
    Member leader(std::vector<Term>(10, 1), {8, 0, 10});
    SeededRandom random{2};
    Config config;
    config.id = 2;
    Raft follower(config, Member::restored(wrong, {8, 0, 10}, {0, 0, three()}), random);
    leader.timeOut();
    leader.step({.type = MessageType::PreVoteAnswer, .from = 3, .to = 1, .term = 9});
    auto toFollower = leader.step({.type = MessageType::VoteAnswer, .from = 3, .to = 1, .term = 9});
    int rejections = 0;
    for (int round = 0; round < 20 && follower.log().lastTerm() != 9; ++round) {
        for (const Message &m : std::exchange(toFollower, {})) {
            if (m.to == 2)
                follower.step(m);
        }
        while (follower.hasReady()) {
            const Ready ready = follower.takeReady();
            for (const Message &m : ready.afterSync) {
                rejections += m.reject ? 1 : 0;
                const auto next = leader.step(m);
                toFollower.insert(toFollower.end(), next.begin(), next.end());
            }
            follower.persisted(ready.number);
        }
    }
    QCOMPARE(follower.log().lastIndex(), Index(11));
    QCOMPARE(follower.log().lastTerm(), Term(9));
    QVERIFY2(rejections <= 5, qPrintable(QString::number(rejections))); // a term a round
}

void TestRaft::indexesMayBeLarge_data()
{
    QTest::addColumn<quint64>("base");
    QTest::newRow("2^31") << (quint64(1) << 31) - 2;
    QTest::newRow("2^32") << (quint64(1) << 32) - 2;
    QTest::newRow("2^63") << (quint64(1) << 63) - 2;
}

void TestRaft::indexesMayBeLarge()
{
    QD_PROVES("R-20");
    QFETCH(quint64, base);
    Member member({}, {base, 0, base}, {base, base, three()});
    member.lead();
    QCOMPARE(member.raft.term(), Term(base + 1));
    for (int i = 0; i < 4; ++i)
        QVERIFY(member.raft.propose("x").has_value());
    const auto sent = member.settle();
    member.acknowledge(2, base + 1);
    member.acknowledge(2, base + 5);
    QCOMPARE(member.raft.commitIndex(), Index(base + 5));
    QCOMPARE(member.committed.size(), size_t(5));
    const auto last = member.acknowledge(3, base + 1);
    for (const Message &m : last) {
        const auto back = decodeMessage(encodeMessage(m));
        QVERIFY(back && *back == m);
    }
    for (const PeerStatus &peer : member.raft.status().peers)
        QVERIFY(peer.progress.next > peer.progress.match && peer.progress.match > base);
}

void TestRaft::aCommitIsToldAtOnce()
{
    Member member;
    member.lead();
    for (const NodeId id : {2, 3})
        member.acknowledge(id, 1);
    QVERIFY(member.raft.propose("x").has_value());
    member.settle();
    // 2 makes the majority: both hear of it without waiting for a heartbeat, and only once.
    const auto told = member.acknowledge(2, 2);
    QCOMPARE(told.size(), size_t(2));
    for (const Message &m : told) {
        QCOMPARE(m.type, MessageType::Append);
        QVERIFY(m.entries.empty());
        QCOMPARE(m.commit, Index(2));
    }
    QVERIFY(member.acknowledge(3, 2).empty());
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
