// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/store/replica/keyspace.h"

#include "agent/store/state_sum.h"
#include "shared/base/bytes.h"

namespace qd::store {

Result<Event> Keyspace::apply(raft::Index index, raft::Term term, const Command &command)
{
    m_clockUs = std::max(m_clockUs, command.clockUs);
    if (command.type == CommandType::Sync) {
        expire(index, term);
        Event done;
        done.action = QStringLiteral("sync");
        done.etcdIndex = m_tree.index();
        return done;
    }
    QStringList removed;
    const Operation operation = operationOf(command.write);
    auto event = write(operation, command, &removed);
    m_statistics.count(operation, event.has_value());
    if (!event)
        return event;
    event->raftIndex = index;
    event->raftTerm = term;
    m_hub.add(*event, removed);
    return event;
}

void Keyspace::expire(raft::Index index, raft::Term term)
{
    while (true) {
        QStringList removed;
        auto event = m_tree.expireNext(m_clockUs, &removed);
        if (!event)
            return;
        event->raftIndex = index;
        event->raftTerm = term;
        ++m_statistics.expired;
        m_hub.add(*event, removed);
    }
}

Result<Event> Keyspace::write(Operation operation, const Command &command, QStringList *removed)
{
    const WriteRequest &request = command.write;
    const QByteArray prevValue = request.prevValue.value_or(QByteArray());
    const Expiry expiry{command.expirationUs, request.refresh};
    switch (operation) {
    case Operation::Create:
        return m_tree.create(
            request.key, request.dir, request.value, request.kind == WriteRequest::Kind::Post,
            expiry, m_clockUs);
    case Operation::Set:
        return m_tree.set(request.key, request.dir, request.value, expiry, m_clockUs);
    case Operation::Update:
        return m_tree.update(request.key, request.value, expiry, m_clockUs);
    case Operation::CompareAndSwap:
        return m_tree.compareAndSwap(
            request.key, prevValue, request.prevIndex, request.value, expiry, m_clockUs);
    case Operation::Delete:
        return m_tree.remove(request.key, request.dir, request.recursive, m_clockUs, removed);
    case Operation::CompareAndDelete:
        return m_tree.compareAndDelete(request.key, prevValue, request.prevIndex, m_clockUs);
    case Operation::Get:
        break;
    }
    return fail(code::unsupported, QStringLiteral("a write of an unknown kind"));
}

Result<Event> Keyspace::get(const GetRequest &request) const
{
    return m_tree.get(request.key, request.recursive, m_clockUs);
}

Result<quint64> Keyspace::walk(const GetRequest &request, NodeVisitor &visitor) const
{
    return m_tree.walk(request.key, request.recursive, m_clockUs, visitor);
}

Statistics Keyspace::statistics() const
{
    Statistics out = m_statistics;
    out.watchers = quint64(m_hub.watcherCount());
    return out;
}

std::unique_ptr<Watch> Keyspace::watch(const WatchRequest &request, WatchHandler handler)
{
    ++m_statistics.watchRequests;
    return m_hub.watch(request, m_tree.index(), std::move(handler));
}

void Keyspace::save(ByteWriter &out) const
{
    out.number<qint64>(m_clockUs);
    out.section([this](ByteWriter &writer) { m_tree.save(writer); });
    out.section([this](ByteWriter &writer) { m_hub.save(writer); });
}

quint64 Keyspace::sum() const
{
    const quint64 sum = mixed(m_tree.sum() + m_hub.sum(), m_tree.index());
    return mixed(sum, quint64(m_clockUs));
}

Result<void> Keyspace::restore(QByteArrayView bytes)
{
    ByteReader reader(bytes);
    const auto clockUs = reader.number<qint64>();
    const QByteArrayView tree = reader.view();
    const QByteArrayView history = reader.view();
    if (!reader.ok() || !reader.atEnd())
        return fail(code::corrupt, QStringLiteral("the store's state does not decode"));
    m_hub.clear(m_tree.index());
    if (const auto restored = m_tree.restore(tree); !restored)
        return restored;
    m_clockUs = clockUs;
    return m_hub.restore(history);
}

} // namespace qd::store
