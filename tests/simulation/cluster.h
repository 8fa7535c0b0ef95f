// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/simulation/sim_node.h"

namespace qd::sim {

struct ClusterOptions {
    quint64 seed = 1;
    int nodes = 3;
    int electionTicks = 10;
    qint64 tickUs = 100'000;
    qint64 maxAppendBytes = 512 * 1024;
    size_t maxInflight = 128;
    qint64 maxUncommittedBytes = 64 * 1024 * 1024;
    quint64 snapshotEvery = 50;
    qint64 maxSyncUs = 10'000;
    raft::Faults mutant;
};

/// How the network treats a message.
struct Weather {
    qint64 minUs = 300;
    qint64 meanUs = 2'000;
    int lossPerMille = 0;
    int duplicatesPerMille = 0;
};

/// A whole cluster in virtual time, owned by a seed. Members are 1 to n.
class Cluster final : public World {
public:
    explicit Cluster(const ClusterOptions &options);
    ~Cluster() override;

    /// Runs events until then; throws Violation.
    void run(qint64 us);
    /// Runs until the condition holds, at most that long; whether it does.
    bool runUntil(const std::function<bool()> &condition, qint64 us);

    void start(raft::NodeId id);
    void crash(raft::NodeId id);
    /// One way: what `from` sends does not reach `to`.
    /// A new machine, which knows of no cluster yet; its id.
    raft::NodeId add();
    void cut(raft::NodeId from, raft::NodeId to);
    void isolate(raft::NodeId id);
    void healNetwork();
    void setWeather(const Weather &weather) { m_weather = weather; }

    SimNode &node(raft::NodeId id) { return *m_nodes.at(size_t(id - 1)); }
    int size() const { return int(m_nodes.size()); }
    /// The member that leads the newest term, among those that are up; nothing when none does.
    SimNode *leader();
    /// A new command's number after it was handed to the leader; 0 without one.
    quint64 write();
    quint64 newCommand() { return ++m_lastCommand; }
    /// A write on any member: a client does not know who leads.
    void writeSomewhere();
    /// All members of the newest committed membership, which is not a joint one, have the same
    /// state, and who was removed knows it.
    bool everyoneAgrees();
    qint64 electionUs() const { return m_options.electionTicks * m_options.tickUs; }

    Scheduler &scheduler() override { return m_scheduler; }
    Random &random() override { return m_random; }
    History &history() override { return m_history; }
    std::map<raft::NodeId, Durable> &durable() override { return m_durable; }
    void send(raft::NodeId from, Packet packet) override;
    void died(raft::NodeId id) override;
    void retired(raft::NodeId id) override;
    bool isRetired(raft::NodeId id) const { return m_retired.count(id) != 0; }
    /// How often a member came up with a joint membership in its log.
    quint64 startsWhileJoint() const { return m_jointStarts; }
    quint64 deaths() const { return m_deaths; }

private:
    void scheduleTick(raft::NodeId id, quint64 incarnation);
    void deliver(const std::shared_ptr<Packet> &packet);
    qint64 delay();
    bool hearsOfRemoval(const SimNode &node) const;

    ClusterOptions m_options;
    NodeOptions m_common;
    Scheduler m_scheduler;
    SeededRandom m_random;
    History m_history;
    std::map<raft::NodeId, Durable> m_durable;
    std::vector<std::unique_ptr<SimNode>> m_nodes;
    std::set<std::pair<raft::NodeId, raft::NodeId>> m_cut;
    Weather m_weather;
    quint64 m_lastCommand = 0;
    quint64 m_deaths = 0;
    std::set<raft::NodeId> m_retired;
    quint64 m_jointStarts = 0;
};

} // namespace qd::sim
