// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/store/command.h"

#include "shared/base/bytes.h"

#include <limits>

namespace qd::store {

namespace {

constexpr quint8 kVersion = 1;
constexpr quint8 kRefused = 0; // of an outcome
constexpr quint8 kDone = 1;
constexpr int kMaxDepth = 200;

enum Flag : quint16 {
    kDir = 1,
    kRecursive = 2,
    kRefresh = 4,
    kTtl = 8,
    kTtlGiven = 16,
    kPrevExist = 32,
    kPrevExistTrue = 64,
    kPrevValue = 128,
};

void writeRequest(ByteWriter &writer, const WriteRequest &request)
{
    quint16 flags = 0;
    const auto set = [&flags](bool on, Flag flag) { flags = quint16(flags | (on ? flag : 0)); };
    set(request.dir, kDir);
    set(request.recursive, kRecursive);
    set(request.refresh, kRefresh);
    set(request.ttl.has_value(), kTtl);
    set(request.ttlGiven, kTtlGiven);
    set(request.prevExist.has_value(), kPrevExist);
    set(request.prevExist.value_or(false), kPrevExistTrue);
    set(request.prevValue.has_value(), kPrevValue);
    writer.u8(quint8(request.kind));
    writer.number<quint16>(flags);
    writer.text(request.key);
    writer.bytes(request.value);
    writer.number<qint64>(request.ttl.value_or(0));
    writer.bytes(request.prevValue.value_or(QByteArray()));
    writer.number<quint64>(request.prevIndex);
}

bool readRequest(ByteReader &reader, WriteRequest &request)
{
    const quint8 kind = reader.u8();
    const auto flags = reader.number<quint16>();
    request.key = reader.text();
    request.value = reader.bytes();
    const auto ttl = reader.number<qint64>();
    const QByteArray prevValue = reader.bytes();
    request.prevIndex = reader.number<quint64>();
    if (!reader.ok() || kind > quint8(WriteRequest::Kind::Delete))
        return false;
    request.kind = WriteRequest::Kind(kind);
    request.dir = flags & kDir;
    request.recursive = flags & kRecursive;
    request.refresh = flags & kRefresh;
    request.ttlGiven = flags & kTtlGiven;
    if (flags & kTtl)
        request.ttl = ttl;
    if (flags & kPrevExist)
        request.prevExist = bool(flags & kPrevExistTrue);
    if (flags & kPrevValue)
        request.prevValue = prevValue;
    return true;
}

void writeOptional(ByteWriter &writer, const std::optional<qint64> &value)
{
    writer.u8(value.has_value() ? 1 : 0);
    writer.number<qint64>(value.value_or(0));
}

std::optional<qint64> readOptional(ByteReader &reader)
{
    const bool given = reader.u8() != 0;
    const auto value = reader.number<qint64>();
    return given ? std::optional(value) : std::nullopt;
}

void writeNode(ByteWriter &writer, const Node &node)
{
    writer.text(node.key);
    writer.bytes(node.value);
    writer.u8(node.dir ? 1 : 0);
    writer.number<quint64>(node.createdIndex);
    writer.number<quint64>(node.modifiedIndex);
    writeOptional(writer, node.expirationUs);
    writeOptional(writer, node.ttl);
    writer.number<quint32>(quint32(node.children.size()));
    for (const Node &child : node.children)
        writeNode(writer, child);
}

bool readNode(ByteReader &reader, Node &node, int depth)
{
    node.key = reader.text();
    node.value = reader.bytes();
    node.dir = reader.u8() != 0;
    node.createdIndex = reader.number<quint64>();
    node.modifiedIndex = reader.number<quint64>();
    node.expirationUs = readOptional(reader);
    node.ttl = readOptional(reader);
    const auto count = reader.number<quint32>();
    if (!reader.ok() || depth > kMaxDepth)
        return false;
    for (quint32 i = 0; i < count; ++i) {
        Node child;
        if (!readNode(reader, child, depth + 1))
            return false;
        node.children.push_back(std::move(child));
    }
    return true;
}

tl::unexpected<Error> broken()
{
    return fail(code::corrupt, QStringLiteral("a store command does not decode"));
}

} // namespace

QByteArray encodeCommand(const Command &command)
{
    QByteArray out;
    // Kept in the log's memory: no more room than a plain key takes.
    out.reserve(
        64 + command.write.key.size() + command.write.value.size() +
        (command.write.prevValue ? command.write.prevValue->size() : 0));
    ByteWriter writer(out);
    writer.number<quint16>(quint16(command.type));
    writer.u8(kVersion);
    writer.u8(0);
    writer.number<quint64>(command.requestId);
    writer.number<qint64>(command.clockUs);
    if (command.type == CommandType::Write) {
        writeOptional(writer, command.expirationUs);
        writeRequest(writer, command.write);
    }
    return out;
}

Result<Command> decodeCommand(QByteArrayView bytes)
{
    ByteReader reader(bytes);
    Command command;
    const auto type = reader.number<quint16>();
    const quint8 version = reader.u8();
    reader.u8();
    command.requestId = reader.number<quint64>();
    command.clockUs = reader.number<qint64>();
    const bool known = type == quint16(CommandType::Write) || type == quint16(CommandType::Sync);
    if (!reader.ok() || !known || version != kVersion)
        return broken();
    command.type = CommandType(type);
    if (command.type == CommandType::Write) {
        command.expirationUs = readOptional(reader);
        if (!readRequest(reader, command.write))
            return broken();
    }
    if (!reader.ok() || !reader.atEnd())
        return broken();
    return command;
}

QByteArray encodeRequest(const WriteRequest &request)
{
    QByteArray out;
    ByteWriter writer(out);
    writeRequest(writer, request);
    return out;
}

Result<WriteRequest> decodeRequest(QByteArrayView bytes)
{
    ByteReader reader(bytes);
    WriteRequest request;
    if (!readRequest(reader, request) || !reader.atEnd())
        return broken();
    return request;
}

void writeEvent(ByteWriter &writer, const Event &event)
{
    writer.u8(kDone);
    writer.text(event.action);
    writer.number<quint64>(event.etcdIndex);
    writer.number<quint64>(event.raftIndex);
    writer.number<quint64>(event.raftTerm);
    writer.u8(event.refresh ? 1 : 0);
    writeNode(writer, event.node);
    writer.u8(event.prevNode ? 1 : 0);
    if (event.prevNode)
        writeNode(writer, *event.prevNode);
}

QByteArray encodeOutcome(const Result<Event> &outcome)
{
    QByteArray out;
    ByteWriter writer(out);
    if (!outcome) {
        writer.u8(kRefused);
        const Error &error = outcome.error();
        writer.text(error.code);
        writer.text(error.message);
        writer.number<quint32>(quint32(error.detail.size()));
        for (auto it = error.detail.cbegin(); it != error.detail.cend(); ++it) {
            writer.text(it.key());
            writer.text(it.value());
        }
        return out;
    }
    writeEvent(writer, *outcome);
    return out;
}

Result<Result<Event>> decodeOutcome(QByteArrayView bytes)
{
    ByteReader reader(bytes);
    if (reader.u8() == kRefused) {
        Error error;
        error.code = reader.text();
        error.message = reader.text();
        const auto count = reader.number<quint32>();
        for (quint32 i = 0; i < count && reader.ok(); ++i) {
            const QString key = reader.text();
            error.detail.insert(key, reader.text());
        }
        if (!reader.ok())
            return broken();
        return Result<Event>(fail(std::move(error)));
    }
    Event event;
    event.action = reader.text();
    event.etcdIndex = reader.number<quint64>();
    event.raftIndex = reader.number<quint64>();
    event.raftTerm = reader.number<quint64>();
    event.refresh = reader.u8() != 0;
    if (!readNode(reader, event.node, 0))
        return broken();
    if (reader.u8() != 0) {
        event.prevNode.emplace();
        if (!readNode(reader, *event.prevNode, 0))
            return broken();
    }
    if (!reader.ok() || !reader.atEnd())
        return broken();
    return Result<Event>(std::move(event));
}

} // namespace qd::store
