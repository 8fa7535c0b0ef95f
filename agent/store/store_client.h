// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QByteArray>
#include <QString>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

/// The one seam through which every other part of the agent reaches the replicated keyspace
/// (architecture.md 4): embedded Raft here, an external etcd cluster behind the same seam later.
/// Keys are absolute paths ("/a/b"); semantics are etcd v2's (peer-contracts.md 1).
namespace qd::store {

/// A key or directory as a reader sees it.
struct Node {
    QString key;
    QByteArray value;
    bool dir = false;
    quint64 createdIndex = 0;
    quint64 modifiedIndex = 0;
    /// Wall clock, microseconds since 1970, by the leader's committed clock.
    std::optional<qint64> expirationUs;
    /// Seconds left, rounded up, at the moment of the answer.
    std::optional<qint64> ttl;
    std::vector<Node> children;
};

/// A node as a walk passes it. The views live as long as the call.
struct PassedNode {
    QByteArrayView key; ///< the path in UTF-8; empty: the root
    QByteArrayView value;
    bool dir = false;
    quint64 createdIndex = 0;
    quint64 modifiedIndex = 0;
    std::optional<qint64> expirationUs; ///< as in Node
    std::optional<qint64> ttl;
};

/// Sees what a read finds, depth first and in the order of the names: for answers so large that
/// nobody wants a copy of them. A directory is left after what is in it.
class NodeVisitor {
public:
    virtual ~NodeVisitor() = default;
    virtual void enter(const PassedNode &node) = 0;
    virtual void leave(const PassedNode &node) = 0;
};

/// Outcome of a read, a write or a watch: what etcd v2 calls a response.
struct Event {
    QString action; ///< get, set, create, update, delete, compareAndSwap, compareAndDelete, expire
    Node node;
    std::optional<Node> prevNode;
    quint64 etcdIndex = 0; ///< the store's index when the answer was made (X-Etcd-Index)
    quint64 raftIndex = 0;
    quint64 raftTerm = 0;
    bool refresh = false;
};

struct GetRequest {
    QString key;
    bool recursive = false;
    bool sorted = false;
    bool quorum = false; ///< linearizable, through read-index; else the local tree
};

/// A write. Which operation runs follows from the fields as in peer-contracts.md 1.3.
struct WriteRequest {
    enum class Kind { Put, Post, Delete };
    Kind kind = Kind::Put;
    QString key;
    QByteArray value;
    bool dir = false;
    bool recursive = false;
    bool refresh = false;
    std::optional<qint64> ttl; ///< seconds; nullopt = none given
    bool ttlGiven = false;     ///< "ttl=" given, perhaps empty
    std::optional<bool> prevExist;
    std::optional<QByteArray> prevValue;
    quint64 prevIndex = 0; ///< 0 = not given
};

struct WatchRequest {
    QString key;
    bool recursive = false;
    bool stream = false;   ///< more than one event
    quint64 waitIndex = 0; ///< 0 = from now on
    /// Told once that the watch stands, before its first event; never when it cannot stand.
    std::function<void()> stands = {};
};

/// The events that are kept, of a key: what a watch of it would have told, oldest first.
struct History {
    quint64 from = 0; ///< the oldest index that is kept of any key; 0 = none
    quint64 to = 0;   ///< the store's index now
    std::vector<Event> events;
};

/// An etcd error (peer-contracts.md 1.5) travels as Error with code "etcd.<n>", message the etcd
/// message, and details "cause" and "index".
inline QString etcdErrorCode(int n)
{
    return QStringLiteral("etcd.%1").arg(n);
}

/// Ends its watch when destroyed.
class Watch {
public:
    virtual ~Watch() = default;
};

using EventHandler = std::function<void(Result<Event>)>;
/// Of many that hear of the same event: none gets a copy of its own.
using WatchHandler = std::function<void(const Result<Event> &)>;

class StoreClient {
public:
    virtual ~StoreClient() = default;
    /// `done` is called exactly once, on the caller's thread, never from inside this call.
    virtual void get(const GetRequest &request, EventHandler done) = 0;
    /// As `get`. Error code::unknownOutcome: the write may or may not have happened.
    virtual void write(const WriteRequest &request, EventHandler done) = 0;
    /// `handler` gets one event (stream: each event), in order, none twice, none skipped. An error
    /// ends the watch; etcd error 401 says that `waitIndex` has left the window.
    virtual std::unique_ptr<Watch> watch(const WatchRequest &request, WatchHandler handler) = 0;
    /// Answered from the local tree at once: for code that runs at each change (scheduling).
    virtual Result<Event> getLocal(const GetRequest &request) const = 0;
    /// As getLocal(), for the visitor; the store's index.
    virtual Result<quint64> walkLocal(const GetRequest &request, NodeVisitor &visitor) const = 0;
    /// Answered from the local window of events at once.
    virtual Result<History> history(const QString &key, bool recursive) const = 0;
    virtual bool isLeader() const = 0;
};

} // namespace qd::store
