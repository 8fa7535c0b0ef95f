// SPDX-License-Identifier: GPL-3.0-or-later
#include "demo_client.h"

#include "shared/codec/codec.h"

#include <QJsonDocument>
#include <QPointer>
#include <QPromise>

namespace qd::demo {

class DemoSubscription : public session::Subscription {
public:
    DemoSubscription(DemoClient &client, QString collection)
        : m_client(&client)
        , m_collection(std::move(collection))
    {
    }
    ~DemoSubscription() override
    {
        if (m_client)
            m_client->m_subscriptions.remove(this);
    }
    DemoSubscription(const DemoSubscription &) = delete;
    DemoSubscription &operator=(const DemoSubscription &) = delete;

    const QString &collection() const { return m_collection; }
    void letGo() { m_client = nullptr; }

private:
    DemoClient *m_client;
    QString m_collection;
};

/// What a stream is about: a unit's journal, or the store.
class DemoStream : public session::ByteStream {
public:
    DemoStream(DemoClient &client, QString method, QString unit)
        : method(std::move(method))
        , unit(std::move(unit))
        , m_client(&client)
    {
        client.m_streams.insert(this);
    }
    ~DemoStream() override
    {
        if (m_client)
            m_client->m_streams.remove(this);
    }
    DemoStream(const DemoStream &) = delete;
    DemoStream &operator=(const DemoStream &) = delete;
    void write(const QByteArray &) override {}
    void close() override {}

    const QString method;
    const QString unit;
    QString below; ///< of a watch; empty = everything

private:
    QPointer<DemoClient> m_client;
};

namespace {

constexpr qsizetype kPageRows = 5'000; // as an agent's

QByteArray lineOf(const QJsonObject &json)
{
    return QJsonDocument(json).toJson(QJsonDocument::Compact) + '\n';
}

} // namespace

DemoClient::DemoClient(const QString &kind, QObject *parent)
    : session::Client(parent)
    , m_kind(kind)
    , m_data(DemoData::make(kind))
    , m_nodeName(QStringLiteral("node-1"))
{
}

DemoClient::~DemoClient()
{
    for (DemoSubscription *subscription : std::as_const(m_subscriptions))
        subscription->letGo();
}

QCborMap DemoClient::welcome() const
{
    return {
        {QStringLiteral("cluster"), QCborMap{{QStringLiteral("name"), m_data.clusterName}}},
        {QStringLiteral("node"), QCborMap{{QStringLiteral("name"), m_nodeName}}},
        {QStringLiteral("role"), m_role}};
}

QFuture<Result<QCborMap>>
DemoClient::call(const QString &method, const QCborMap &params, const session::CallOptions &)
{
    m_calls.append(
        (method + QLatin1Char(' ') + params.value(QLatin1String("name")).toString()).trimmed());
    auto promise = std::make_shared<QPromise<Result<QCborMap>>>();
    promise->start();
    const QFuture<Result<QCborMap>> future = promise->future();
    if (m_kind == QLatin1String("loading"))
        return future;
    Result<QCborMap> result = answer(method, params);
    QTimer::singleShot(0, &m_answering, [promise, result = std::move(result)] {
        promise->addResult(result);
        promise->finish();
    });
    return future;
}

Result<QCborMap> DemoClient::answer(const QString &method, const QCborMap &params)
{
    if (m_kind == QLatin1String("failing"))
        return fail(code::denied, QStringLiteral("The role viewer may not read this."));
    if (m_failures.contains(method))
        return fail(m_failures.take(method));
    if (m_state != State::Connected)
        return fail(code::unreachable, QStringLiteral("There is no connection to the cluster."));
    const QString name = params.value(QLatin1String("name")).toString();
    if (method == QLatin1String("unit.submit"))
        return submit(params);
    if (method == QLatin1String("unit.cat"))
        return QCborMap{{QStringLiteral("text"), m_data.files.value(name)}};
    if (method == QLatin1String("unit.check"))
        return QCborMap{
            {QStringLiteral("diagnostics"),
             codec::listToCbor(DemoData::check(params.value(QLatin1String("text")).toString()))}};
    if (method == QLatin1String("store.get"))
        return storeGet(params);
    if (method == QLatin1String("store.set"))
        return storeSet(params);
    if (method == QLatin1String("store.delete"))
        return storeDelete(params);
    if (method == QLatin1String("raft.status"))
        return QCborMap{{QStringLiteral("items"), codec::listToCbor(m_data.raft)}};
    if (method == QLatin1String("agent.about"))
        return QCborMap{{QStringLiteral("started"), m_restarts}};
    if (method == QLatin1String("agent.restart")) {
        ++m_restarts;
        return QCborMap();
    }
    if (method == QLatin1String("raft.transfer"))
        return transfer(params.value(QLatin1String("nodeId")).toString());
    if (method == QLatin1String("raft.promote"))
        return promote(params.value(QLatin1String("nodeId")).toString());
    if (method == QLatin1String("cluster.token"))
        return QCborMap{
            {QStringLiteral("token"), QStringLiteral("qd1.275ce31335d8df0c52a3a8eaa57cb944."
                                                     "aac59ff5ebea458569922721f8e76950b51e55d7")},
            {QStringLiteral("expires"),
             QDateTime::currentDateTimeUtc().addSecs(900).toMSecsSinceEpoch()}};
    if (method == QLatin1String("node.remove"))
        return removeNode(params.value(QLatin1String("nodeId")).toString());
    if (method.startsWith(QLatin1String("unit.")))
        return actOnUnit(method.mid(5), name);
    return fail(code::unsupported, QStringLiteral("The demo knows no %1.").arg(method));
}

Result<QCborMap> DemoClient::actOnUnit(const QString &verb, const QString &name)
{
    const auto found =
        std::find_if(m_data.units.begin(), m_data.units.end(), [&](const Unit &unit) {
            return unit.name == name;
        });
    if (found == m_data.units.end())
        return fail(code::notFound, QStringLiteral("There is no unit %1.").arg(name));
    if (verb == QLatin1String("destroy")) {
        removeUnit(name);
        return QCborMap{};
    }
    Unit unit = *found;
    const bool start = verb == QLatin1String("start");
    const bool unload = verb == QLatin1String("unload");
    unit.desired = start    ? Unit::Target::Launched
                   : unload ? Unit::Target::Inactive
                            : Unit::Target::Loaded;
    unit.current = unit.desired;
    unit.activeState = start ? QStringLiteral("active") : QStringLiteral("inactive");
    unit.subState = start ? QStringLiteral("running") : QStringLiteral("dead");
    if (unload) {
        unit.machineId.clear();
        unit.machineName.clear();
    } else if (unit.machineId.isEmpty() && !m_data.nodes.isEmpty()) {
        unit.machineId = m_data.nodes.first().id;
        unit.machineName = m_data.nodes.first().name;
        unit.reason = QStringLiteral("least loaded of 3");
    }
    setUnit(unit);
    return QCborMap{{QStringLiteral("unit"), codec::toCbor(unit)}};
}

Result<QCborMap> DemoClient::submit(const QCborMap &params)
{
    Unit unit;
    unit.name = params.value(QLatin1String("name")).toString();
    if (!unit.name.contains(QLatin1Char('.')))
        return fail(
            code::badInput,
            QStringLiteral("The name \"%1\" has no type, such as .service.").arg(unit.name));
    const QString text = params.value(QLatin1String("text")).toString();
    unit.description =
        text.section(QStringLiteral("Description="), 1).section(QLatin1Char('\n'), 0, 0);
    m_data.files.insert(unit.name, text);
    setUnit(unit);
    return QCborMap{{QStringLiteral("unit"), codec::toCbor(unit)}};
}

Result<QCborMap> DemoClient::storeGet(const QCborMap &params) const
{
    const QString key = params.value(QLatin1String("key")).toString();
    const QString after = params.value(QLatin1String("after")).toString();
    const bool root = key == QLatin1String("/");
    if (!root && !m_data.store.contains(key))
        return fail(QStringLiteral("etcd.100"), QStringLiteral("There is no key %1.").arg(key));
    QList<StoreEntry> children;
    bool more = false;
    const QString below = root ? key : key + QLatin1Char('/');
    for (auto it = m_data.store.lowerBound(qMax(below, after)); it != m_data.store.end(); ++it) {
        if (!it.key().startsWith(below))
            break;
        const QString rest = it.key().mid(below.size());
        const bool listed = !rest.contains(QLatin1Char('/')) && !rest.startsWith(QLatin1Char('_'));
        if (!listed || it.key() <= after)
            continue;
        more = children.size() == kPageRows;
        if (more)
            break;
        children.append(*it);
    }
    StoreEntry self = m_data.store.value(key);
    self.key = key;
    self.dir = self.dir || root;
    return QCborMap{
        {QStringLiteral("entry"), codec::toCbor(self)},
        {QStringLiteral("children"), codec::listToCbor(children)},
        {QStringLiteral("more"), more},
        {QStringLiteral("index"), 18'442}};
}

std::optional<Error> DemoClient::unmet(const QCborMap &params) const
{
    const auto etcd = [](int number, const QString &what) {
        return Error{QStringLiteral("etcd.%1").arg(number), what, {}, nullptr};
    };
    const QString key = params.value(QLatin1String("key")).toString();
    const bool there = m_data.store.contains(key);
    const QCborValue exist = params.value(QLatin1String("prevExist"));
    const qint64 index = params.value(QLatin1String("prevIndex")).toInteger(0);
    if (exist.isBool() && !exist.toBool() && there)
        return etcd(105, QStringLiteral("Key already exists (%1)").arg(key));
    if ((index > 0 || exist.toBool()) && !there)
        return etcd(100, QStringLiteral("Key not found (%1)").arg(key));
    const qint64 now = m_data.store.value(key).modifiedIndex;
    if (index > 0 && index != now)
        return etcd(101, QStringLiteral("Compare failed ([%1 != %2])").arg(index).arg(now));
    return std::nullopt;
}

Result<QCborMap> DemoClient::storeSet(const QCborMap &params)
{
    if (const auto error = unmet(params))
        return fail(*error);
    const QString key = params.value(QLatin1String("key")).toString();
    const bool dir = params.value(QLatin1String("dir")).toBool();
    if (dir) {
        const qint64 index = ++m_index;
        m_data.store.insert(key, StoreEntry{key, {}, true, index, index, {}, 0});
        publishKey(QStringLiteral("set"), m_data.store.value(key), std::nullopt);
    } else {
        setKey(
            key, params.value(QLatin1String("value")).toByteArray(),
            params.value(QLatin1String("ttl")).toInteger(0));
    }
    return QCborMap{
        {QStringLiteral("action"), QStringLiteral("set")},
        {QStringLiteral("entry"), codec::toCbor(m_data.store.value(key))},
        {QStringLiteral("index"), m_index}};
}

Result<QCborMap> DemoClient::storeDelete(const QCborMap &params)
{
    const QString key = params.value(QLatin1String("key")).toString();
    if (!m_data.store.contains(key))
        return fail(QStringLiteral("etcd.100"), QStringLiteral("Key not found (%1)").arg(key));
    if (const auto error = unmet(params))
        return fail(*error);
    removeKey(key);
    return QCborMap{
        {QStringLiteral("action"), QStringLiteral("delete")},
        {QStringLiteral("entry"), codec::toCbor(StoreEntry{key, {}, false, 0, 0, {}, 0})},
        {QStringLiteral("index"), m_index}};
}

Result<QCborMap> DemoClient::transfer(const QString &nodeId)
{
    for (RaftStatus &member : m_data.raft) {
        const bool leads = member.nodeId == nodeId;
        member.role = leads ? Node::Role::Leader : Node::Role::Follower;
        member.term += 1;
    }
    publishRaft();
    return QCborMap{{QStringLiteral("nodeId"), nodeId}};
}

Result<QCborMap> DemoClient::promote(const QString &nodeId)
{
    for (RaftStatus &member : m_data.raft) {
        if (member.nodeId == nodeId)
            member.role = Node::Role::Follower;
    }
    publishRaft();
    return QCborMap{};
}

Result<QCborMap> DemoClient::removeNode(const QString &nodeId)
{
    m_data.raft.removeIf([&](const RaftStatus &member) { return member.nodeId == nodeId; });
    m_data.nodes.removeIf([&](const Node &node) { return node.id == nodeId; });
    publish(QStringLiteral("raft"), {}, {nodeId});
    publish(QStringLiteral("nodes"), {}, {nodeId});
    return QCborMap{};
}

/// What store.read and store.history send before they end.
Result<QByteArray> DemoClient::storeLines(const QString &method, const QCborMap &params) const
{
    const QString key = params.value(QLatin1String("key")).toString();
    const bool recursive = params.value(QLatin1String("recursive")).toBool();
    const QString below = key == QLatin1String("/") ? key : key + QLatin1Char('/');
    if (m_kind == QLatin1String("failing"))
        return fail(code::denied, QStringLiteral("The role viewer may not read this."));
    QByteArray out;
    if (method == QLatin1String("store.history")) {
        out += lineOf(
            {{QStringLiteral("from"), qMax<qint64>(m_index - 999, 1)},
             {QStringLiteral("to"), m_index}});
        for (const QJsonObject &event : m_events) {
            const QString of = event[QLatin1String("entry")][QLatin1String("key")].toString();
            if (of == key || (recursive && of.startsWith(below)))
                out += lineOf(event);
        }
        return out;
    }
    if (key != QLatin1String("/") && !m_data.store.contains(key))
        return fail(QStringLiteral("etcd.100"), QStringLiteral("Key not found (%1)").arg(key));
    StoreEntry self = m_data.store.value(key);
    self.key = key;
    self.dir = self.dir || key == QLatin1String("/");
    QList<StoreEntry> all{self};
    for (auto it = m_data.store.lowerBound(below); it != m_data.store.end(); ++it) {
        if (!it.key().startsWith(below))
            break;
        const QString rest = it.key().mid(below.size());
        const bool hidden = rest.startsWith(u'_') || rest.contains(QLatin1String("/_"));
        if (!hidden && it.key() != key && (recursive || !rest.contains(u'/')))
            all.append(*it);
    }
    for (const StoreEntry &entry : std::as_const(all))
        out += lineOf(
            {{QStringLiteral("entry"), codec::toJson(entry)}, {QStringLiteral("index"), m_index}});
    return out;
}

QList<QCborMap> DemoClient::rows(const QString &collection) const
{
    QList<QCborMap> out;
    if (collection == QLatin1String("nodes"))
        for (const Node &node : m_data.nodes)
            out.append(codec::toCbor(node));
    if (collection == QLatin1String("units"))
        for (const Unit &unit : m_data.units)
            out.append(codec::toCbor(unit));
    if (collection == QLatin1String("raft"))
        for (const RaftStatus &member : m_data.raft)
            out.append(codec::toCbor(member));
    return out;
}

std::unique_ptr<session::Subscription>
DemoClient::subscribe(const QString &collection, const QCborMap &)
{
    auto subscription = std::make_unique<DemoSubscription>(*this, collection);
    m_subscriptions.insert(subscription.get());
    DemoSubscription *raw = subscription.get();
    if (m_kind == QLatin1String("failing")) {
        QTimer::singleShot(0, raw, [raw] {
            Q_EMIT raw->failed(Error{
                code::denied, QStringLiteral("The role viewer may not read this."), {}, nullptr});
        });
    } else if (m_kind != QLatin1String("loading")) {
        QTimer::singleShot(0, raw, [this, raw] { Q_EMIT raw->reset(rows(raw->collection())); });
    }
    return subscription;
}

std::unique_ptr<session::ByteStream>
DemoClient::open(const QString &method, const QCborMap &params, const session::CallOptions &)
{
    const QString unit = params.value(QLatin1String("unit")).toString();
    auto stream = std::make_unique<DemoStream>(*this, method, unit);
    if (const QString key = params.value(QLatin1String("key")).toString(); key.size() > 1)
        stream->below = key;
    if (method == QLatin1String("store.read") || method == QLatin1String("store.history")) {
        m_calls.append(method);
        if (m_kind != QLatin1String("loading"))
            QTimer::singleShot(
                0, stream.get(), [raw = stream.get(), lines = storeLines(method, params)] {
                    if (lines)
                        Q_EMIT raw->received(*lines);
                    Q_EMIT raw->ended(lines ? Error{} : lines.error());
                });
        return stream;
    }
    if (method != QLatin1String("journal.open"))
        return stream;
    QByteArray bytes;
    const bool runs = std::any_of(m_data.units.begin(), m_data.units.end(), [&](const Unit &one) {
        return one.name == unit && !one.activeState.isEmpty();
    });
    const QList<JournalLine> lines =
        DemoData::journal(unit, QStringLiteral("node-2"), runs ? 60 : 0);
    for (const JournalLine &line : lines)
        bytes += lineOf(codec::toJson(line));
    QTimer::singleShot(
        0, stream.get(), [raw = stream.get(), bytes] { Q_EMIT raw->received(bytes); });
    return stream;
}

void DemoClient::publish(
    const QString &collection, const QList<QCborMap> &changedRows, const QStringList &removed)
{
    for (DemoSubscription *subscription : std::as_const(m_subscriptions)) {
        if (subscription->collection() == collection)
            Q_EMIT subscription->changed(changedRows, removed);
    }
}

void DemoClient::setState(State state)
{
    m_state = state;
    Q_EMIT stateChanged(state);
}

void DemoClient::loseConnection(const QString &why)
{
    const Error error{code::unreachable, why, {}, nullptr};
    setState(State::Reconnecting);
    const auto streams = m_streams;
    for (DemoStream *stream : streams)
        Q_EMIT stream->ended(error);
    Q_EMIT trouble(error);
}

void DemoClient::connectAgain(const QString &nodeName)
{
    m_nodeName = nodeName;
    setState(State::Connected);
}

void DemoClient::setUnit(const Unit &unit)
{
    const auto found = std::find_if(m_data.units.begin(), m_data.units.end(), [&](const Unit &one) {
        return one.name == unit.name;
    });
    if (found == m_data.units.end())
        m_data.units.append(unit);
    else
        *found = unit;
    publish(QStringLiteral("units"), {codec::toCbor(unit)}, {});
}

void DemoClient::removeUnit(const QString &name)
{
    m_data.units.removeIf([&name](const Unit &unit) { return unit.name == name; });
    publish(QStringLiteral("units"), {}, {name});
}

void DemoClient::setNode(const Node &node)
{
    for (Node &one : m_data.nodes) {
        if (one.id == node.id)
            one = node;
    }
    publish(QStringLiteral("nodes"), {codec::toCbor(node)}, {});
}

void DemoClient::publishKey(
    const QString &action, const StoreEntry &entry, const std::optional<StoreEntry> &previous)
{
    QJsonObject event{
        {QStringLiteral("action"), action},
        {QStringLiteral("entry"), codec::toJson(entry)},
        {QStringLiteral("index"), m_index}};
    if (previous)
        event.insert(QStringLiteral("previous"), codec::toJson(*previous));
    m_events.append(event);
    const auto streams = m_streams;
    for (DemoStream *stream : streams) {
        const bool wants = stream->below.isEmpty() || entry.key == stream->below ||
                           entry.key.startsWith(stream->below + QLatin1Char('/'));
        if (stream->method == QLatin1String("store.watch") && wants)
            Q_EMIT stream->received(lineOf(event));
    }
}

void DemoClient::setKey(const QString &key, const QByteArray &value, qint64 ttl)
{
    std::optional<StoreEntry> previous;
    if (m_data.store.contains(key))
        previous = m_data.store.value(key);
    m_data.putKey(key, value, ttl);
    StoreEntry &entry = m_data.store[key];
    entry.modifiedIndex = ++m_index;
    entry.createdIndex = previous ? previous->createdIndex : m_index;
    publishKey(QStringLiteral("set"), entry, previous);
}

void DemoClient::removeKey(const QString &key)
{
    const StoreEntry was = m_data.store.value(key);
    m_data.store.removeIf([&key](const auto &entry) {
        return entry.key() == key || entry.key().startsWith(key + QLatin1Char('/'));
    });
    ++m_index;
    publishKey(
        QStringLiteral("delete"), StoreEntry{key, {}, was.dir, was.createdIndex, m_index, {}, 0},
        was);
}

void DemoClient::log(const JournalLine &line)
{
    const auto streams = m_streams;
    for (DemoStream *stream : streams) {
        if (stream->method == QLatin1String("journal.open") && stream->unit == line.unit)
            Q_EMIT stream->received(lineOf(codec::toJson(line)));
    }
}

void DemoClient::tick(int second)
{
    if (m_data.raft.size() < 3)
        return;
    // Until second 45 the first node leads in term 3; then it is gone for a while, and comes back.
    const qint64 base = second < 45 ? 3 : 4;
    const int leader = second < 45 ? 0 : 1;
    for (int i = 0; i < 3; ++i) {
        RaftStatus &member = m_data.raft[i];
        const bool electing = second >= 42 && second < 45;
        member.reachable = !(i == 0 && second >= 42 && second < 66);
        member.role = i == leader ? Node::Role::Leader : Node::Role::Follower;
        if (electing)
            member.role = i == 1 ? Node::Role::Candidate : Node::Role::Follower;
        member.term = electing && i == 1 ? 4 : base;
        if (!member.reachable)
            continue;
        const int wave = 30 + int(qHash(second * 7) % 28) + (second % 30 > 22 ? 60 : 0);
        member.proposalsPerSecond = i == leader && !electing ? wave : 0;
        member.syncMs = 0.9 + i * 0.5 + double(qHash(second * 13 + i) % 70) / 100 +
                        (i == 2 && second % 40 > 34 ? 6 : 0);
        const qint64 lag = i == 2 ? 830 : i == leader ? 0 : 2;
        member.lastIndex = 14'000 + second * 37 - lag;
        member.commitIndex = member.lastIndex - (i == leader ? 2 : 0);
        member.appliedIndex = member.commitIndex - (i == 2 ? 8 : 0);
        member.firstIndex = 10'001;
    }
    publishRaft();
}

void DemoClient::publishRaft()
{
    m_data.setPeers();
    publish(QStringLiteral("raft"), rows(QStringLiteral("raft")), {});
}

} // namespace qd::demo
