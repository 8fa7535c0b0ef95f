// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/etcd/cluster_info.h"
#include "agent/etcd/process_figures.h"

#include <QByteArray>

namespace qd::etcd {

/// What /health has answered.
struct HealthFigures {
    quint64 successes = 0;
    quint64 failures = 0;
};

/// Prometheus' text format 0.0.4. Names, labels and types are etcd 3.4's where it has the same
/// figure; what is of its Go runtime or of its v3 store has no counterpart here.
QByteArray metricsText(
    const ClusterInfo &cluster, const store::Statistics &statistics, const HealthFigures &health,
    const ProcessFigures &process);

} // namespace qd::etcd
