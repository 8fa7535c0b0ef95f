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
    qint64 segmentSize = wal::kSegmentSize;
    qint64 turnUs = 0;
    int driftPerMille = 0; ///< each machine's clock goes at most so much too fast or too slow
    qint64 resendMs = 1'000;
    Mutant mutant;
};

/// How the network treats a frame.
struct Weather {
    qint64 minUs = 300;
    qint64 meanUs = 2'000;
    int lossPerMille = 0;
    int duplicatesPerMille = 0;
    qint64 parcelUs = 20'000; ///< a snapshot takes up to so long
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
    /// The power fails.
    void crash(raft::NodeId id);
    /// The process ends; what it has written is still in the machine's memory.
    void kill(raft::NodeId id);
    /// A new machine, which knows of no cluster yet; its id.
    raft::NodeId add();
    /// One way: what `from` sends does not reach `to`.
    void cut(raft::NodeId from, raft::NodeId to);
    void isolate(raft::NodeId id);
    /// What goes that way takes so much longer.
    void setSlowWay(raft::NodeId from, raft::NodeId to, qint64 us) { m_slow[{from, to}] = us; }
    /// The connection between the two breaks: of what is under way on it nothing arrives whole.
    void reset(raft::NodeId a, raft::NodeId b);
    void healNetwork();
    void hurryEverything() { m_slow.clear(); }
    void setWeather(const Weather &weather) { m_weather = weather; }
    /// Told whenever a process ends: whoever waits for it learns so.
    void onEnd(std::function<void(raft::NodeId)> handler) { m_onEnd.push_back(std::move(handler)); }

    SimNode &node(raft::NodeId id) { return *m_nodes.at(size_t(id - 1)); }
    int size() const { return int(m_nodes.size()); }
    /// The member that leads the newest term, among those that are up; nothing when none does.
    SimNode *leader();
    /// A new command's number after it was handed to the leader; 0 without one.
    quint64 write();
    quint64 newCommand() { return ++m_lastCommand; }
    /// All members of the newest committed membership, which is not a joint one, have the same
    /// state, and who was removed knows it.
    bool everyoneAgrees();
    qint64 electionUs() const { return m_options.electionTicks * m_options.tickUs; }

    Scheduler &scheduler() override { return m_scheduler; }
    Random &random() override { return m_random; }
    History &history() override { return m_history; }
    const std::map<raft::NodeId, const Witness *> &disks() override { return m_disks; }
    void send(Packet packet) override;
    void ship(Parcel parcel) override;
    void died(raft::NodeId id) override;
    void retired(raft::NodeId id) override;
    bool isRetired(raft::NodeId id) const { return m_retired.count(id) != 0; }
    /// It has found that its disk is damaged, and never starts again.
    bool isRuined(raft::NodeId id) const { return m_ruined.count(id) != 0; }
    /// A snapshot is under way to it; nobody if there is none.
    raft::NodeId receiving() const;
    bool isCut() const override { return !m_cut.empty(); }

private:
    raft::NodeId make(raft::NodeId id);
    void scheduleTick(raft::NodeId id, quint64 incarnation);
    void deliver(const std::shared_ptr<Packet> &packet);
    void carry(const std::shared_ptr<Parcel> &parcel);
    void arrive(const std::shared_ptr<Parcel> &parcel);
    void ended(raft::NodeId id);
    void refused(raft::NodeId id, const Error &why);
    quint64 connection(raft::NodeId a, raft::NodeId b) const;
    void arriveCut(const Packet &packet);
    void noteStart(const SimNode &node);
    qint64 delay();
    bool reaches(raft::NodeId from, raft::NodeId to);
    bool hearsOfRemoval(SimNode &node);

    ClusterOptions m_options;
    NodeOptions m_common;
    Scheduler m_scheduler;
    SeededRandom m_random;
    History m_history;
    std::map<raft::NodeId, const Witness *> m_disks;
    std::vector<std::unique_ptr<SimNode>> m_nodes;
    std::set<std::pair<raft::NodeId, raft::NodeId>> m_cut;
    std::vector<std::function<void(raft::NodeId)>> m_onEnd;
    std::map<std::pair<raft::NodeId, raft::NodeId>, qint64> m_slow;
    Weather m_weather;
    quint64 m_lastCommand = 0;
    std::set<raft::NodeId> m_retired;
    std::set<raft::NodeId> m_ruined;
    std::map<std::pair<raft::NodeId, raft::NodeId>, quint64> m_resets; // by the lower id first
    std::map<raft::NodeId, int> m_parcels;                             // under way to each
    std::map<std::pair<raft::NodeId, raft::NodeId>, qint64> m_lastArrival;
};

} // namespace qd::sim
