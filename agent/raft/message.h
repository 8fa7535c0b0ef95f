// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/types.h"
#include "shared/base/result.h"

#include <QByteArrayView>

namespace qd::raft {

enum class MessageType : quint8 {
    PreVote = 1,
    PreVoteAnswer,
    Vote,
    VoteAnswer,
    Append,
    AppendAnswer,
    Heartbeat,
    HeartbeatAnswer,
    Snapshot, ///< the meta only: the layer above ships the file and steps this when it is whole
    ReadIndex,
    ReadIndexAnswer,
    TimeoutNow, ///< leadership transfer: campaign at once
    Hello,      ///< of a member without a vote that hears of no leader: am I still one?
    Removed,    ///< the answer to one who is no member any more
};

/// One message between members. Which fields mean something depends on the type.
struct Message {
    MessageType type = MessageType::Heartbeat;
    NodeId from = kNobody;
    NodeId to = kNobody;
    Term term = 0;
    /// Votes: the candidate's last entry. Append: the entry before `entries`. Answers: what is
    /// matched.
    Index index = 0;
    Term logTerm = 0;
    Index commit = 0;
    bool reject = false;
    bool transfer =
        false;           ///< Vote: the leader asked for it, so a fresh lease is no reason to refuse
    Index hintIndex = 0; ///< AppendAnswer, rejected: where the logs may still agree
    Term hintTerm = 0;
    quint64 context = 0; ///< reads: round or request
    std::vector<Entry> entries;
    SnapshotMeta snapshot;

    bool operator==(const Message &) const = default;
};

QByteArray encodeMessage(const Message &message);
/// Hostile bytes give code::corrupt; nothing is allocated on the word of a length.
Result<Message> decodeMessage(QByteArrayView bytes);

QByteArray encodeEntry(const Entry &entry);
Result<Entry> decodeEntry(QByteArrayView bytes);

} // namespace qd::raft
