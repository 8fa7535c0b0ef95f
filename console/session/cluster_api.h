// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/session/client.h"
#include "console/session/store_events.h"
#include "shared/model/journal_line.h"
#include "shared/model/node.h"
#include "shared/model/raft_status.h"
#include "shared/model/reboot_slots.h"
#include "shared/model/store_entry.h"
#include "shared/model/unit.h"

#include <optional>

namespace qd::session {

template <class T>
struct Listing {
    qint64 revision = 0;
    QList<T> items;
};

struct StoreAnswer {
    QString action; ///< of a write
    StoreEntry entry;
    QList<StoreEntry> children;         ///< of a read: flat, in order
    std::optional<StoreEntry> previous; ///< its value is cut to 64 KiB
    bool more = false;                  ///< of a read page by page: there are further children
    qint64 index = 0;
};

struct StoreGet {
    QString key;
    bool recursive = false;
    bool sorted = true;
    bool quorum = false;
    /// Of storeGet, page by page: the children after this key; empty = from the first.
    std::optional<QString> after = {};
};

/// What a write may ask for; fields as in docs/protocol.md.
struct StoreWrite {
    QString key;
    QByteArray value;
    std::optional<qint64> ttl; ///< seconds
    bool dir = false;
    bool recursive = false;
    std::optional<QByteArray> prevValue;
    std::optional<qint64> prevIndex;
    std::optional<bool> prevExist;
};

struct UnitDetails {
    Unit unit;
    QMap<QString, QString> properties;
    QList<JournalLine> lines;
};

struct RebootMaximum {
    qint64 old = 0;
    RebootSlots now;
};

struct IssuedToken {
    QString token;
    QDateTime expires;
};

/// The control protocol's methods as typed functions, a function a method. Every future finishes;
/// errors are those of the agent, or code::badInput for an answer that does not fit its type.
class ClusterApi {
public:
    explicit ClusterApi(Client &client)
        : m_client(client)
    {
    }
    template <class T>
    using Future = QFuture<Result<T>>;

    Future<Listing<Node>> nodes() const;
    Future<Listing<RaftStatus>> raftStatus() const;
    /// For good. Code "raft.quorum": too few of the others are there.
    Future<void> nodeRemove(const QString &nodeId) const;
    /// A learner votes. Code "raft.behind": it is too far behind.
    Future<void> raftPromote(const QString &nodeId) const;
    /// `nodeId` empty: the one that needs the least. The answer is who leads now.
    Future<QString> raftTransfer(const QString &nodeId = {}) const;

    /// Whole and exact, however much it is: it comes as a stream.
    Future<StoreAnswer> storeRead(const StoreGet &request) const;
    /// What fits into a frame; page by page values are cut to 64 KiB.
    Future<StoreAnswer> storeGet(const StoreGet &request) const;
    Future<StoreAnswer> storeSet(const StoreWrite &request) const;
    Future<StoreAnswer> storeDelete(const StoreWrite &request) const;
    /// What has happened to a key (or below it) of late.
    Future<StoreHistory> storeHistory(const QString &key, bool recursive = false) const;
    /// Each event one line of JSON: {action, entry, previous?, index}.
    std::unique_ptr<ByteStream>
    storeWatch(const QString &key, bool recursive, std::optional<qint64> after = {}) const;

    /// Read from the live collection: there may be more than an answer's frame could hold.
    Future<Listing<Unit>> units() const;
    Future<Unit> unitSubmit(const QString &name, const QString &text, bool replace = false) const;
    Future<Unit> unitLoad(const QString &name) const;
    Future<Unit> unitStart(const QString &name) const;
    Future<Unit> unitStop(const QString &name) const;
    Future<Unit> unitUnload(const QString &name) const;
    Future<void> unitDestroy(const QString &name) const;
    Future<QString> unitCat(const QString &name) const;
    Future<UnitDetails> unitStatus(const QString &name) const;
    Future<QList<UnitDiagnostic>> unitCheck(const QString &name, const QString &text) const;
    /// Each entry one line of JSON of JournalLine.
    std::unique_ptr<ByteStream> journal(const QString &unit, int lines, bool follow) const;

    /// The reboot lock of a group (empty: of the machines of no group). Without a holder the node
    /// that is connected to is meant. Refusals come in locksmith's words.
    Future<RebootSlots> rebootLock(const QString &group = {}) const;
    /// The answer is the fencing index.
    Future<qint64> rebootLockTake(const QString &holder, const QString &group = {}) const;
    Future<RebootSlots> rebootLockRelease(const QString &holder, const QString &group = {}) const;
    Future<RebootMaximum> rebootLockSetMax(qint64 max, const QString &group = {}) const;
    /// Takes a slot for the node, waits, and reboots it if the slot is its own still.
    Future<void>
    rebootUnderLock(const QString &nodeId, int delayS = 0, const QString &group = {}) const;

    /// `kind`: "node" or "console"; `role` of a console.
    Future<IssuedToken> clusterToken(const QString &kind, const QString &role = {}) const;

private:
    Future<Unit> unitVerb(const QString &method, const QCborMap &params) const;
    Client &m_client;
};

} // namespace qd::session
