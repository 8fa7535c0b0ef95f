// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/store/replica/keyspace.h"
#include "agent/store/state_sum.h"
#include "tests/simulation/history.h"

namespace qd::sim {

/// The production keyspace, with a witness: everything that is applied is told to the history, and
/// the snapshot carries a hash over all of it.
class SimMachine final : public store::StateMachine {
public:
    SimMachine(History &history, store::WatchHub::Defer defer)
        : m_history(history)
        , m_keyspace(std::move(defer))
    {
    }

    Result<store::Event>
    apply(raft::Index index, raft::Term term, const store::Command &command) override;
    Result<store::Event> get(const store::GetRequest &request) const override
    {
        return m_keyspace.get(request);
    }
    Result<quint64>
    walk(const store::GetRequest &request, store::NodeVisitor &visitor) const override
    {
        return m_keyspace.walk(request, visitor);
    }
    std::unique_ptr<store::Watch>
    watch(const store::WatchRequest &request, store::WatchHandler handler) override
    {
        return m_keyspace.watch(request, std::move(handler));
    }
    store::History history(const QString &key, bool recursive) const override
    {
        return m_keyspace.history(key, recursive);
    }
    void save(ByteWriter &out) const override;
    quint64 sum() const override { return store::mixed(m_keyspace.sum() + m_hash, m_last); }
    Result<void> restore(QByteArrayView bytes) override;
    bool hasExpirations() const override { return m_keyspace.hasExpirations(); }

    quint64 index() const { return m_keyspace.index(); }
    quint64 hash() const { return m_hash; }
    raft::Index lastApplied() const { return m_last; }

private:
    History &m_history;
    store::Keyspace m_keyspace;
    quint64 m_hash = 1;
    raft::Index m_last = 0;
};

} // namespace qd::sim
