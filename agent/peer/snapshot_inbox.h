// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/peer/snapshot_frames.h"

#include <optional>

namespace qd::peer {

/// The snapshot that is being received. It outlives the connection that it came on: the same one,
/// offered again by whomever, goes on where it was. Only one at a time: there is one leader.
class SnapshotInbox {
public:
    static constexpr quint64 kMost = 1024ULL * 1024 * 1024;

    /// Where the sender is to go on; code::limit for one that is too large.
    Result<SnapshotHave> offered(const SnapshotOffer &offer);
    /// Where the sender is to go on: after the piece, or where one is missing. code::corrupt: the
    /// piece is damaged, or the whole is; the sender must begin a new connection.
    Result<SnapshotHave> received(const SnapshotChunk &chunk);
    /// The whole, once.
    std::optional<std::pair<raft::Message, QByteArray>> takeWhole();

private:
    SnapshotHave have() const { return {m_offer.message.snapshot.index, quint64(m_state.size())}; }

    SnapshotOffer m_offer;
    QByteArray m_state;
};

} // namespace qd::peer
