// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/store/replica/keyspace.h"

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
    auto event = write(command, &removed);
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
        m_hub.add(*event, removed);
    }
}

Result<Event> Keyspace::write(const Command &command, QStringList *removed)
{
    const WriteRequest &request = command.write;
    const Expiry expiry{command.expirationUs, request.refresh};
    const bool compares =
        request.prevIndex > 0 || (request.prevValue && !request.prevValue->isEmpty());
    switch (request.kind) {
    case WriteRequest::Kind::Post:
        return m_tree.create(request.key, request.dir, request.value, true, expiry, m_clockUs);
    case WriteRequest::Kind::Delete:
        if (compares)
            return m_tree.compareAndDelete(
                request.key, request.prevValue.value_or(QByteArray()), request.prevIndex,
                m_clockUs);
        return m_tree.remove(request.key, request.dir, request.recursive, m_clockUs, removed);
    case WriteRequest::Kind::Put:
        return put(request, expiry);
    }
    return fail(code::unsupported, QStringLiteral("a write of an unknown kind"));
}

Result<Event> Keyspace::put(const WriteRequest &request, const Expiry &expiry)
{
    const QByteArray prevValue = request.prevValue.value_or(QByteArray());
    if (request.prevExist && !*request.prevExist)
        return m_tree.create(request.key, request.dir, request.value, false, expiry, m_clockUs);
    if (request.prevIndex > 0 || !prevValue.isEmpty())
        return m_tree.compareAndSwap(
            request.key, prevValue, request.prevIndex, request.value, expiry, m_clockUs);
    if (request.prevExist)
        return m_tree.update(request.key, request.value, expiry, m_clockUs);
    return m_tree.set(request.key, request.dir, request.value, expiry, m_clockUs);
}

Result<Event> Keyspace::get(const GetRequest &request) const
{
    return m_tree.get(request.key, request.recursive, m_clockUs);
}

std::unique_ptr<Watch> Keyspace::watch(const WatchRequest &request, EventHandler handler)
{
    return m_hub.watch(request, m_tree.index(), std::move(handler));
}

QByteArray Keyspace::snapshot() const
{
    QByteArray out;
    ByteWriter writer(out);
    writer.number<qint64>(m_clockUs);
    writer.bytes(m_tree.snapshot());
    writer.bytes(m_hub.snapshot());
    return out;
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
