// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/message.h"

#include <functional>
#include <map>

namespace qd::store {

/// What a frame between members holds.
enum class PeerKind : quint8 {
    Raft = 1, ///< an encoded raft::Message
    Forward,  ///< a write for the leader
    Refused,  ///< the receiver of a forward does not lead: ask the next one
    State,    ///< a StateHash: where the sender's state was at an entry
    NoSpace,  ///< the sender's disk is nearly full; told again while it is
    Asks,     ///< the sender starts with a new log: is it known? (first_start.h)
    Knows,    ///< the answer: an Acquaintance
    Last = Knows,
};

/// A snapshot on its way to another member, in bytes.
struct Shipment {
    qint64 arrived = 0; ///< as the receiver says
    qint64 total = 0;
};

/// The way to the other members. Nothing is promised: a frame may be lost, late or twice there.
class PeerTransport {
public:
    virtual ~PeerTransport() = default;
    virtual void send(raft::NodeId to, PeerKind kind, const QByteArray &payload) = 0;
    /// Ships a whole snapshot; `done` says later, once, whether it arrived.
    virtual void sendSnapshot(
        const raft::Message &message, const QByteArray &state, std::function<void(bool)> done) = 0;
    virtual std::map<raft::NodeId, Shipment> shipments() const { return {}; }
};

} // namespace qd::store
