// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/raft.h"
#include "agent/store/replica/alarms.h"
#include "agent/store/replica/first_start.h"
#include "agent/store/replica/peer_traffic.h"
#include "agent/store/replica/peer_transport.h"
#include "agent/store/replica/replica_faults.h"
#include "agent/store/replica/request_window.h"
#include "agent/store/replica/space_watch.h"
#include "agent/store/replica/state_check.h"
#include "agent/store/replica/state_machine.h"
#include "agent/wal/snapshotter.h"
#include "agent/wal/wal.h"
#include "shared/base/clock.h"

namespace qd::store {

struct ReplicaOptions {
    raft::Config raft; ///< id is the member's
    wal::Identity identity;
    raft::Membership initial; ///< of a new cluster; empty for one that joins
    /// This member has run before: without its log it must not start, or it would forget what it
    /// has voted for and acknowledged.
    bool hasRun = false;
    /// Whether a membership says of a member that it has taken part; null: it never does.
    std::function<bool(const raft::Membership &, raft::NodeId)> saysItCame = {};
    quint64 snapshotEvery = 10'000;
    /// For followers that are a little behind: so many entries, of so many bytes.
    quint64 keepEntries = 2'000;
    qint64 keepBytes = 4 * 1024 * 1024;
    qint64 clockEveryMs = 500;
    qint64 resendMs = 1'000;
    qint64 segmentSize = wal::kSegmentSize;
    ReplicaFaults faults; ///< tests only
};

/// What the replica needs of the world. All must outlive it.
struct ReplicaWorld {
    Clock &clock;
    Random &random;
    wal::Disk &disk;
    wal::SyncRunner &syncs;
    wal::SyncRunner &saves; ///< of snapshots: the log's syncs don't wait for them
    PeerTransport &peers;
    StateMachine &machine;
    /// Asks for one call of pump() after everything else that arrived in this round.
    std::function<void()> schedule;
    /// The log failed or the state cannot be read: nothing is acknowledged after it; the
    /// owner ends the process.
    std::function<void(const Error &)> fatal;
    /// The members or their contexts (addresses) changed.
    std::function<void(const raft::Membership &)> membershipChanged;
    /// This member was removed from the cluster: nothing that it does counts any more.
    std::function<void()> removed = {};
    /// Its state is not that of the other members: it must not take part any more, and no restart
    /// mends it. Told instead of `fatal`; null: `fatal` is told.
    std::function<void(const Error &)> diverged = {};
    /// It is about to take part for the first time: to be remembered (ReplicaOptions::hasRun)
    /// before this returns; an error ends it.
    std::function<Result<void>()> begins = {};
    /// The log in memory was cut after a snapshot: much memory may be free now.
    std::function<void()> compacted = {};
};

struct ReplicaStatus {
    raft::Status raft;
    raft::Membership membership;
    raft::Index applied = 0;
    raft::Index snapshotIndex = 0;
    quint64 proposals = 0; ///< of this member since it started
    quint64 proposalsLastSecond = 0;
    quint64 pending = 0; ///< writes that wait for their answer
    quint64 failed = 0;  ///< writes whose time ran out
    quint64 leaderChanges = 0;
    quint64 syncs = 0;
    quint64 appendsSent = 0; ///< messages with entries, or to find where the logs meet
    quint64 appendsReceived = 0;
    Rate sentRate; ///< of them, of late
    Rate receivedRate;
    std::map<raft::NodeId, FollowerStatistics> followers; ///< of a leader
    std::map<raft::NodeId, Shipment> shipments;           ///< snapshots on their way to others
    QList<Alarm> alarms;
    qint64 leaderSinceUs = 0; ///< wall clock when this member learnt of its leader; 0 = none
};

/// Drives consensus, log, snapshots and state of one member, without I/O of its own, so that it can
/// be hosted by production and by the simulator alike. Wiring: make PosixDisk, ThreadSyncRunner and
/// a transport, start(), then tick() from a timer of one raft tick, receive() for every frame, and
/// pump() once a round of the event loop when `schedule` asked: so that all that arrived meanwhile
/// is one write and one sync.
class Replica {
public:
    using Done = std::function<void(Result<void>)>;

    Replica(const ReplicaOptions &options, const ReplicaWorld &world);
    ~Replica();
    Replica(const Replica &) = delete;
    Replica &operator=(const Replica &) = delete;

    /// Recovers from disk. code::corrupt: the log or the snapshot is damaged; the node must not
    /// run.
    Result<void> start();
    void tick();
    void pump();
    void receive(raft::NodeId from, PeerKind kind, QByteArrayView payload);
    void receiveSnapshot(const raft::Message &message, const QByteArray &state);

    /// `done` comes once, never from inside the call. With no answer in time: code::noLeader when
    /// it was never sent, else code::unknownOutcome. A write whose leader is lost is sent to
    /// the next one at once and applied once.
    void write(const WriteRequest &request, qint64 timeoutMs, EventHandler done);
    /// Linearizable, through read-index.
    void read(const GetRequest &request, qint64 timeoutMs, EventHandler done);
    /// Calls `what` with the next pump.
    void defer(std::function<void()> what);
    /// Leader only (code::noLeader with detail "leader"); `done` when the membership that it leads
    /// to is committed and applied.
    void change(const std::vector<raft::MembershipChange> &changes, Done done);
    /// Leader only. `to` nobody: the voter that needs the least. `done` when another member leads,
    /// with its id; an error when this one leads on.
    using Transferred = std::function<void(Result<raft::NodeId>)>;
    void transferLeadership(raft::NodeId to, Transferred done);
    void campaign();

    bool isLeader() const { return m_raft && m_raft->isLeader(); }
    /// How long no leader has been known here; 0 with one. What this member answers from its own
    /// state may be that old.
    qint64 leaderlessMs() const;
    bool isRemoved() const { return m_raft && m_raft->isRemoved(); }
    /// Nobody waits for a write or a read.
    bool isIdle() const { return m_pending.empty() && m_readings.empty(); }
    raft::NodeId leader() const { return m_raft ? m_raft->leader() : raft::kNobody; }
    /// As raft has it: the newest in the log. Empty before a newcomer has heard of any.
    const raft::Membership &membership() const { return m_knownMembership; }
    raft::Index applied() const { return m_applied; }
    raft::Index committed() const { return m_raft ? m_raft->commitIndex() : 0; }
    raft::Term term() const { return m_raft ? m_raft->term() : 0; }
    ReplicaStatus status() const;
    const QList<Alarm> &alarms() const { return m_alarms.all(); }
    /// For whoever looks for broken invariants; null before start().
    const raft::Raft *consensus() const { return m_raft.get(); }
    const StateMachine &machine() const { return m_world.machine; }
    StateMachine &machine() { return m_world.machine; }

private:
    struct Pending {
        WriteRequest request;
        EventHandler done;
        qint64 deadlineMs = 0;
        qint64 sentMs = 0;
        bool sent = false;
        bool everSent = false;
        int attempts = 0;
    };
    struct Reading {
        GetRequest request;
        EventHandler done;
        qint64 deadlineMs = 0;
        qint64 askedMs = 0;
        bool asked = false;
        raft::Index index = 0; // 0: not known yet
    };
    struct Changing {
        raft::Term term = 0;
        Done done;
        bool committed = false; ///< a joint membership: the one that follows is waited for
    };

    Result<raft::Restored> recover();
    Result<void> createLog();
    void wake();
    void fatal(const Error &error);
    Result<void> begin();
    void askAround();
    void judgeFirstStart();
    Acquaintance acquaintance(raft::NodeId with) const;
    QByteArray state();
    quint64 stateSum() const;
    Result<void> setState(QByteArrayView bytes);

    // pump
    void handle(raft::Ready ready);
    void install(const raft::SnapshotMeta &meta);
    void persist(const raft::Ready &ready, std::vector<raft::Message> afterSync);
    void sendAll(const std::vector<raft::Message> &messages);
    void sendSnapshot(const raft::Message &message);
    void replaceSnapshot(const Error &damage);
    void apply(const raft::Entry &entry);
    void applyCommand(const raft::Entry &entry);
    void applyChange(const raft::Entry &entry);
    void changesDone();
    void takeReads(const std::vector<raft::Ready::Read> &reads);
    void answerReads();
    void noteMembership();
    void noteFollowers();
    void noteRemoval();
    void checkpoint();
    void tellState(const StateHash &state);
    void tellMembers(const StateHash &state);
    void judgeStates();
    void alarm(Alarm::Kind kind, raft::NodeId member, const QString &sentence);
    void watchSpace();
    void beLow();
    bool mustDrop(const raft::Message &message) const;
    /// With one that was due, and is on disk, the alarm of a damaged one ends.
    enum class Saving { WhenDue, AtOnce };
    void saveSnapshot(QByteArray state, Saving saving);
    void snapshotSaved(const raft::SnapshotMeta &meta);
    void removeSuperseded(raft::Index snapshot);
    raft::Index keepFrom(raft::Index snapshot) const;
    void compact(const raft::SnapshotMeta &meta);

    // requests.cpp
    void noteLeader();
    void noteTransfer();
    void endTransfer(const Result<raft::NodeId> &result);
    void route(quint64 id, Pending &pending);
    void routeAll();
    void askReads();
    void expireRequests();
    Result<void> findRoom() const;
    Result<void> findRoomToDelete() const;
    Result<void> proposeWrite(quint64 id, const WriteRequest &request);
    void commitClock();
    qint64 leaderClockUs();
    void finish(EventHandler done, Result<Event> result);
    void onForward(raft::NodeId from, QByteArrayView payload);
    void onRefused(QByteArrayView payload);

    ReplicaOptions m_options;
    ReplicaWorld m_world;
    wal::Snapshotter m_snapshots;
    std::unique_ptr<wal::Wal> m_wal;
    std::unique_ptr<raft::Raft> m_raft;
    bool m_failed = false;
    bool m_awake = false;
    bool m_removedTold = false;
    std::optional<FirstStart> m_firstStart; ///< set: it is silent, and asks
    qint64 m_asksSinceMs = 0;
    bool m_waitTold = false;

    raft::Index m_applied = 0;
    qint64 m_clockUs = 0; // committed: part of the state
    RequestWindow m_window;
    raft::Index m_snapshotIndex = 0;
    bool m_snapshotting = false;
    qsizetype m_stateSize = 0; // of the last one
    StateCheck m_states;
    StateHash m_lastSum; // told again now and then: a message may be lost
    Alarms m_alarms;
    SpaceWatch m_space;
    qint64 m_spaceSinceMs = 0; // it was looked at
    std::map<raft::Index, QByteArray> m_received;
    raft::Membership m_appliedMembership; // what a snapshot says: committed, unlike raft's own
    raft::Membership m_knownMembership;

    raft::NodeId m_leader = raft::kNobody;
    raft::Term m_leaderTerm = 0;
    qint64 m_leaderSinceUs = 0;
    qint64 m_leaderlessSinceMs = 0; // while there is none
    PeerTraffic m_traffic;
    std::map<quint64, Pending> m_pending;
    std::map<quint64, Reading> m_readings;
    quint64 m_lastRead = 0;
    std::map<raft::Index, Changing> m_changing;
    Transferred m_transferred; ///< set: leadership is on its way to another member
    std::vector<std::function<void()>> m_deferred;

    qint64 m_proposedClockUs = 0;
    qint64 m_lastClockMs = 0;
    quint64 m_proposals = 0;
    quint64 m_failedWrites = 0;
    quint64 m_leaderChanges = 0;
    quint64 m_rate = 0;
    quint64 m_rateBase = 0;
    qint64 m_rateSinceMs = 0;
    std::shared_ptr<bool> m_alive; // answers of disk and peers may come after this object
};

} // namespace qd::store
