// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/store/command.h"
#include "agent/store/replica/keyspace.h"
#include "tests/fuzz/target.h"

namespace qd::fuzz {
namespace {

store::Command
put(const QString &key, const QByteArray &value, std::optional<qint64> expirationUs = {})
{
    store::Command command;
    command.clockUs = 1'000'000;
    command.write.key = key;
    command.write.value = value;
    command.expirationUs = expirationUs;
    return command;
}

store::Command swap()
{
    store::Command command = put(QStringLiteral("/a/b"), "new");
    command.requestId = 77;
    command.write.prevValue = "old";
    command.write.prevExist = true;
    command.write.prevIndex = 5;
    command.write.ttl = 60;
    command.write.ttlGiven = true;
    command.expirationUs = 61'000'000;
    return command;
}

/// Read, written and read again it is the same.
Finding readCommand(const QByteArray &input)
{
    QByteArray way;
    if (const auto command = store::decodeCommand(input)) {
        const QByteArray bytes = store::encodeCommand(*command);
        const auto again = store::decodeCommand(bytes);
        if (!again || store::encodeCommand(*again) != bytes)
            return {QStringLiteral("a command is not written as it was read"), {}};
        way += 'c' + QByteArray::number(int(command->type)) +
               QByteArray::number(int(command->write.kind));
    } else {
        way += command.error().message.left(40).toUtf8();
    }
    if (const auto request = store::decodeRequest(input)) {
        const QByteArray bytes = store::encodeRequest(*request);
        const auto again = store::decodeRequest(bytes);
        if (!again || store::encodeRequest(*again) != bytes)
            return {QStringLiteral("a request is not written as it was read"), {}};
        way += 'r';
    }
    if (const auto outcome = store::decodeOutcome(input)) {
        const QByteArray bytes = store::encodeOutcome(*outcome);
        const auto again = store::decodeOutcome(bytes);
        if (!again || store::encodeOutcome(*again) != bytes)
            return {QStringLiteral("an outcome is not written as it was read"), {}};
        way += *outcome ? 'o' : 'e';
    }
    return {{}, way};
}

QByteArrayList commands()
{
    store::Event event;
    event.action = QStringLiteral("set");
    event.node.key = QStringLiteral("/a");
    event.etcdIndex = 9;
    return {
        store::encodeCommand(put(QStringLiteral("/a"), "1")), store::encodeCommand(swap()),
        store::encodeRequest(swap().write), store::encodeOutcome(event),
        store::encodeOutcome(fail(store::etcdErrorCode(100), QStringLiteral("Key not found")))};
}

store::Keyspace emptyKeyspace()
{
    return store::Keyspace([](const std::function<void()> &) {});
}

QByteArrayList states()
{
    store::Keyspace full = emptyKeyspace();
    raft::Index index = 1;
    for (const char *key : {"/a/b", "/a/c", "/_hidden/x", "/q/1", "/q/2"})
        full.apply(index++, 1, put(QString::fromLatin1(key), "value of it"));
    full.apply(index++, 1, put(QStringLiteral("/ttl"), "goes", 5'000'000));
    return {saved(emptyKeyspace()), saved(full)};
}

Finding restoreState(const QByteArray &input)
{
    store::Keyspace keyspace = emptyKeyspace();
    const auto restored = keyspace.restore(input);
    if (!restored)
        return {{}, restored.error().message.left(60).toUtf8()};
    const QByteArray bytes = saved(keyspace);
    store::Keyspace again = emptyKeyspace();
    if (const auto ok = again.restore(bytes); !ok)
        return {QStringLiteral("its own snapshot is refused: ") + ok.error().text(), {}};
    if (saved(again) != bytes)
        return {QStringLiteral("two snapshots of one state differ"), {}};
    // Whatever was taken must bear to be used.
    for (store::Keyspace *each : {&keyspace, &again}) {
        each->apply(1000, 9, put(QStringLiteral("/a/b"), "later"));
        store::Command sync;
        sync.type = store::CommandType::Sync;
        sync.clockUs = 6'000'000;
        each->apply(1001, 9, sync);
        store::GetRequest all;
        all.key = QStringLiteral("/");
        all.recursive = true;
        each->get(all);
    }
    if (saved(again) != saved(keyspace))
        return {QStringLiteral("equal states with equal commands differ"), {}};
    return {{}, "keys " + QByteArray::number(keyspace.keyCount())};
}

} // namespace

Target storeCommandTarget()
{
    return {"store-command", commands, readCommand};
}

Target keyspaceTarget()
{
    return {"keyspace", states, restoreState};
}

} // namespace qd::fuzz
