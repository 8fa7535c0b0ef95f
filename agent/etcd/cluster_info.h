// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/store/statistics.h"
#include "shared/base/duration_histogram.h"
#include "shared/base/endpoint.h"
#include "shared/base/result.h"

#include <QString>
#include <QStringList>
#include <functional>
#include <map>
#include <vector>

namespace qd::etcd {

/// What etcd's API tells of the cluster beside its keys. The composition answers from the replica.
/// Ids are raft's; the API prints them as hex without leading zeros.
class ClusterInfo {
public:
    struct Member {
        quint64 id = 0;
        QString name; ///< empty until it has started for the first time
        QStringList peerUrls;
        QStringList clientUrls; ///< etcdctl talks to these: they must be reachable
    };
    struct SelfStats {
        qint64 startedUs = 0;     ///< wall clock, microseconds since 1970
        qint64 leaderSinceUs = 0; ///< when the present leader became known here; 0 without one
        quint64 received = 0;     ///< append messages
        quint64 sent = 0;
        store::Rate receivedRate;
        store::Rate sentRate;
    };
    /// What this member's consensus and log have done since it started.
    struct RaftFigures {
        quint64 vote = 0; ///< in this term; 0 = nobody
        quint64 applied = 0;
        quint64 pending = 0; ///< writes that wait for their answer
        quint64 failed = 0;  ///< writes that got none in time
        quint64 leaderChanges = 0;
        bool learner = false;
        bool campaigns = false; ///< it asks the others to let it lead
        qsizetype alarms = 0;   ///< that this member knows of
        DurationHistogram syncs;
    };

    virtual ~ClusterInfo() = default;
    virtual quint64 clusterId() const = 0;
    virtual quint64 self() const = 0;
    virtual quint64 leader() const = 0;      ///< 0 when none is known
    virtual qint64 leaderlessMs() const = 0; ///< for so long none has been known; 0 with one
    virtual quint64 raftTerm() const = 0;
    virtual quint64 raftIndex() const = 0; ///< committed
    /// The store's index now (X-Etcd-Index).
    virtual quint64 storeIndex() const = 0;
    virtual std::vector<Member> members() const = 0;
    /// Whether a member of this id has been taken out of the cluster: it never returns.
    virtual bool wasRemoved(quint64 id) const = 0;
    virtual SelfStats selfStats() const = 0;
    /// Of a leader, by id; else empty.
    virtual std::map<quint64, store::FollowerStatistics> followers() const = 0;
    virtual RaftFigures raftFigures() const = 0;
    virtual store::Statistics storeStatistics() const = 0;
};

/// The code of a change that would put two members at one place.
inline const QString kPeerUrlExists = QStringLiteral("member.peer_url_exists");

/// The changes of members that etcd's API may ask for, wherever the leader is. Each `done` comes
/// later, once.
class MemberChanges {
public:
    virtual ~MemberChanges() = default;
    /// Keeps an id for a member that is yet to start at these URLs. kPeerUrlExists.
    virtual void
    add(const QList<Endpoint> &peerUrls, std::function<void(Result<ClusterInfo::Member>)> done) = 0;
    /// Where the others find a member from now on. kPeerUrlExists.
    virtual void
    move(quint64 id, const QList<Endpoint> &peerUrls, std::function<void(Result<void>)> done) = 0;
    /// Takes a member out. Refused when the others could not go on without it.
    virtual void remove(quint64 id, std::function<void(Result<void>)> done) = 0;
};

} // namespace qd::etcd
