// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/etcd/cluster_info.h"

#include <QByteArray>

/// The bodies of /v2/stats (ch5-etcd.md 10), fields in etcd's order.
namespace qd::etcd {

QByteArray selfStatsJson(const ClusterInfo &cluster, qint64 nowUs);
QByteArray leaderStatsJson(const ClusterInfo &cluster);
QByteArray storeStatsJson(const store::Statistics &statistics);

/// What /debug/vars says of consensus.
QByteArray raftStatusJson(const ClusterInfo &cluster);

} // namespace qd::etcd
