// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/statistics_json.h"

#include "agent/etcd/event_json.h"

#include <QLocale>

namespace qd::etcd {

using store::Operation;
using store::Statistics;

namespace {

/// A number as JSON has it: the shortest that reads back as the same.
QByteArray numberText(double value)
{
    return QByteArray::number(value, 'g', QLocale::FloatingPointShortest);
}

void append(QByteArray &out, const char *name, double value)
{
    out.append('"').append(name).append("\":").append(numberText(value));
}

/// etcd leaves out a rate when there is none.
void appendRate(QByteArray &out, const char *prefix, const store::Rate &rate)
{
    if (rate.packets > 0)
        out.append(",\"").append(prefix).append("PkgRate\":").append(numberText(rate.packets));
    if (rate.bytes > 0)
        out.append(",\"").append(prefix).append("BandwidthRate\":").append(numberText(rate.bytes));
}

QByteArray stateText(const ClusterInfo &cluster)
{
    return cluster.leader() == cluster.self() ? "StateLeader" : "StateFollower";
}

QByteArray nameOf(const ClusterInfo &cluster)
{
    const std::vector<ClusterInfo::Member> members = cluster.members();
    for (const ClusterInfo::Member &member : members) {
        if (member.id == cluster.self())
            return member.name.toUtf8();
    }
    return {};
}

} // namespace

QByteArray selfStatsJson(const ClusterInfo &cluster, qint64 nowUs)
{
    const ClusterInfo::SelfStats stats = cluster.selfStats();
    const bool led = cluster.leader() != 0;
    QByteArray out = "{\"name\":";
    appendString(out, nameOf(cluster));
    out.append(",\"id\":\"").append(idText(cluster.self()));
    out.append("\",\"state\":\"").append(stateText(cluster));
    out.append("\",\"startTime\":\"").append(timeText(stats.startedUs));
    out.append("\",\"leaderInfo\":{\"leader\":\"").append(led ? idText(cluster.leader()) : "");
    out.append("\",\"uptime\":\"");
    out.append(durationText(led ? nowUs - stats.leaderSinceUs : 0));
    out.append("\",\"startTime\":\"").append(timeText(led ? stats.leaderSinceUs : 0)).append("\"}");
    out.append(",\"recvAppendRequestCnt\":").append(QByteArray::number(stats.received));
    appendRate(out, "recv", stats.receivedRate);
    out.append(",\"sendAppendRequestCnt\":").append(QByteArray::number(stats.sent));
    appendRate(out, "send", stats.sentRate);
    return out.append('}');
}

QByteArray leaderStatsJson(const ClusterInfo &cluster)
{
    QByteArray out = "{\"leader\":\"" + idText(cluster.leader()) + "\",\"followers\":{";
    bool first = true;
    const auto followers = cluster.followers();
    for (const auto &[id, follower] : followers) {
        out.append(first ? "\"" : ",\"").append(idText(id)).append("\":{\"latency\":{");
        first = false;
        append(out, "current", follower.current);
        append(out.append(','), "average", follower.average);
        append(out.append(','), "standardDeviation", follower.deviation);
        append(out.append(','), "minimum", follower.minimum);
        append(out.append(','), "maximum", follower.maximum);
        out.append("},\"counts\":{\"fail\":").append(QByteArray::number(follower.fail));
        out.append(",\"success\":").append(QByteArray::number(follower.success)).append("}}");
    }
    return out.append("}}");
}

QByteArray storeStatsJson(const Statistics &statistics)
{
    struct Named {
        const char *name;
        Operation operation;
    };
    static constexpr Named kNamed[] = {
        {"gets", Operation::Get},
        {"sets", Operation::Set},
        {"delete", Operation::Delete},
        {"update", Operation::Update},
        {"create", Operation::Create},
        {"compareAndSwap", Operation::CompareAndSwap},
        {"compareAndDelete", Operation::CompareAndDelete}};
    QByteArray out = "{";
    for (const Named &each : kNamed) {
        const Statistics::Count &count = statistics.of(each.operation);
        out.append('"').append(each.name).append("Success\":");
        out.append(QByteArray::number(count.success)).append(",\"").append(each.name);
        out.append("Fail\":").append(QByteArray::number(count.fail)).append(',');
    }
    out.append("\"expireCount\":").append(QByteArray::number(statistics.expired));
    out.append(",\"watchers\":").append(QByteArray::number(statistics.watchers));
    return out.append('}');
}

QByteArray raftStatusJson(const ClusterInfo &cluster)
{
    const ClusterInfo::RaftFigures figures = cluster.raftFigures();
    QByteArray out = "{\"id\":\"" + idText(cluster.self());
    out.append("\",\"term\":").append(QByteArray::number(cluster.raftTerm()));
    out.append(",\"vote\":\"").append(idText(figures.vote));
    out.append("\",\"commit\":").append(QByteArray::number(cluster.raftIndex()));
    out.append(",\"lead\":\"").append(idText(cluster.leader()));
    out.append("\",\"raftState\":\"");
    out.append(figures.campaigns ? "StateCandidate" : stateText(cluster));
    out.append("\",\"applied\":").append(QByteArray::number(figures.applied));
    return out.append('}');
}

} // namespace qd::etcd
