// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/session/cluster_api.h"

#include "console/session/snapshot.h"
#include "console/session/store_reading.h"
#include "shared/codec/codec.h"

namespace qd::session {
namespace {

const QString kItems = QStringLiteral("items");
const QString kName = QStringLiteral("name");
const QString kKey = QStringLiteral("key");
const QString kNodeId = QStringLiteral("nodeId");
const QString kGroup = QStringLiteral("group");
const QString kHolder = QStringLiteral("holder");

/// The answer turned into T by `read`, which gives a Result<T>.
template <class T, class Read>
QFuture<Result<T>> typed(Client &client, const QString &method, const QCborMap &params, Read read)
{
    return client.call(method, params).then([read](const Result<QCborMap> &answer) -> Result<T> {
        if (!answer)
            return fail(answer.error());
        return read(*answer);
    });
}

template <class T>
QFuture<Result<Listing<T>>> listOf(Client &client, const QString &method)
{
    return typed<Listing<T>>(client, method, {}, [](const QCborMap &answer) -> Result<Listing<T>> {
        const auto items = codec::listFromCbor<T>(answer, kItems);
        if (!items)
            return fail(items.error());
        return Listing<T>{answer.value(QLatin1String("revision")).toInteger(), *items};
    });
}

Result<StoreAnswer> readStore(const QCborMap &answer)
{
    StoreAnswer out;
    out.action = answer.value(QLatin1String("action")).toString();
    out.index = answer.value(QLatin1String("index")).toInteger();
    out.more = answer.value(QLatin1String("more")).toBool();
    auto entry = codec::fromCbor<StoreEntry>(answer.value(QLatin1String("entry")).toMap());
    if (!entry)
        return fail(entry.error());
    out.entry = *entry;
    if (answer.contains(QLatin1String("children"))) {
        const auto children = codec::listFromCbor<StoreEntry>(answer, QStringLiteral("children"));
        if (!children)
            return fail(children.error());
        out.children = *children;
    }
    if (const QCborValue previous = answer.value(QLatin1String("previous")); previous.isMap()) {
        const auto read = codec::fromCbor<StoreEntry>(previous.toMap());
        if (!read)
            return fail(read.error());
        out.previous = *read;
    }
    return out;
}

QCborMap readParams(const StoreGet &request)
{
    return {
        {kKey, request.key},
        {QStringLiteral("recursive"), request.recursive},
        {QStringLiteral("sorted"), request.sorted},
        {QStringLiteral("quorum"), request.quorum}};
}

QCborMap writeParams(const StoreWrite &request)
{
    QCborMap out{{kKey, request.key}};
    if (request.dir)
        out.insert(QStringLiteral("dir"), true);
    if (request.recursive)
        out.insert(QStringLiteral("recursive"), true);
    if (request.ttl)
        out.insert(QStringLiteral("ttl"), *request.ttl);
    if (request.prevValue)
        out.insert(QStringLiteral("prevValue"), *request.prevValue);
    if (request.prevIndex)
        out.insert(QStringLiteral("prevIndex"), *request.prevIndex);
    if (request.prevExist)
        out.insert(QStringLiteral("prevExist"), *request.prevExist);
    return out;
}

Result<UnitDetails> readDetails(const QCborMap &answer)
{
    const auto unit = codec::fromCbor<Unit>(answer.value(QLatin1String("unit")).toMap());
    if (!unit)
        return fail(unit.error());
    const auto lines = codec::listFromCbor<JournalLine>(answer, QStringLiteral("lines"));
    if (!lines)
        return fail(lines.error());
    UnitDetails out{*unit, {}, *lines};
    const QCborMap properties = answer.value(QLatin1String("properties")).toMap();
    for (const auto &pair : properties)
        out.properties.insert(pair.first.toString(), pair.second.toString());
    return out;
}

} // namespace

QFuture<Result<Listing<Node>>> ClusterApi::nodes() const
{
    return listOf<Node>(m_client, QStringLiteral("node.list"));
}

QFuture<Result<Listing<RaftStatus>>> ClusterApi::raftStatus() const
{
    return listOf<RaftStatus>(m_client, QStringLiteral("raft.status"));
}

QFuture<Result<void>> ClusterApi::nodeRemove(const QString &nodeId) const
{
    return typed<void>(
        m_client, QStringLiteral("node.remove"), {{kNodeId, nodeId}},
        [](const QCborMap &) { return Result<void>(); });
}

QFuture<Result<void>> ClusterApi::raftPromote(const QString &nodeId) const
{
    return typed<void>(
        m_client, QStringLiteral("raft.promote"), {{kNodeId, nodeId}},
        [](const QCborMap &) { return Result<void>(); });
}

QFuture<Result<QString>> ClusterApi::raftTransfer(const QString &nodeId) const
{
    return typed<QString>(
        m_client, QStringLiteral("raft.transfer"), {{kNodeId, nodeId}},
        [](const QCborMap &answer) { return Result<QString>(answer.value(kNodeId).toString()); });
}

QFuture<Result<RebootSlots>> ClusterApi::rebootLock(const QString &group) const
{
    return typed<RebootSlots>(
        m_client, QStringLiteral("rebootlock.get"), {{kGroup, group}},
        codec::fromCbor<RebootSlots>);
}

QFuture<Result<qint64>>
ClusterApi::rebootLockTake(const QString &holder, const QString &group) const
{
    return typed<qint64>(
        m_client, QStringLiteral("rebootlock.lock"), {{kGroup, group}, {kHolder, holder}},
        [](const QCborMap &answer) -> Result<qint64> {
            return answer.value(QLatin1String("fence")).toInteger();
        });
}

QFuture<Result<RebootSlots>>
ClusterApi::rebootLockRelease(const QString &holder, const QString &group) const
{
    return typed<RebootSlots>(
        m_client, QStringLiteral("rebootlock.unlock"), {{kGroup, group}, {kHolder, holder}},
        codec::fromCbor<RebootSlots>);
}

QFuture<Result<RebootMaximum>> ClusterApi::rebootLockSetMax(qint64 max, const QString &group) const
{
    return typed<RebootMaximum>(
        m_client, QStringLiteral("rebootlock.setMax"),
        {{kGroup, group}, {QStringLiteral("max"), max}},
        [](const QCborMap &answer) -> Result<RebootMaximum> {
            const auto now =
                codec::fromCbor<RebootSlots>(answer.value(QLatin1String("lock")).toMap());
            if (!now)
                return fail(now.error());
            return RebootMaximum{answer.value(QLatin1String("old")).toInteger(), *now};
        });
}

QFuture<Result<void>>
ClusterApi::rebootUnderLock(const QString &nodeId, int delayS, const QString &group) const
{
    CallOptions options;
    options.node = nodeId;
    options.deadlineMs += delayS * 1000;
    const QCborMap params{{kGroup, group}, {QStringLiteral("delay"), delayS}};
    return m_client.call(QStringLiteral("rebootlock.reboot"), params, options)
        .then([](const Result<QCborMap> &answer) -> Result<void> {
            return answer ? Result<void>() : fail(answer.error());
        });
}

QFuture<Result<StoreAnswer>> ClusterApi::storeRead(const StoreGet &request) const
{
    return readEntries(m_client, readParams(request));
}

QFuture<Result<StoreAnswer>> ClusterApi::storeGet(const StoreGet &request) const
{
    QCborMap params = readParams(request);
    if (request.after)
        params.insert(QStringLiteral("after"), *request.after);
    return typed<StoreAnswer>(m_client, QStringLiteral("store.get"), params, readStore);
}

QFuture<Result<StoreAnswer>> ClusterApi::storeSet(const StoreWrite &request) const
{
    QCborMap params = writeParams(request);
    params.insert(QStringLiteral("value"), request.value);
    return typed<StoreAnswer>(
        m_client, QStringLiteral("store.set"), params,
        [value = request.value](const QCborMap &answer) {
            auto out = readStore(answer);
            if (out && !out->entry.dir)
                out->entry.value = value; // the answer has only its beginning
            return out;
        });
}

QFuture<Result<StoreAnswer>> ClusterApi::storeDelete(const StoreWrite &request) const
{
    return typed<StoreAnswer>(
        m_client, QStringLiteral("store.delete"), writeParams(request), readStore);
}

QFuture<Result<StoreHistory>> ClusterApi::storeHistory(const QString &key, bool recursive) const
{
    return readHistory(m_client, key, recursive);
}

std::unique_ptr<ByteStream>
ClusterApi::storeWatch(const QString &key, bool recursive, std::optional<qint64> after) const
{
    QCborMap params{{kKey, key}, {QStringLiteral("recursive"), recursive}};
    if (after)
        params.insert(QStringLiteral("after"), *after);
    return m_client.open(QStringLiteral("store.watch"), params);
}

QFuture<Result<Listing<Unit>>> ClusterApi::units() const
{
    return snapshot(m_client, QStringLiteral("units"))
        .then([](const Result<Snapshot> &all) -> Result<Listing<Unit>> {
            if (!all)
                return fail(all.error());
            Listing<Unit> out{all->revision, {}};
            for (const QCborMap &row : all->rows) {
                const auto unit = codec::fromCbor<Unit>(row);
                if (!unit)
                    return fail(unit.error());
                out.items.append(*unit);
            }
            return out;
        });
}

QFuture<Result<Unit>> ClusterApi::unitVerb(const QString &method, const QCborMap &params) const
{
    return typed<Unit>(m_client, method, params, [](const QCborMap &answer) {
        return codec::fromCbor<Unit>(answer.value(QLatin1String("unit")).toMap());
    });
}

QFuture<Result<Unit>>
ClusterApi::unitSubmit(const QString &name, const QString &text, bool replace) const
{
    return unitVerb(
        QStringLiteral("unit.submit"),
        {{kName, name}, {QStringLiteral("text"), text}, {QStringLiteral("replace"), replace}});
}

QFuture<Result<Unit>> ClusterApi::unitLoad(const QString &name) const
{
    return unitVerb(QStringLiteral("unit.load"), {{kName, name}});
}

QFuture<Result<Unit>> ClusterApi::unitStart(const QString &name) const
{
    return unitVerb(QStringLiteral("unit.start"), {{kName, name}});
}

QFuture<Result<Unit>> ClusterApi::unitStop(const QString &name) const
{
    return unitVerb(QStringLiteral("unit.stop"), {{kName, name}});
}

QFuture<Result<Unit>> ClusterApi::unitUnload(const QString &name) const
{
    return unitVerb(QStringLiteral("unit.unload"), {{kName, name}});
}

QFuture<Result<void>> ClusterApi::unitDestroy(const QString &name) const
{
    return typed<void>(
        m_client, QStringLiteral("unit.destroy"), {{kName, name}},
        [](const QCborMap &) { return Result<void>(); });
}

QFuture<Result<QString>> ClusterApi::unitCat(const QString &name) const
{
    return typed<QString>(
        m_client, QStringLiteral("unit.cat"), {{kName, name}}, [](const QCborMap &answer) {
            return Result<QString>(answer.value(QLatin1String("text")).toString());
        });
}

QFuture<Result<UnitDetails>> ClusterApi::unitStatus(const QString &name) const
{
    return typed<UnitDetails>(
        m_client, QStringLiteral("unit.status"), {{kName, name}}, readDetails);
}

QFuture<Result<QList<UnitDiagnostic>>>
ClusterApi::unitCheck(const QString &name, const QString &text) const
{
    return typed<QList<UnitDiagnostic>>(
        m_client, QStringLiteral("unit.check"), {{kName, name}, {QStringLiteral("text"), text}},
        [](const QCborMap &answer) {
            return codec::listFromCbor<UnitDiagnostic>(answer, QStringLiteral("diagnostics"));
        });
}

std::unique_ptr<ByteStream> ClusterApi::journal(const QString &unit, int lines, bool follow) const
{
    return m_client.open(
        QStringLiteral("journal.open"), {{QStringLiteral("unit"), unit},
                                         {QStringLiteral("lines"), lines},
                                         {QStringLiteral("follow"), follow}});
}

QFuture<Result<IssuedToken>>
ClusterApi::clusterToken(const QString &kind, const QString &role) const
{
    QCborMap params{{QStringLiteral("kind"), kind}};
    if (!role.isEmpty())
        params.insert(QStringLiteral("role"), role);
    return typed<IssuedToken>(
        m_client, QStringLiteral("cluster.token"), params, [](const QCborMap &answer) {
            return Result<IssuedToken>(IssuedToken{
                answer.value(QLatin1String("token")).toString(),
                QDateTime::fromMSecsSinceEpoch(
                    answer.value(QLatin1String("expires")).toInteger())});
        });
}

} // namespace qd::session
