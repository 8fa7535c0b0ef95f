// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/store/store_client.h"

#include <QByteArrayView>

namespace qd {
class ByteWriter;
}

/// What stands in a log entry for the store: an envelope {type u16, version u8, flags u8} and a
/// payload (architecture.md 4). Times are absolute, by the clock of the leader that proposed, so
/// that applying needs no clock.
namespace qd::store {

enum class CommandType : quint16 {
    Write = 1,
    Sync = 2, ///< carries the leader's clock: what has expired by then goes
};

struct Command {
    CommandType type = CommandType::Write;
    quint64 requestId = 0; ///< who waits for the outcome; 0 = nobody
    qint64 clockUs = 0;    ///< the leader's wall clock when it proposed
    WriteRequest write;
    std::optional<qint64> expirationUs; ///< from the request's TTL
};

QByteArray encodeCommand(const Command &command);
Result<Command> decodeCommand(QByteArrayView bytes);

/// A request as it travels from a follower to the leader.
QByteArray encodeRequest(const WriteRequest &request);
Result<WriteRequest> decodeRequest(QByteArrayView bytes);
/// The outcome on its way back.
QByteArray encodeOutcome(const Result<Event> &outcome);
Result<Result<Event>> decodeOutcome(QByteArrayView bytes);
/// As encodeOutcome() of an event, at the end of `writer`.
void writeEvent(ByteWriter &writer, const Event &event);

} // namespace qd::store
