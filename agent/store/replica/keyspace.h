// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/store/replica/state_machine.h"
#include "agent/store/statistics.h"
#include "agent/store/tree.h"
#include "agent/store/watch_hub.h"

namespace qd::store {

/// etcd v2's keyspace as the replicated log drives it: the tree, and the watches over it. Which
/// operation a write is follows from its fields (peer-contracts.md 1.3). The only time that it
/// knows is the leader's committed clock.
class Keyspace final : public StateMachine {
public:
    /// `defer` runs its argument soon, in order: watch handlers go there.
    explicit Keyspace(WatchHub::Defer defer)
        : m_hub(std::move(defer))
    {
    }

    Result<Event> apply(raft::Index index, raft::Term term, const Command &command) override;
    Result<Event> get(const GetRequest &request) const override;
    Result<quint64> walk(const GetRequest &request, NodeVisitor &visitor) const override;
    std::unique_ptr<Watch> watch(const WatchRequest &request, WatchHandler handler) override;
    History history(const QString &key, bool recursive) const override
    {
        return m_hub.history(key, recursive, m_tree.index());
    }
    void save(ByteWriter &out) const override;
    quint64 sum() const override;
    Result<void> restore(QByteArrayView bytes) override;
    bool hasExpirations() const override { return m_tree.hasExpirations(); }

    quint64 index() const { return m_tree.index(); }
    qsizetype keyCount() const { return m_tree.keyCount(); }
    qsizetype watcherCount() const { return m_hub.watcherCount(); }
    Statistics statistics() const;

private:
    Result<Event> write(Operation operation, const Command &command, QStringList *removed);
    void expire(raft::Index index, raft::Term term);

    Tree m_tree;
    WatchHub m_hub;
    qint64 m_clockUs = 0;    ///< committed
    Statistics m_statistics; ///< of this process: no part of the state
};

} // namespace qd::store
