// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/peer/snapshot_inbox.h"

#include "shared/base/crc32c.h"

namespace qd::peer {

Result<SnapshotHave> SnapshotInbox::offered(const SnapshotOffer &offer)
{
    if (offer.size > kMost)
        return fail(
            code::limit, QStringLiteral("a snapshot of %1 bytes is offered").arg(offer.size));
    const raft::SnapshotMeta &known = m_offer.message.snapshot;
    const bool isSame = offer.size == m_offer.size && offer.crc == m_offer.crc &&
                        offer.message.snapshot.index == known.index &&
                        offer.message.snapshot.term == known.term;
    if (!isSame)
        m_state.clear();
    m_offer = offer; // the term of the one who offers it may be another
    return have();
}

Result<SnapshotHave> SnapshotInbox::received(const SnapshotChunk &chunk)
{
    if (chunk.offset != quint64(m_state.size()))
        return have(); // of an earlier connection, or one that is complete
    if (chunk.crc != crc32c(chunk.bytes))
        return fail(code::corrupt, QStringLiteral("a piece of a snapshot is damaged"));
    if (chunk.offset + quint64(chunk.bytes.size()) > m_offer.size)
        return fail(code::corrupt, QStringLiteral("a snapshot is longer than it was offered"));
    m_state += chunk.bytes;
    if (quint64(m_state.size()) == m_offer.size && crc32c(m_state) != m_offer.crc) {
        m_state.clear();
        return fail(code::corrupt, QStringLiteral("a snapshot is not what was offered"));
    }
    return have();
}

std::optional<std::pair<raft::Message, QByteArray>> SnapshotInbox::takeWhole()
{
    if (m_offer.size == 0 || quint64(m_state.size()) != m_offer.size)
        return std::nullopt;
    auto whole = std::pair(m_offer.message, std::exchange(m_state, {}));
    m_offer = {};
    return whole;
}

} // namespace qd::peer
