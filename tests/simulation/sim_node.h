// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/store/replica/local_store.h"
#include "tests/simulation/history.h"
#include "tests/simulation/mutants.h"
#include "tests/simulation/scheduler.h"
#include "tests/simulation/sim_clock.h"
#include "tests/simulation/sim_disk.h"
#include "tests/simulation/sim_machine.h"
#include "tests/simulation/witness.h"

#include <memory>

namespace qd::sim {

/// What is under way to another member.
struct Packet {
    raft::NodeId from = raft::kNobody;
    raft::NodeId to = raft::kNobody;
    store::PeerKind kind = store::PeerKind::Raft;
    QByteArray payload;
    quint64 connection = 0; ///< on which it is under way
};

/// A snapshot under way, which takes longer.
struct Parcel {
    raft::Message message;
    QByteArray state;
    /// The shipping ended; whether it arrived.
    std::function<void(bool)> done;
    quint64 receiver = 0;   ///< whose process it goes to: the next one has nothing of it
    quint64 connection = 0; ///< on which it is under way
};

struct NodeOptions {
    store::ReplicaOptions replica;
    Mutant mutant;
    qint64 maxSyncUs = 10'000;
    qint64 turnUs = 0; ///< how long a turn of the event loop may take; 0 = no time
    int driftPerMille = 0;
};

/// What a node needs of the world around it.
class World {
public:
    virtual ~World() = default;
    virtual Scheduler &scheduler() = 0;
    virtual Random &random() = 0;
    virtual History &history() = 0;
    virtual const std::map<raft::NodeId, const Witness *> &disks() = 0;
    /// The network is cut somewhere.
    virtual bool isCut() const = 0;
    virtual void send(Packet packet) = 0;
    virtual void ship(Parcel parcel) = 0;
    virtual void died(raft::NodeId id) = 0;
    /// It knows that it was removed: its process ends.
    virtual void retired(raft::NodeId id) = 0;
};

/// One member: the production replica and keyspace over a simulated disk, clock and network.
class SimNode final : public wal::SyncRunner, public store::PeerTransport {
public:
    SimNode(World &world, const NodeOptions &options, quint64 seed);
    ~SimNode() override;

    SimDisk &disk() { return m_disk; }
    const SimDisk &disk() const { return m_disk; }
    SimClock &clock() { return m_clock; }
    const Witness &witness() const { return m_witness; }
    /// Recovers from the disk. An error when the node refuses to start with what is there.
    Result<void> start();
    /// The power fails.
    void crash();
    /// The process ends, and the machine goes on.
    void kill();
    bool isUp() const { return m_replica != nullptr; }
    /// The process stands still: what comes for it waits.
    void pause() { m_paused = true; }
    void resume();
    bool isPaused() const { return m_paused; }
    void setSlowness(int factor) { m_slowness = factor; }

    void tick();
    void receive(const Packet &packet);
    void receiveSnapshot(const raft::Message &message, const QByteArray &state);
    /// Anything that happens to this process, with all that follows from it at once.
    void act(const std::function<void()> &what);
    /// A numbered write by who asks the leader; false when this member does not lead.
    bool propose(quint64 command);
    void transfer(raft::NodeId to);
    /// False when the leader refuses, or it is none.
    bool change(const std::vector<raft::MembershipChange> &changes);

    /// All below only while it is up.
    const raft::Raft &raft() const { return *m_replica->consensus(); }
    store::Replica &replica() { return *m_replica; }
    const store::Replica &replica() const { return *m_replica; }
    /// As the rest of an agent sees it.
    store::LocalStore store(qint64 timeoutMs) { return store::LocalStore(*m_replica, timeoutMs); }
    SimMachine &machine() { return *m_machine; }
    const SimMachine &machine() const { return *m_machine; }
    bool holds(quint64 command) const;

    raft::NodeId id() const { return m_options.replica.raft.id; }
    quint64 incarnation() const { return m_incarnation; }
    const Error &lastError() const { return m_error; }
    qint64 tickUs(qint64 us) const { return m_clock.truly(us); }

    // what the replica calls
    void run(std::function<Result<void>()> work, std::function<void(Result<void>)> done) override
    {
        runAfter(&m_lastSyncAt, std::move(work), std::move(done));
    }
    void send(raft::NodeId to, store::PeerKind kind, const QByteArray &payload) override;
    void sendSnapshot(
        const raft::Message &message, const QByteArray &state,
        std::function<void(bool)> done) override;

private:
    /// The thread that saves snapshots, beside the one of the log's syncs.
    struct Saves final : wal::SyncRunner {
        explicit Saves(SimNode &of)
            : node(of)
        {
        }
        void
        run(std::function<Result<void>()> work, std::function<void(Result<void>)> done) override
        {
            node.runAfter(&lastAt, std::move(work), std::move(done));
        }
        SimNode &node;
        qint64 lastAt = 0;
    };

    void runAfter(
        qint64 *last, std::function<Result<void>()> work, std::function<void(Result<void>)> done);
    Result<void> startReplica();
    bool endsTorn() const;
    void cutAtDamage();
    store::ReplicaWorld replicaWorld();
    void wanted();
    void pump();
    void end();
    void checkCommits();
    void check();
    void checkLog();
    void noteAlarms();

    World &m_world;
    NodeOptions m_options;
    SeededRandom m_random;
    SimClock m_clock;
    Witness m_witness;
    SimDisk m_disk;
    quint64 m_incarnation = 0;
    bool m_powerFailed = false; // since it was up
    bool m_hasRun = false;      // its identity says so, which is on another disk
    bool m_wanted = false;
    bool m_dead = false; // a log that failed ends the process after the event
    bool m_removed = false;
    bool m_paused = false;
    int m_slowness = 1;
    qint64 m_lastSyncAt = 0;
    Saves m_saves{*this};
    Error m_error;
    std::vector<std::function<void()>> m_waiting; // while it is paused
    std::map<raft::NodeId, quint64> m_shipping;   // the newest snapshot to each

    std::unique_ptr<SimMachine> m_machine;
    std::unique_ptr<store::Replica> m_replica;
    raft::Index m_seenCommit = 0;
    raft::Index m_seenApplied = 0;
    quint64 m_seenFiles = 0;
    std::pair<raft::Index, raft::Term> m_seenLast;
    raft::HardState m_seen;
    bool m_wasLeader = false;
    std::set<Alarm::Kind> m_seenAlarms;
};

} // namespace qd::sim
