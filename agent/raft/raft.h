// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/log.h"
#include "agent/raft/membership.h"
#include "agent/raft/message.h"
#include "agent/raft/progress.h"
#include "agent/raft/types.h"
#include "shared/base/random.h"
#include "shared/base/result.h"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

/// Consensus as a pure state machine (architecture.md 4): inputs are ticks, messages and proposals;
/// the output is a Ready: what to persist, what to send, what to apply. It holds no clock, socket
/// or file, and the same inputs give the same outputs. After Ongaro's thesis; shaped like etcd's
/// library.
namespace qd::raft {

enum class Role : quint8 { Follower, PreCandidate, Candidate, Leader };

struct Config {
    NodeId id = kNobody;
    int electionTicks = 10; ///< the least; the real time-out is random
    int spreadTicks = 0;    ///< by less than so many more; 0: than electionTicks
    int heartbeatTicks = 1;
    qint64 maxAppendBytes = 512 * 1024;
    size_t maxInflight = 128;                      ///< appends under way to a follower
    qint64 maxInflightBytes = 4 * 1024 * 1024;     ///< the append that goes beyond it is the last
    qint64 maxUncommittedBytes = 64 * 1024 * 1024; ///< R-25
};

/// What a restarted member knows from its disk.
struct Restored {
    HardState hard;
    SnapshotMeta snapshot;
    std::vector<Entry> entries; ///< after the snapshot, without a gap
};

/// Deliberate defects, for the simulator to find: it is finished only when it finds them. Never set
/// outside of tests.
struct Faults {
    bool commitOlderTermByCounting = false; ///< R-13
    bool voteForShorterLog = false;         ///< R-02
    bool voteTwice = false;                 ///< in one term
    bool answerVoteBeforeSync = false;      ///< R-11
    bool forgetVoteAtStart = false;         ///< R-11
    bool acknowledgeBeforeSync = false;     ///< R-41
    bool countOwnEntriesBeforeSync = false; ///< R-35
    bool quorumIsOneLess = false;           ///< R-15
    bool ignoreOutgoingVoters = false;      ///< R-28
    bool keepTruncatedMembership = false;   ///< R-27
    bool lateAppendTruncates = false;       ///< R-14
    bool commitWhatWasNotMatched = false; ///< heartbeats tell more than a follower is known to hold
    bool readWithoutRound = false;        ///< R-48
    bool readBeforeOwnTermCommitted = false; ///< R-49
    bool acceptGapInAppend = false;          ///< the entry before is not compared
    bool leaveJointBeforeCommit = false;     ///< R-28
};

/// A batch of effects, in order: persist (hard state, then snapshot or entries), send `messages` at
/// once, apply `committed`; send `afterSync` and call persisted(number) when this batch and every
/// one before it is durable.
struct Ready {
    quint64 number = 0;
    std::optional<HardState> hardState;
    bool mustSync = false;                ///< false: only the commit index moved
    std::optional<SnapshotMeta> snapshot; ///< install: its file is with the layer above already
    std::vector<Entry> entries;           ///< overwrite from the first one's index
    std::vector<Message> messages;
    std::vector<Message> afterSync;
    std::vector<Entry> committed;
    struct Read {
        quint64 context = 0;
        Index index = 0; ///< answer from the tree once this is applied; 0 = refused, ask again
    };
    std::vector<Read> reads;

    bool isEmpty() const
    {
        return !hardState && !snapshot && entries.empty() && messages.empty() &&
               afterSync.empty() && committed.empty() && reads.empty();
    }
};

struct PeerStatus {
    NodeId id = kNobody;
    Progress progress;
    bool learner = false;
};

struct Status {
    NodeId id = kNobody;
    Role role = Role::Follower;
    NodeId leader = kNobody;
    Term term = 0;
    NodeId vote = kNobody;
    qint64 uncommittedBytes = 0; ///< the leader's only
    Index firstIndex = 0;
    Index lastIndex = 0;
    Index commit = 0;
    std::vector<PeerStatus> peers; ///< the leader's only
};

class Raft {
public:
    Raft(const Config &config, Restored restored, Random &random, const Faults &faults = {});

    void tick();
    void step(const Message &message);
    /// Leader only (code::noLeader otherwise): appends a command; its index. It counts only once it
    /// comes back in Ready::committed with the term it was proposed in.
    Result<Index> propose(QByteArray command);
    /// Leader only. All of the changes at once; when others vote afterwards, through a joint
    /// membership that is left by itself once it is committed. Refused while another change is
    /// under way or no entry of the own term is committed, for a learner that has not caught
    /// up, and with kQuorumLost when too few of those who would vote are there.
    Result<Index> proposeMembership(const std::vector<MembershipChange> &changes);
    /// Asks for a linearizable read; the answer comes in Ready::reads. On a follower it goes to the
    /// leader; without one it is refused at once.
    void readIndex(quint64 context);
    /// Leader only: lets `to` take over as soon as its log is complete. No proposals meanwhile;
    /// when it has not happened within an election time-out, this member leads on. Another target
    /// takes the place of the one before; `to` itself ends it.
    Result<void> transferLeadership(NodeId to);
    /// To whom leadership is on its way; nobody.
    NodeId transferTarget() const { return m_transferTo; }
    /// The voter that needs the least to take over from this leader; nobody when none can be
    /// reached.
    NodeId successor() const;
    /// Campaigns now: a cluster of one need not wait.
    void campaign();

    bool hasReady() const;
    Ready takeReady();
    /// Everything up to and with that batch is durable. Batches are reported in order.
    void persisted(quint64 number);
    /// A snapshot up to `meta.index` is durable here; entries up to `keepFrom` - 1 are forgotten.
    void compact(const SnapshotMeta &meta, Index keepFrom);
    /// The shipping of a snapshot to `to` ended; a failed one is tried again.
    void snapshotSent(NodeId to, bool ok);

    Status status() const;
    Role role() const { return m_role; }
    bool isLeader() const { return m_role == Role::Leader; }
    NodeId leader() const { return m_leader; }
    Term term() const { return m_term; }
    NodeId vote() const { return m_vote; }
    Index commitIndex() const { return m_commit; }
    /// The newest in the log, committed or not.
    const Membership &membership() const { return m_membership; }
    /// This member is none any more: the log says so, or another member did. It takes no part.
    bool isRemoved() const;
    const Log &log() const { return m_log; }
    NodeId id() const { return m_config.id; }

private:
    struct Unsynced { // a Ready that is not durable yet
        quint64 number = 0;
        Term term = 0;
        Index lastIndex = 0;
        bool vote = false; // it carries the vote for ourselves
    };
    struct ReadRound {
        quint64 round = 0;
        Index index = 0;
        std::set<NodeId> acknowledged;
        struct Asker {
            NodeId from = kNobody;
            quint64 context = 0;
        };
        std::vector<Asker> askers;
    };

    // raft.cpp: roles and terms
    void becomeFollower(Term term, NodeId leader);
    void becomePreCandidate();
    void becomeCandidate();
    void becomeLeader();
    void resetElectionTimer();
    void send(Message message);
    void answer(Message message);
    void appendOwn(Entry entry);
    bool isPromotable() const;
    template <class Says>
    bool decides(Says says) const;

    // election.cpp
    void startElection(bool transfer);
    void startPreVote();
    void askForVotes(MessageType type, Term term, bool transfer);
    void onVoteRequest(const Message &m);
    void onVoteAnswer(const Message &m);
    void recordVote(NodeId from, bool granted);
    bool mayIgnoreVote(const Message &m) const;
    bool outranks(const Message &m) const;
    bool stepTerm(const Message &m);
    void checkQuorum();

    // replication.cpp
    void onAppend(const Message &m);
    void onAppendAnswer(const Message &m);
    void onAppendRejected(const Message &m, Progress &progress);
    void onHeartbeat(const Message &m);
    void onHeartbeatAnswer(const Message &m);
    void onSnapshot(const Message &m);
    void broadcastAppend();
    void tellCommit();
    void checkProgress() const;
    void broadcastHeartbeat();
    void sendAppend(NodeId to, Progress &progress, bool evenEmpty);
    void sendSnapshot(NodeId to, Progress &progress);
    void advanceCommit();
    void followCommit(Index commit);

    // reconfiguration.cpp
    std::pair<Index, Membership> membershipUpTo(Index last) const;
    void findMembership();
    void appendMembership(const Membership &membership);
    Result<void>
    mayChange(const std::vector<MembershipChange> &changes, const Membership &after) const;
    void settleMembership();
    void syncProgress();
    void stepDown();
    bool stepRemoved(const Message &m);
    void askWhetherMember();

    // reads.cpp
    void onReadIndex(const Message &m);
    void onReadIndexAnswer(const Message &m);
    void addRead(NodeId from, quint64 context);
    void startReadRound();
    void acknowledgeRound(NodeId from, quint64 round);
    bool isConfirmed(const ReadRound &round) const;
    void releaseRound(const ReadRound &round);
    void refuseReads();
    bool ownTermCommitted() const;

    Config m_config;
    Random &m_random;
    Faults m_faults;

    Term m_term = 0;
    NodeId m_vote = kNobody;
    Index m_commit = 0;
    Log m_log;
    Membership m_membership;
    SnapshotMeta m_snapshot;
    Index m_membershipIndex = 0; // where it stands in the log
    bool m_toldRemoved = false;
    Index m_handedCommitted = 0; // the last entry that went out to be applied

    Role m_role = Role::Follower;
    NodeId m_leader = kNobody;
    int m_sinceHeard = 0; // ticks since the leader was heard, or since the last quorum check
    int m_sinceHeartbeat = 0;
    int m_electionTimeout = 0;
    std::map<NodeId, bool> m_votes;
    std::map<NodeId, Progress> m_progress;
    NodeId m_transferTo = kNobody;
    qint64 m_uncommittedBytes = 0;

    std::vector<ReadRound::Asker> m_waitingReads;
    std::deque<ReadRound> m_rounds;
    quint64 m_lastRound = 0;

    // What the next Ready will carry.
    HardState m_handedHard;
    Index m_handedEntries = 0; // log entries up to here have been handed out to be persisted
    bool m_votedForSelf = false;
    std::optional<SnapshotMeta> m_install;
    std::vector<Message> m_messages;
    std::vector<Message> m_afterSync;
    std::vector<Ready::Read> m_reads;
    quint64 m_number = 0;
    std::deque<Unsynced> m_unsynced;
};

/// What a quorum of the membership in force says.
template <class Says>
bool Raft::decides(Says says) const
{
    if (m_faults.quorumIsOneLess) {
        const auto &ids = m_membership.voters;
        return size_t(std::count_if(ids.begin(), ids.end(), says)) >= ids.size() / 2;
    }
    if (m_faults.ignoreOutgoingVoters)
        return isQuorum(Membership{m_membership.voters, {}, {}}, says);
    return isQuorum(m_membership, says);
}

} // namespace qd::raft
