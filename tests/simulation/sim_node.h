// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/raft.h"
#include "agent/wal/snapshotter.h"
#include "agent/wal/wal.h"
#include "tests/simulation/history.h"
#include "tests/simulation/scheduler.h"
#include "tests/simulation/sim_disk.h"

#include <memory>

namespace qd::sim {

/// A message under way; a snapshot takes its file with it.
struct Packet {
    raft::Message message;
    std::shared_ptr<const QByteArray> file;
};

/// The replicated state of the simulation: which commands were applied, in which order.
struct State {
    raft::Index applied = 0;
    quint64 hash = 1;
    std::set<quint64> commands;

    void apply(const raft::Entry &entry);
    QByteArray encode() const;
    static State decode(const QByteArray &bytes);
};

struct NodeOptions {
    raft::Config raft;
    raft::Faults faults;
    raft::Membership initial; ///< empty for one that is added later
    quint64 snapshotEvery = 50;
    quint64 keepEntries = 10;
    qint64 maxSyncUs = 10'000;
};

/// What a node needs of the world around it.
class World {
public:
    virtual ~World() = default;
    virtual Scheduler &scheduler() = 0;
    virtual Random &random() = 0;
    virtual History &history() = 0;
    virtual std::map<raft::NodeId, Durable> &durable() = 0;
    virtual void send(raft::NodeId from, Packet packet) = 0;
    virtual void died(raft::NodeId id) = 0;
    /// It knows that it was removed: its process ends.
    virtual void retired(raft::NodeId id) = 0;
};

/// One member: the production consensus, log and snapshots over a simulated disk.
class SimNode final : public wal::SyncRunner {
public:
    SimNode(World &world, const NodeOptions &options, quint64 seed);
    ~SimNode() override;

    SimDisk &disk() { return m_disk; }
    /// Recovers from the disk. An error when the node refuses to start with what is there.
    Result<void> start();
    /// The power fails.
    void crash();
    bool isUp() const { return m_raft != nullptr; }

    void tick();
    void receive(const Packet &packet);
    /// A client's write; false when this member does not lead.
    bool propose(quint64 command);
    /// A client's linearizable read: checked when it is answered.
    void read();
    void transfer(raft::NodeId to);
    /// False when the leader refuses, or it is none.
    bool change(const std::vector<raft::MembershipChange> &changes);

    const raft::Raft &raft() const { return *m_raft; }
    const State &state() const { return m_state; }
    raft::NodeId id() const { return m_options.raft.id; }
    quint64 incarnation() const { return m_incarnation; }

    void run(std::function<Result<void>()> work, std::function<void(Result<void>)> done) override;

private:
    struct Pending {
        raft::Term term = 0;
        quint64 command = 0;
    };

    template <class What>
    void act(What what);
    void pump();
    Result<void> restore(raft::Restored *restored);
    void handle(raft::Ready ready);
    void install(const raft::SnapshotMeta &meta);
    static raft::Index firstTouched(const raft::Ready &ready);
    void persist(const raft::Ready &ready, std::vector<raft::Message> afterSync);
    void durableNow(
        const std::vector<raft::Entry> &entries, const std::optional<raft::HardState> &hard,
        raft::Index installed);
    void sendAll(const std::vector<raft::Message> &messages);
    void sendSnapshot(const raft::Message &message);
    void apply(const std::vector<raft::Entry> &entries);
    void answerReads();
    void maybeSnapshot();
    void checkCommits();
    void check();
    void die();

    World &m_world;
    NodeOptions m_options;
    SeededRandom m_random;
    SimDisk m_disk;
    wal::Snapshotter m_snapshots;
    quint64 m_incarnation = 0;
    bool m_dead = false; // a log that failed ends the process after the event

    std::unique_ptr<wal::Wal> m_wal;
    std::unique_ptr<raft::Raft> m_raft;
    State m_state;
    raft::Membership m_membership; // applied
    raft::Index m_lastSnapshot = 0;
    raft::Index m_seenCommit = 0;
    std::map<raft::Index, std::shared_ptr<const QByteArray>> m_received;
    std::map<raft::Index, Pending> m_pending;
    struct Reading {
        raft::Index atLeast = 0; // acknowledged when the read began
        raft::Index index = 0;   // 0: not known yet
    };
    std::map<quint64, Reading> m_readings;
    quint64 m_lastRead = 0;
    raft::HardState m_seen;
    bool m_wasLeader = false;
};

} // namespace qd::sim
