// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/sim_machine.h"

#include "shared/base/bytes.h"
#include "shared/base/crc32c.h"

namespace qd::sim {

using namespace store;

namespace {

quint64 digestOf(const Result<Event> &outcome)
{
    if (!outcome)
        return qHash(outcome.error().code, 1);
    const QString &key = outcome->node.key;
    quint64 digest = crc32c(outcome->node.value, quint32(outcome->node.modifiedIndex));
    const QByteArrayView name(reinterpret_cast<const char *>(key.utf16()), 2 * key.size());
    digest = digest << 32 | crc32c(name, quint32(outcome->etcdIndex));
    return digest + quint64(outcome->node.expirationUs.value_or(0));
}

} // namespace

Result<Event> SimMachine::apply(raft::Index index, raft::Term term, const Command &command)
{
    require(index > m_last, "an entry is applied once, and after those before it");
    m_last = index;
    const quint64 before = m_keyspace.index();
    auto outcome = m_keyspace.apply(index, term, command);
    m_hash = (m_hash ^ digestOf(outcome) ^ index) * 0x9e3779b97f4a7c15ULL + (m_hash >> 31);
    m_history.applied(index, m_hash);
    m_history.happened(before, m_keyspace.index(), command, outcome);
    return outcome;
}

void SimMachine::save(ByteWriter &out) const
{
    const QByteArray keys = saved(m_keyspace);
    out.number<quint64>(m_hash);
    out.number<quint64>(m_last);
    out.number<quint64>(m_keyspace.sum());
    out.bytes(keys);
    m_history.count(Sometimes::SnapshotTaken);
    m_history.looksLike(m_hash, crc32c(keys));
}

Result<void> SimMachine::restore(QByteArrayView bytes)
{
    ByteReader reader(bytes);
    m_hash = reader.number<quint64>();
    m_last = reader.number<quint64>();
    const auto sum = reader.number<quint64>();
    const auto restored = m_keyspace.restore(reader.view());
    require(
        !restored || m_keyspace.sum() == sum, "the sum that followed each write is the state's");
    return restored;
}

} // namespace qd::sim
