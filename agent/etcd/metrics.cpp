// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/metrics.h"

#include "agent/etcd/event_json.h"
#include "agent/etcd/service.h"

#include <QLocale>

namespace qd::etcd {

using store::Operation;
using store::Statistics;

namespace {

/// Writes the families of the text format one after the other.
class Text {
public:
    void counter(const char *name, const char *help, double value)
    {
        family(name, "counter", help);
        sample(name, {}, value);
    }
    void gauge(const char *name, const char *help, double value)
    {
        family(name, "gauge", help);
        sample(name, {}, value);
    }
    void family(const char *name, const char *type, const char *help)
    {
        out.append("# HELP ").append(name).append(' ').append(help).append("\n# TYPE ");
        out.append(name).append(' ').append(type).append('\n');
    }
    void sample(const QByteArray &name, const QByteArray &labels, double value)
    {
        out.append(name).append(labels).append(' ');
        out.append(QByteArray::number(value, 'g', QLocale::FloatingPointShortest)).append('\n');
    }
    void histogram(const char *name, const char *help, const DurationHistogram &durations)
    {
        family(name, "histogram", help);
        const QByteArray base = name;
        quint64 sum = 0;
        double bound = double(DurationHistogram::kFirstUs) / 1e6;
        for (const quint64 bucket : durations.buckets) {
            sum += bucket;
            sample(
                base + "_bucket",
                "{le=\"" + QByteArray::number(bound, 'g', QLocale::FloatingPointShortest) + "\"}",
                double(sum));
            bound *= 2;
        }
        sample(base + "_bucket", "{le=\"+Inf\"}", double(durations.count));
        sample(base + "_sum", {}, double(durations.totalUs) / 1e6);
        sample(base + "_count", {}, double(durations.count));
    }

    QByteArray out;
};

void writeStore(Text &text, const Statistics &statistics)
{
    struct Named {
        const char *label;
        Operation operation;
    };
    static constexpr Named kWrites[] = {
        {"{action=\"compareAndDelete\"}", Operation::CompareAndDelete},
        {"{action=\"compareAndSwap\"}", Operation::CompareAndSwap},
        {"{action=\"create\"}", Operation::Create},
        {"{action=\"delete\"}", Operation::Delete},
        {"{action=\"set\"}", Operation::Set},
        {"{action=\"update\"}", Operation::Update}};
    text.counter(
        "etcd_debugging_store_expires_total", "Total number of expired keys.",
        double(statistics.expired));
    text.family(
        "etcd_debugging_store_reads_total", "counter",
        "Total number of reads action by (get/getRecursive), local to this member.");
    text.sample(
        "etcd_debugging_store_reads_total", "{action=\"get\"}",
        double(statistics.of(Operation::Get).success));
    text.counter(
        "etcd_debugging_store_watch_requests_total",
        "Total number of incoming watch requests (new or reestablished).",
        double(statistics.watchRequests));
    text.gauge(
        "etcd_debugging_store_watchers", "Count of currently active watchers.",
        double(statistics.watchers));
    text.family(
        "etcd_debugging_store_writes_total", "counter",
        "Total number of writes (e.g. set/compareAndDelete) seen by this member.");
    for (const Named &each : kWrites)
        text.sample(
            "etcd_debugging_store_writes_total", each.label,
            double(statistics.of(each.operation).success));
}

void writeServer(
    Text &text, const ClusterInfo &cluster, const ClusterInfo::RaftFigures &figures,
    const HealthFigures &health)
{
    const bool leads = cluster.leader() == cluster.self();
    text.gauge(
        "etcd_server_has_leader", "Whether or not a leader exists. 1 is existence, 0 is not.",
        cluster.leader() != 0 ? 1 : 0);
    text.counter(
        "etcd_server_health_failures", "The total number of failed health checks",
        double(health.failures));
    text.counter(
        "etcd_server_health_success", "The total number of successful health checks",
        double(health.successes));
    quint64 failures = 0;
    const auto followers = cluster.followers();
    for (const auto &[id, follower] : followers)
        failures += follower.fail;
    text.counter(
        "etcd_server_heartbeat_send_failures_total",
        "The total number of leader heartbeat send failures (likely overloaded from slow disk).",
        double(failures));
    text.family("etcd_server_id", "gauge", "Server or member ID in hexadecimal format.");
    text.sample("etcd_server_id", "{server_id=\"" + idText(cluster.self()) + "\"}", 1);
    text.gauge(
        "etcd_server_is_leader", "Whether or not this member is a leader. 1 if is, 0 otherwise.",
        leads ? 1 : 0);
    text.gauge(
        "etcd_server_is_learner", "Whether or not this member is a learner. 1 if is, 0 otherwise.",
        figures.learner ? 1 : 0);
    text.counter(
        "etcd_server_leader_changes_seen_total", "The number of leader changes seen.",
        double(figures.leaderChanges));
    text.gauge(
        "etcd_server_proposals_applied_total", "The total number of consensus proposals applied.",
        double(figures.applied));
    text.gauge(
        "etcd_server_proposals_committed_total",
        "The total number of consensus proposals committed.", double(cluster.raftIndex()));
    text.counter(
        "etcd_server_proposals_failed_total", "The total number of failed proposals seen.",
        double(figures.failed));
    text.gauge(
        "etcd_server_proposals_pending", "The current number of pending proposals to commit.",
        double(figures.pending));
    text.family(
        "etcd_server_version", "gauge",
        "Which version is running. 1 for 'server_version' label with current version.");
    text.sample(
        "etcd_server_version", QByteArray("{server_version=\"") + Service::kServerVersion + "\"}",
        1);
}

void writeProcess(Text &text, const ProcessFigures &process)
{
    text.counter(
        "process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
        process.cpuSeconds);
    text.gauge(
        "process_max_fds", "Maximum number of open file descriptors.", double(process.maxFiles));
    text.gauge("process_open_fds", "Number of open file descriptors.", double(process.openFiles));
    text.gauge(
        "process_resident_memory_bytes", "Resident memory size in bytes.",
        double(process.residentBytes));
    text.gauge(
        "process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
        process.startedSeconds);
    text.gauge(
        "process_virtual_memory_bytes", "Virtual memory size in bytes.",
        double(process.virtualBytes));
}

} // namespace

QByteArray metricsText(
    const ClusterInfo &cluster, const store::Statistics &statistics, const HealthFigures &health,
    const ProcessFigures &process)
{
    Text text;
    text.family(
        "etcd_cluster_version", "gauge",
        "Which version is running. 1 for 'cluster_version' label with current cluster version");
    text.sample("etcd_cluster_version", "{cluster_version=\"3.4\"}", 1);
    writeStore(text, statistics);
    const ClusterInfo::RaftFigures figures = cluster.raftFigures();
    text.histogram(
        "etcd_disk_wal_fsync_duration_seconds", "The latency distributions of fsync called by WAL.",
        figures.syncs);
    writeServer(text, cluster, figures, health);
    writeProcess(text, process);
    return text.out;
}

} // namespace qd::etcd
