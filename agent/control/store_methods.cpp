// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/control/store_methods.h"

#include "agent/control/store_reading.h"
#include "shared/base/log.h"
#include "shared/codec/codec.h"

#include <QJsonDocument>

namespace qd::control {
namespace {

using rpc::CallPtr;
using security::Role;

QByteArray bytesOf(const QCborValue &value)
{
    return value.isString() ? value.toString().toUtf8() : value.toByteArray();
}

void flatten(const store::Node &node, QList<StoreEntry> *out)
{
    for (const store::Node &child : node.children) {
        out->append(entryOf(child));
        flatten(child, out);
    }
}

/// The key of the call, or nothing after a refusal: /_qd holds what admits newcomers.
std::optional<QString> keyOf(const CallPtr &call)
{
    const QString key = canonicalKey(call->params().value(QLatin1String("key")).toString());
    const bool own = key == QLatin1String("/_qd") || key.startsWith(QLatin1String("/_qd/"));
    if (own && call->caller().role < Role::Admin) {
        const QString why = QStringLiteral("Keys under /_qd are for the role admin.");
        qCWarning(lcControl).noquote() << "refused:" << call->caller().text() << why;
        call->reply(fail(code::denied, why));
        return std::nullopt;
    }
    return key;
}

/// A value may be larger than a frame: the answer of a call shows its beginning.
constexpr qsizetype kShownValueBytes = 64 * 1024;

StoreEntry shownEntry(const store::Node &node)
{
    StoreEntry out = entryOf(node);
    out.value.truncate(kShownValueBytes);
    return out;
}

QCborMap writeAnswer(const store::Event &event)
{
    QCborMap out{
        {QStringLiteral("action"), event.action},
        {QStringLiteral("entry"), codec::toCbor(shownEntry(event.node))},
        {QStringLiteral("index"), qint64(event.node.modifiedIndex)}};
    if (event.prevNode)
        out.insert(QStringLiteral("previous"), codec::toCbor(shownEntry(*event.prevNode)));
    return out;
}

/// A directory may hold more than a frame does: a page of its children, those that come after a
/// key.
constexpr qsizetype kPageRows = 5'000;
constexpr qsizetype kPageBytes = 512 * 1024;

QCborMap pageAnswer(const store::Event &event, const QString &after)
{
    QList<StoreEntry> page;
    qsizetype bytes = 0;
    bool more = false;
    for (const store::Node &child : event.node.children) {
        if (child.key <= after)
            continue;
        if (page.size() >= kPageRows || bytes >= kPageBytes) {
            more = true;
            break;
        }
        const StoreEntry entry = shownEntry(child);
        bytes += 3 * entry.key.size() + entry.value.size() + 64;
        page.append(entry);
    }
    return {
        {QStringLiteral("entry"), codec::toCbor(shownEntry(event.node))},
        {QStringLiteral("children"), codec::listToCbor(page)},
        {QStringLiteral("more"), more},
        {QStringLiteral("index"), qint64(event.etcdIndex)}};
}

store::GetRequest requestOf(const QString &key, const QCborMap &params)
{
    store::GetRequest request;
    request.key = key;
    request.recursive = params.value(QLatin1String("recursive")).toBool();
    request.sorted = params.value(QLatin1String("sorted")).toBool();
    request.quorum = params.value(QLatin1String("quorum")).toBool();
    return request;
}

void read(store::StoreClient &store, const CallPtr &call)
{
    const auto key = keyOf(call);
    if (!key)
        return;
    store::GetRequest request = requestOf(*key, call->params());
    request.sorted = true;
    store.get(request, [call](const Result<store::Event> &event) {
        if (event)
            streamEntries(call, *event);
        else
            call->reply(fail(event.error()));
    });
}

void history(store::StoreClient &store, const CallPtr &call)
{
    const auto key = keyOf(call);
    if (!key)
        return;
    const bool recursive = call->params().value(QLatin1String("recursive")).toBool();
    const auto found = store.history(*key, recursive);
    if (found)
        streamHistory(call, *found);
    else
        call->reply(fail(found.error()));
}

void get(store::StoreClient &store, const CallPtr &call)
{
    const auto key = keyOf(call);
    if (!key)
        return;
    const QCborMap params = call->params();
    store::GetRequest request = requestOf(*key, params);
    const QCborValue after = params.value(QLatin1String("after"));
    if (after.isString()) {
        request.sorted = true;
        request.recursive = false;
    }
    store.get(request, [call, after](const Result<store::Event> &event) {
        if (!event) {
            call->reply(fail(event.error()));
            return;
        }
        if (after.isString()) {
            call->reply(pageAnswer(*event, after.toString()));
            return;
        }
        call->reply(QCborMap{
            {QStringLiteral("entry"), codec::toCbor(entryOf(event->node))},
            {QStringLiteral("children"), codec::listToCbor(descendants(event->node))},
            {QStringLiteral("index"), qint64(event->etcdIndex)}});
    });
}

void write(store::StoreClient &store, const CallPtr &call, store::WriteRequest::Kind kind)
{
    const auto key = keyOf(call);
    if (!key)
        return;
    const QCborMap params = call->params();
    store::WriteRequest request;
    request.kind = kind;
    request.key = *key;
    request.value = bytesOf(params.value(QLatin1String("value")));
    request.dir = params.value(QLatin1String("dir")).toBool();
    request.recursive = params.value(QLatin1String("recursive")).toBool();
    if (const QCborValue ttl = params.value(QLatin1String("ttl")); ttl.isInteger()) {
        request.ttl = ttl.toInteger();
        request.ttlGiven = true;
    }
    if (const QCborValue value = params.value(QLatin1String("prevValue")); !value.isUndefined())
        request.prevValue = bytesOf(value);
    if (const QCborValue exist = params.value(QLatin1String("prevExist")); exist.isBool())
        request.prevExist = exist.toBool();
    request.prevIndex = quint64(params.value(QLatin1String("prevIndex")).toInteger(0));
    store.write(request, [call](const Result<store::Event> &event) {
        call->reply(event ? Result<QCborMap>(writeAnswer(*event)) : fail(event.error()));
    });
}

QByteArray eventLine(const store::Event &event)
{
    return QJsonDocument(eventJson(event)).toJson(QJsonDocument::Compact) + '\n';
}

/// A watcher that does not read what it asked for is let go beyond this.
constexpr qsizetype kMostQueued = 8 * 1024 * 1024;

/// A watch and the stream that it feeds; they end together.
struct WatchStream {
    std::shared_ptr<rpc::Stream> stream;
    std::unique_ptr<store::Watch> watch;
};

void watch(store::StoreClient &store, const CallPtr &call)
{
    const auto key = keyOf(call);
    if (!key)
        return;
    const QCborMap params = call->params();
    store::WatchRequest request;
    request.key = *key;
    request.recursive = params.value(QLatin1String("recursive")).toBool();
    request.stream = true;
    if (const QCborValue after = params.value(QLatin1String("after")); after.isInteger())
        request.waitIndex = quint64(after.toInteger()) + 1;
    auto both = std::make_shared<WatchStream>();
    both->stream = call->stream();
    if (!both->stream)
        return;
    rpc::Stream *const stream = both->stream.get();
    const QPointer<rpc::Stream> to(stream);
    // The connection below keeps `both` until the stream has ended.
    QObject::connect(stream, &rpc::Stream::ended, stream, [both] {
        QMetaObject::invokeMethod(
            both->stream.get(),
            [both] {
                both->watch.reset();
                both->stream->disconnect();
            },
            Qt::QueuedConnection);
    });
    both->watch = store.watch(request, [to](const Result<store::Event> &event) {
        if (!to)
            return;
        if (!event)
            to->abort(event.error());
        else if (to->queued() > kMostQueued)
            to->abort(
                {code::limit,
                 QStringLiteral("The watcher is too slow for its events."),
                 {},
                 nullptr});
        else
            to->write(eventLine(*event));
    });
}

} // namespace

StoreEntry entryOf(const store::Node &node)
{
    StoreEntry out;
    out.key = node.key;
    out.value = node.value;
    out.dir = node.dir;
    out.createdIndex = qint64(node.createdIndex);
    out.modifiedIndex = qint64(node.modifiedIndex);
    if (node.expirationUs)
        out.expiration = QDateTime::fromMSecsSinceEpoch(*node.expirationUs / 1000, Qt::UTC);
    out.ttl = node.ttl.value_or(0);
    return out;
}

QList<StoreEntry> descendants(const store::Node &node)
{
    QList<StoreEntry> out;
    flatten(node, &out);
    return out;
}

QString canonicalKey(const QString &key)
{
    QStringList kept;
    const QStringList parts = key.split(QLatin1Char('/'), Qt::SkipEmptyParts);
    for (const QString &part : parts) {
        if (part == QLatin1String(".."))
            kept.isEmpty() ? void() : kept.removeLast();
        else if (part != QLatin1String("."))
            kept.append(part);
    }
    return QLatin1Char('/') + kept.join(QLatin1Char('/'));
}

void addStoreMethods(rpc::Methods &methods, store::StoreClient &store)
{
    using Kind = store::WriteRequest::Kind;
    methods.add(QStringLiteral("store.get"), Role::Viewer, [&store](const CallPtr &call) {
        get(store, call);
    });
    methods.add(QStringLiteral("store.read"), Role::Viewer, [&store](const CallPtr &call) {
        read(store, call);
    });
    methods.add(QStringLiteral("store.set"), Role::Operator, [&store](const CallPtr &call) {
        write(store, call, Kind::Put);
    });
    methods.add(QStringLiteral("store.delete"), Role::Operator, [&store](const CallPtr &call) {
        write(store, call, Kind::Delete);
    });
    methods.add(QStringLiteral("store.history"), Role::Viewer, [&store](const CallPtr &call) {
        history(store, call);
    });
    methods.add(QStringLiteral("store.watch"), Role::Viewer, [&store](const CallPtr &call) {
        watch(store, call);
    });
}

} // namespace qd::control
