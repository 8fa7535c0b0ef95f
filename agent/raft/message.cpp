// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/raft/message.h"

#include "agent/raft/membership.h"
#include "shared/base/bytes.h"

namespace qd::raft {

namespace {

constexpr quint8 kRejectBit = 1;
constexpr quint8 kTransferBit = 2;

void writeEntry(ByteWriter &writer, const Entry &entry)
{
    writer.number<quint64>(entry.term);
    writer.number<quint64>(entry.index);
    writer.u8(quint8(entry.type));
    writer.bytes(entry.data);
}

bool readEntry(ByteReader &reader, Entry &entry)
{
    entry.term = reader.number<quint64>();
    entry.index = reader.number<quint64>();
    const quint8 type = reader.u8();
    entry.data = reader.bytes();
    if (!reader.ok() || type > quint8(EntryType::Config))
        return false;
    entry.type = EntryType(type);
    return true;
}

tl::unexpected<Error> broken(const char *what)
{
    return fail(
        code::corrupt, QStringLiteral("a raft %1 does not decode").arg(QLatin1String(what)));
}

} // namespace

QByteArray encodeEntry(const Entry &entry)
{
    QByteArray out;
    out.reserve(entry.data.size() + 24);
    ByteWriter writer(out);
    writeEntry(writer, entry);
    return out;
}

Result<Entry> decodeEntry(QByteArrayView bytes)
{
    ByteReader reader(bytes);
    Entry entry;
    if (!readEntry(reader, entry) || !reader.atEnd())
        return broken("entry");
    return entry;
}

QByteArray encodeMessage(const Message &m)
{
    QByteArray out;
    ByteWriter writer(out);
    writer.u8(quint8(m.type));
    writer.u8(quint8((m.reject ? kRejectBit : 0) | (m.transfer ? kTransferBit : 0)));
    for (const quint64 number :
         {m.from, m.to, m.term, m.index, m.logTerm, m.commit, m.hintIndex, m.hintTerm, m.context})
        writer.number<quint64>(number);
    writer.number<quint32>(quint32(m.entries.size()));
    for (const Entry &entry : m.entries)
        writeEntry(writer, entry);
    if (m.type == MessageType::Snapshot) {
        writer.number<quint64>(m.snapshot.index);
        writer.number<quint64>(m.snapshot.term);
        writer.bytes(encodeMembership(m.snapshot.membership));
    }
    return out;
}

Result<Message> decodeMessage(QByteArrayView bytes)
{
    ByteReader reader(bytes);
    Message m;
    const quint8 type = reader.u8();
    const quint8 bits = reader.u8();
    if (type < quint8(MessageType::PreVote) || type > quint8(MessageType::Removed))
        return broken("message");
    m.type = MessageType(type);
    m.reject = bits & kRejectBit;
    m.transfer = bits & kTransferBit;
    for (quint64 *number :
         {&m.from, &m.to, &m.term, &m.index, &m.logTerm, &m.commit, &m.hintIndex, &m.hintTerm,
          &m.context})
        *number = reader.number<quint64>();
    const auto count = reader.number<quint32>();
    for (quint32 i = 0; i < count; ++i) {
        Entry entry;
        if (!readEntry(reader, entry))
            return broken("message");
        m.entries.push_back(std::move(entry));
    }
    if (m.type == MessageType::Snapshot) {
        m.snapshot.index = reader.number<quint64>();
        m.snapshot.term = reader.number<quint64>();
        const auto membership = decodeMembership(reader.view());
        if (!membership)
            return fail(membership.error());
        m.snapshot.membership = *membership;
    }
    if (!reader.ok() || !reader.atEnd())
        return broken("message");
    return m;
}

} // namespace qd::raft
