// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>
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
    };

    virtual ~ClusterInfo() = default;
    virtual quint64 clusterId() const = 0;
    virtual quint64 self() const = 0;
    virtual quint64 leader() const = 0; ///< 0 when none is known
    virtual quint64 raftTerm() const = 0;
    virtual quint64 raftIndex() const = 0; ///< committed
    /// The store's index now (X-Etcd-Index).
    virtual quint64 storeIndex() const = 0;
    virtual std::vector<Member> members() const = 0;
    virtual SelfStats selfStats() const = 0;
};

} // namespace qd::etcd
