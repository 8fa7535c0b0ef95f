// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/simulation/cluster.h"
#include "tests/simulation/linearizability.h"

namespace qd::sim {

/// Those who use the cluster: each does one thing after the other, on any member, and remembers
/// what it was told. Nothing that they were told may be wrong.
class Clients {
public:
    Clients(Cluster &cluster, quint64 seed, int count, qint64 meanThinkUs);

    void begin();
    void end() { m_on = false; }
    /// The answers to all that was asked, taken together.
    void checkAll();
    /// Histories whose check took too long.
    int undecided() const { return m_undecided; }
    quint64 answered() const { return m_answered; }

private:
    struct Call {
        Operation operation;
        raft::NodeId node = raft::kNobody;
        quint64 indexBefore = 0; // the highest that anybody had been told of
        bool tracked = false;    // part of a key's history
        QString key;
        size_t place = 0;
        bool open = true;
    };
    using Shared = std::shared_ptr<Call>;

    void think(int client);
    void act(int client);
    void write(int client, raft::NodeId node);
    void writeElsewhere(int client, raft::NodeId node);
    void read(int client, raft::NodeId node);
    void readLocally(raft::NodeId node);
    Shared open(const QString &key, raft::NodeId node, Operation::Kind kind, bool tracked);
    void submit(const Shared &call, int client, const store::WriteRequest &request);
    void answer(const Shared &call, const Result<store::Event> &result);
    void noteDone(Call &call, const store::Event &event);
    void noteFailed(Call &call, const Error &error);
    void close(const Shared &call);
    void lost(raft::NodeId node);
    void checkLocalRead(const QString &key, const Result<store::Event> &result);
    std::vector<Operation>
    withWhatHappened(const QString &key, const std::vector<Operation> &operations) const;
    QByteArray freshValue(int client);
    QByteArray guessOf(const QString &key);

    Cluster &m_cluster;
    SeededRandom m_random;
    int m_count;
    qint64 m_meanThinkUs;
    bool m_on = false;
    quint64 m_clock = 0; // counts calls and answers
    quint64 m_values = 0;
    quint64 m_highest = 0; // the highest index of the keyspace that anybody was told of
    quint64 m_answered = 0;
    int m_undecided = 0;
    std::map<QString, std::vector<Operation>> m_histories;
    std::map<QString, QByteArray> m_lastSeen;
    std::set<QByteArray> m_refused; // values of writes that were refused for good
    std::vector<std::pair<int, Shared>> m_open;
    std::map<raft::NodeId, std::pair<quint64, quint64>> m_localIndex; // incarnation, index
    std::map<QString, std::vector<quint64>> m_factsOf;
    quint64 m_factsRead = 0;
};

} // namespace qd::sim
