// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/peer/frame.h"
#include "agent/peer/snapshot_frames.h"
#include "agent/peer/snapshot_inbox.h"
#include "agent/raft/message.h"
#include "tests/fuzz/target.h"

namespace qd::fuzz {
namespace {

raft::Message append()
{
    raft::Message message;
    message.type = raft::MessageType::Append;
    message.from = 1;
    message.to = 2;
    message.term = 5;
    message.index = 10;
    message.logTerm = 4;
    message.commit = 9;
    message.entries = {
        {5, 11, raft::EntryType::Command, "a command"}, {5, 12, raft::EntryType::Noop, {}}};
    return message;
}

raft::Message snapshot()
{
    raft::Message message;
    message.type = raft::MessageType::Snapshot;
    message.from = 1;
    message.to = 2;
    message.term = 5;
    message.snapshot = {12, 2, {{1, 2, 3}, {4}, {{1, "one"}, {2, "two"}}, {1, 2}, {9}}};
    return message;
}

/// The frames in a stream that comes in pieces of that size; what ended it, if something did.
QByteArray framesOf(const QByteArray &stream, qsizetype piece)
{
    QByteArray buffer;
    QByteArray out;
    for (qsizetype at = 0; at < stream.size(); at += piece) {
        buffer += stream.mid(at, piece);
        while (true) {
            const auto frame = peer::takeFrame(buffer);
            if (!frame)
                return out + frame.error().code.toUtf8();
            if (!*frame)
                break;
            out += QByteArray::number((*frame)->type) + ':' +
                   QByteArray::number((*frame)->payload.size()) + ' ';
        }
    }
    return out;
}

QByteArray twoFrames()
{
    return peer::encodeFrame({1, 2, 3, 1, raft::encodeMessage(append())}) +
           peer::encodeFrame({1, 2, 3, peer::kSnapshotPiece, "bytes"});
}

Finding readFrames(const QByteArray &input)
{
    const QByteArray whole = framesOf(input, std::max<qsizetype>(1, input.size()));
    const bool same = framesOf(input, 1) == whole && framesOf(input, 7) == whole;
    return {
        same ? QString() : QStringLiteral("the same stream in pieces gives other frames"),
        whole.left(80)};
}

Finding readMessage(const QByteArray &input)
{
    const auto message = raft::decodeMessage(input);
    if (!message)
        return {{}, message.error().message.left(60).toUtf8()};
    const auto again = raft::decodeMessage(raft::encodeMessage(*message));
    const bool same = again && *again == *message;
    return {
        same ? QString() : QStringLiteral("what was read is not written as it was read"),
        QByteArray::number(int(message->type)) + '/' +
            QByteArray::number(qulonglong(message->entries.size()))};
}

/// The input, cut at each 0xff, is what a sender offers and ships.
Finding receive(const QByteArray &input)
{
    const QByteArray state = QByteArray("state").repeated(20);
    peer::SnapshotOffer offer;
    offer.size = quint64(state.size());
    offer.message = snapshot();
    peer::SnapshotInbox inbox;
    QByteArray way;
    for (const QByteArray &part : input.split('\xff')) {
        if (const auto offered = peer::decodeOffer(part)) {
            const auto have = inbox.offered(*offered);
            way += have ? 'o' : 'O';
            if (have && have->offset > offered->size)
                return {QStringLiteral("more than the whole is here"), way};
        } else if (const auto chunk = peer::decodeChunk(part)) {
            way += inbox.received(*chunk) ? 'c' : 'C';
        } else if (peer::decodeHave(part)) {
            way += 'h';
        }
        if (inbox.takeWhole())
            way += 'W';
    }
    return {{}, way.left(40)};
}

QByteArrayList shipments()
{
    const QByteArray state = QByteArray("state").repeated(20);
    peer::SnapshotOffer offer;
    offer.size = quint64(state.size());
    offer.message = snapshot();
    return {
        peer::encode(offer) + '\xff' + peer::encodeChunk(state, 0, 60) + '\xff' +
            peer::encodeChunk(state, 60, 60),
        peer::encode(peer::SnapshotHave{12, 60})};
}

} // namespace

Target peerFrameTarget()
{
    return {"peer-frame", [] { return QByteArrayList{twoFrames()}; }, readFrames};
}

Target raftMessageTarget()
{
    const auto seeds = [] {
        return QByteArrayList{raft::encodeMessage(append()), raft::encodeMessage(snapshot())};
    };
    return {"raft-message", seeds, readMessage};
}

Target snapshotShipTarget()
{
    return {"snapshot-ship", shipments, receive};
}

} // namespace qd::fuzz
