// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/clients.h"

namespace qd::sim {

using namespace store;
using Kind = Operation::Kind;
using Outcome = Operation::Outcome;

namespace {

constexpr quint64 kClientLabel = 0x8000;
constexpr qint64 kTimeoutMs = 1'500;

quint64 indexOf(const Result<Event> &result)
{
    return result ? result->etcdIndex
                  : result.error().detail.value(QStringLiteral("index")).toULongLong();
}

bool isEtcds(const Error &error)
{
    return error.code.startsWith(QLatin1String("etcd."));
}

} // namespace

Clients::Clients(Cluster &cluster, quint64 seed, int count, qint64 meanThinkUs)
    : m_cluster(cluster)
    , m_random(seed)
    , m_count(count)
    , m_meanThinkUs(meanThinkUs)
{
    cluster.onEnd([this](raft::NodeId id) { lost(id); });
}

void Clients::begin()
{
    m_on = true;
    for (int client = 0; client < m_count; ++client)
        think(client);
}

void Clients::think(int client)
{
    const qint64 us = 1 + qint64(m_random.below(quint64(2 * m_meanThinkUs)));
    m_cluster.scheduler().after(us, kClientLabel + quint64(client), [this, client] {
        if (m_on)
            act(client);
    });
}

void Clients::act(int client)
{
    const raft::NodeId id = 1 + m_random.below(quint64(m_cluster.size()));
    if (!m_cluster.node(id).isUp())
        return think(client);
    switch (m_random.below(10)) {
    case 0:
    case 1:
    case 2:
        return read(client, id);
    case 3:
        readLocally(id);
        return think(client);
    case 4:
    case 5:
        return writeElsewhere(client, id);
    default:
        return write(client, id);
    }
}

QByteArray Clients::freshValue(int client)
{
    return QByteArray::number(client) + '-' + QByteArray::number(++m_values) +
           QByteArray(int(m_random.below(40)), 'x');
}

QByteArray Clients::guessOf(const QString &key)
{
    const auto seen = m_lastSeen.find(key);
    return seen == m_lastSeen.end() || seen->second.isEmpty() ? QByteArrayLiteral("nothing")
                                                              : seen->second;
}

/// A key of its own history: only what is written to it by name touches it.
void Clients::write(int client, raft::NodeId node)
{
    const QString key = QStringLiteral("/k/%1").arg(m_random.below(4));
    WriteRequest request;
    request.key = key;
    const auto kind = Kind(1 + m_random.below(6));
    const Shared call = open(key, node, kind, true);
    Operation &operation = call->operation;
    if (kind == Kind::Swap || kind == Kind::DeleteIf)
        operation.expected = guessOf(key);
    if (kind == Kind::Delete || kind == Kind::DeleteIf)
        request.kind = WriteRequest::Kind::Delete;
    else
        request.value = operation.value = freshValue(client);
    if (kind == Kind::Create || kind == Kind::Update)
        request.prevExist = kind == Kind::Update;
    if (!operation.expected.isEmpty())
        request.prevValue = operation.expected;
    submit(call, client, request);
}

/// Keys that end by themselves, folders that go with all that is in them, keys made in order.
void Clients::writeElsewhere(int client, raft::NodeId node)
{
    WriteRequest request;
    request.value = freshValue(client);
    const quint64 which = m_random.below(8);
    if (which < 3) {
        request.key = QStringLiteral("/t/%1").arg(m_random.below(3));
        request.ttl = qint64(m_random.below(3));
        request.ttlGiven = true;
    } else if (which < 6) {
        request.key = QStringLiteral("/d/%1/%2").arg(m_random.below(2)).arg(m_random.below(3));
    } else if (which == 6) {
        request.key = QStringLiteral("/d/%1").arg(m_random.below(2));
        request.kind = WriteRequest::Kind::Delete;
        request.recursive = true;
        request.value.clear();
    } else {
        request.key = QStringLiteral("/q");
        request.kind = WriteRequest::Kind::Post;
    }
    const Shared call = open(request.key, node, Kind::Set, false);
    call->operation.value = request.value;
    submit(call, client, request);
}

Clients::Shared Clients::open(const QString &key, raft::NodeId node, Kind kind, bool tracked)
{
    auto call = std::make_shared<Call>();
    call->node = node;
    call->key = key;
    call->indexBefore = m_highest;
    call->tracked = tracked;
    call->operation.kind = kind;
    call->operation.begin = ++m_clock;
    if (tracked) {
        call->place = m_histories[key].size();
        m_histories[key].push_back(call->operation);
    }
    return call;
}

void Clients::submit(const Shared &call, int client, const WriteRequest &request)
{
    m_open.emplace_back(client, call);
    if (call->tracked)
        m_histories[call->key][call->place] = call->operation;
    SimNode &node = m_cluster.node(call->node);
    node.act([this, &node, call, request] {
        node.replica().write(request, kTimeoutMs, [this, call](const Result<Event> &result) {
            answer(call, result);
        });
    });
}

void Clients::read(int client, raft::NodeId id)
{
    GetRequest request;
    request.key = QStringLiteral("/k/%1").arg(m_random.below(4));
    request.quorum = true;
    const Shared call = open(request.key, id, Kind::Read, true);
    m_open.emplace_back(client, call);
    SimNode &node = m_cluster.node(id);
    node.act([this, &node, call, request] {
        node.replica().read(request, kTimeoutMs, [this, call](const Result<Event> &result) {
            answer(call, result);
        });
    });
}

void Clients::answer(const Shared &call, const Result<Event> &result)
{
    if (!call->open)
        return;
    ++m_answered;
    call->operation.end = ++m_clock;
    const bool isRead = call->operation.kind == Kind::Read;
    if (const quint64 index = indexOf(result); index != 0 && (result || isEtcds(result.error()))) {
        require(
            !isRead || index >= call->indexBefore,
            "a linearizable read sees every acknowledged write (R-48)");
        m_highest = std::max(m_highest, index);
    }
    if (result)
        noteDone(*call, *result);
    else
        noteFailed(*call, result.error());
    close(call);
}

void Clients::noteDone(Call &call, const Event &event)
{
    Operation &operation = call.operation;
    operation.outcome = Outcome::Done;
    operation.index = event.node.modifiedIndex;
    m_lastSeen[call.key] = event.node.value;
    if (operation.kind == Kind::Read) {
        operation.value = event.node.value;
        m_cluster.history().count(Sometimes::ReadConfirmed);
        return;
    }
    operation.hadBefore = event.prevNode.has_value();
    operation.before = event.prevNode ? event.prevNode->value : QByteArray();
    require(
        operation.index > call.indexBefore,
        "a write comes after all that was acknowledged before it was asked for");
    const History &history = m_cluster.history();
    require(
        operation.index <= history.lastFact() &&
            history.factAt(operation.index).key == event.node.key &&
            history.factAt(operation.index).value == operation.value,
        "an acknowledged write is what happened at its index");
}

void Clients::noteFailed(Call &call, const Error &error)
{
    Operation &operation = call.operation;
    if (error.code == etcdErrorCode(100)) {
        operation.outcome = Outcome::NotFound;
    } else if (error.code == etcdErrorCode(101)) {
        operation.outcome = Outcome::Differs;
    } else if (error.code == etcdErrorCode(105)) {
        operation.outcome = Outcome::Exists;
    } else if (
        error.code == code::noLeader || error.code == code::limit || error.code == code::noSpace) {
        operation.kind = Kind::Read; // it never happened: of its value nothing may ever be seen
        if (!operation.value.isEmpty())
            m_refused.insert(operation.value);
    } else if (operation.kind != Kind::Read) {
        m_cluster.history().count(Sometimes::OutcomeUnknown);
        require(
            error.code == code::unknownOutcome || isEtcds(error),
            "a write that ran out of time may have happened (R-56)");
    }
    if (operation.outcome == Outcome::Unknown)
        operation.end = ~quint64(0);
}

void Clients::close(const Shared &call)
{
    call->open = false;
    if (call->tracked)
        m_histories[call->key][call->place] = call->operation;
    const auto at = std::find_if(
        m_open.begin(), m_open.end(), [&](const auto &item) { return item.second == call; });
    const int client = at->first;
    m_open.erase(at);
    think(client);
}

/// The connections to a process end with it.
void Clients::lost(raft::NodeId node)
{
    const auto open = m_open;
    for (const auto &[client, call] : open) {
        if (call->node == node)
            close(call);
    }
}

/// What a member shows without asking anybody may be old, but it is what once was.
void Clients::readLocally(raft::NodeId id)
{
    SimNode &node = m_cluster.node(id);
    if (node.isPaused())
        return;
    GetRequest request;
    request.key = QStringLiteral("/k/%1").arg(m_random.below(4));
    const auto result = node.machine().get(request);
    auto &[incarnation, index] = m_localIndex[id];
    if (incarnation == node.incarnation())
        require(indexOf(result) >= index, "a member's index never goes back (R-37)");
    incarnation = node.incarnation();
    index = indexOf(result);
    checkLocalRead(request.key, result);
}

void Clients::checkLocalRead(const QString &key, const Result<Event> &result)
{
    const History &history = m_cluster.history();
    while (m_factsRead < history.lastFact()) {
        const QString &at = history.factAt(++m_factsRead).key;
        if (at.startsWith(QLatin1String("/k/")))
            m_factsOf[at].push_back(m_factsRead);
    }
    const auto &all = m_factsOf[key];
    const auto later = std::upper_bound(all.begin(), all.end(), indexOf(result));
    const bool there = later != all.begin() && !history.factAt(*std::prev(later)).gone;
    require(result.has_value() == there, "a local read is what was at its index");
    if (result)
        require(
            result->node.modifiedIndex == *std::prev(later) &&
                result->node.value == history.factAt(*std::prev(later)).value,
            "a local read is what was at its index");
}

/// Where too many clients were told nothing, what the members have applied tells which of their
/// writes came to be, and where: each has a value of its own. Of deletions it tells nothing.
std::vector<Operation>
Clients::withWhatHappened(const QString &key, const std::vector<Operation> &operations) const
{
    const History &history = m_cluster.history();
    std::map<QByteArray, quint64> indexes;
    for (quint64 index = 1; index <= history.lastFact(); ++index) {
        if (history.factAt(index).key == key)
            indexes[history.factAt(index).value] = index;
    }
    std::vector<Operation> out;
    for (Operation operation : operations) {
        if (operation.outcome == Outcome::Unknown && !operation.value.isEmpty()) {
            const auto at = indexes.find(operation.value);
            if (at == indexes.end())
                continue;
            operation.index = at->second;
        }
        out.push_back(operation);
    }
    return out;
}

void Clients::checkAll()
{
    const History &history = m_cluster.history();
    for (quint64 index = 1; index <= history.lastFact(); ++index)
        require(
            m_refused.count(history.factAt(index).value) == 0,
            "a write that was refused never happens (R-57)");
    for (const auto &[key, operations] : m_histories) {
        Verdict verdict = check(operations);
        if (verdict == Verdict::Undecided)
            verdict = check(withWhatHappened(key, operations));
        require(verdict != Verdict::Not, "each key's history is linearizable");
        m_undecided += verdict == Verdict::Undecided ? 1 : 0;
    }
}

} // namespace qd::sim
