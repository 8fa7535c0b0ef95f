// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/store/replica/replica.h"

namespace qd::store {

/// The store of this member, for every other part of the agent.
class LocalStore final : public StoreClient {
public:
    static constexpr qint64 kTimeoutMs = 5'000;

    /// The replica must outlive it.
    explicit LocalStore(Replica &replica, qint64 timeoutMs = kTimeoutMs)
        : m_replica(replica)
        , m_timeoutMs(timeoutMs)
    {
    }

    void get(const GetRequest &request, EventHandler done) override
    {
        if (request.quorum)
            return m_replica.read(
                request, m_timeoutMs, [this, done = std::move(done)](Result<Event> event) {
                    done(stamped(std::move(event)));
                });
        m_replica.defer([this, request, done = std::move(done)] { done(getLocal(request)); });
    }
    void write(const WriteRequest &request, EventHandler done) override
    {
        m_replica.write(request, m_timeoutMs, std::move(done));
    }
    std::unique_ptr<Watch> watch(const WatchRequest &request, WatchHandler handler) override
    {
        return m_replica.machine().watch(request, std::move(handler));
    }
    Result<Event> getLocal(const GetRequest &request) const override
    {
        return stamped(m_replica.machine().get(request));
    }
    Result<quint64> walkLocal(const GetRequest &request, NodeVisitor &visitor) const override
    {
        return m_replica.machine().walk(request, visitor);
    }
    Result<History> history(const QString &key, bool recursive) const override
    {
        return m_replica.machine().history(key, recursive);
    }
    bool isLeader() const override { return m_replica.isLeader(); }

private:
    /// A read says how far this member's log has been applied.
    Result<Event> stamped(Result<Event> event) const
    {
        if (event) {
            event->raftIndex = m_replica.applied();
            event->raftTerm = m_replica.term();
        }
        return event;
    }

    Replica &m_replica;
    qint64 m_timeoutMs;
};

} // namespace qd::store
