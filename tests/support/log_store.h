// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/store/replica/keyspace.h"
#include "shared/base/clock.h"

#include <QTimer>

namespace qd::test {

/// Time that stands still until it is told to go on.
class ManualClock final : public Clock {
public:
    qint64 monotonicMs() const override { return m_us / 1000; }
    qint64 wallUs() const override { return kEpochUs + m_us; }
    void advanceMs(qint64 ms) { m_us += ms * 1000; }

private:
    static constexpr qint64 kEpochUs = 1'700'000'000'000'000;
    qint64 m_us = 1'000'000;
};

class LogStore;

/// A replicated log without consensus: what one member writes, the others that are connected apply
/// at once. Each has a keyspace of its own, so that one that is cut off sees the past.
class SharedLog {
public:
    explicit SharedLog(const Clock &clock)
        : m_clock(clock)
    {
    }
    /// What a leader does every so often: what has run out by now goes.
    void expire()
    {
        store::Command command;
        command.type = store::CommandType::Sync;
        command.clockUs = m_clock.wallUs();
        append(command);
    }

private:
    friend class LogStore;
    void append(const store::Command &command);

    const Clock &m_clock;
    std::vector<store::Command> m_commands;
    std::vector<LogStore *> m_members;
};

/// One member's store: the real keyspace, with real TTLs, watches and compare-and-swap.
class LogStore final : public store::StoreClient {
public:
    explicit LogStore(SharedLog &log)
        : m_log(log)
        , m_keyspace([this](std::function<void()> f) { later(std::move(f)); })
    {
        log.m_members.push_back(this);
        catchUp();
    }
    ~LogStore() override { std::erase(m_log.m_members, this); }

    /// Cut off, its own writes fail and those of the others do not arrive.
    void setConnected(bool connected)
    {
        m_connected = connected;
        if (connected)
            catchUp();
    }
    void get(const store::GetRequest &request, store::EventHandler done) override
    {
        later([this, request, done = std::move(done)] {
            done(request.quorum && !m_connected ? noLeader() : getLocal(request));
        });
    }
    void write(const store::WriteRequest &request, store::EventHandler done) override
    {
        later([this, request, done = std::move(done)] {
            if (!m_connected) {
                done(noLeader());
                return;
            }
            store::Command command;
            command.clockUs = m_log.m_clock.wallUs();
            command.write = request;
            if (request.ttl)
                command.expirationUs = command.clockUs + *request.ttl * 1'000'000;
            m_log.append(command);
            done(m_last);
        });
    }
    std::unique_ptr<store::Watch>
    watch(const store::WatchRequest &request, store::WatchHandler handler) override
    {
        return m_keyspace.watch(request, std::move(handler));
    }
    Result<store::Event> getLocal(const store::GetRequest &request) const override
    {
        return m_keyspace.get(request);
    }
    Result<quint64>
    walkLocal(const store::GetRequest &request, store::NodeVisitor &visitor) const override
    {
        return m_keyspace.walk(request, visitor);
    }
    Result<store::History> history(const QString &key, bool recursive) const override
    {
        return m_keyspace.history(key, recursive);
    }
    bool isLeader() const override { return true; }

    /// For tests: the value, or nothing.
    std::optional<QByteArray> value(const QString &key) const
    {
        store::GetRequest request;
        request.key = key;
        const auto event = getLocal(request);
        return event ? std::optional(event->node.value) : std::nullopt;
    }
    /// For tests: a write by somebody else, at once.
    void put(const QString &key, const QByteArray &value)
    {
        store::Command command;
        command.clockUs = m_log.m_clock.wallUs();
        command.write.key = key;
        command.write.value = value;
        m_log.append(command);
    }
    quint64 index() const { return m_keyspace.index(); }
    /// For tests: what a snapshot from the leader does; every watch ends.
    void restoreFromSnapshot() { (void)m_keyspace.restore(saved(m_keyspace)); }
    void remove(const QString &key)
    {
        store::Command command;
        command.clockUs = m_log.m_clock.wallUs();
        command.write.kind = store::WriteRequest::Kind::Delete;
        command.write.key = key;
        command.write.recursive = command.write.dir = true;
        m_log.append(command);
    }

private:
    friend class SharedLog;
    static Result<store::Event> noLeader()
    {
        return fail(code::noLeader, QStringLiteral("There is no leader."));
    }
    void catchUp()
    {
        for (; m_applied < m_log.m_commands.size(); ++m_applied)
            m_last = m_keyspace.apply(m_applied + 1, 1, m_log.m_commands[m_applied]);
    }
    void later(std::function<void()> f) { QTimer::singleShot(0, &m_context, std::move(f)); }

    SharedLog &m_log;
    bool m_connected = true;
    size_t m_applied = 0;
    Result<store::Event> m_last;
    QObject m_context;
    store::Keyspace m_keyspace;
};

inline void SharedLog::append(const store::Command &command)
{
    m_commands.push_back(command);
    for (LogStore *member : m_members) {
        if (member->m_connected)
            member->catchUp();
    }
}

} // namespace qd::test
