// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/host/commands.h"

#include "agent/host/local_cluster.h"
#include "agent/host/ports.h"

#include <QDir>
#include <cstdio>

namespace qd::host {

namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kCannotReach = 3;
constexpr int kDefaultNodes = 3;
const QLatin1String kDefaultBase("127.0.0.11");

int usage()
{
    fputs(
        "usage: quarterdeckd local up --dir DIR [--nodes N (3)] [--base ADDR (127.0.0.11)] "
        "[--fresh]\n"
        "       quarterdeckd local down --dir DIR\n"
        "       quarterdeckd local crash|start|restart-agent|wake --dir DIR --node N\n"
        "       quarterdeckd local shell --dir DIR --node N [-- COMMAND...]\n",
        stderr);
    return kUsage;
}

int report(const Result<void> &done)
{
    if (done)
        return kDone;
    fprintf(stderr, "quarterdeckd: %s\n", qPrintable(done.error().text()));
    return done.error().code == kTaken ? kCannotReach : kFailed;
}

struct LocalOptions {
    QString verb;
    QString dir;
    std::optional<QString> base; ///< not said: as the cluster is, or the default
    std::optional<int> nodes;
    int node = 0;
    bool fresh = false;
    QStringList command;
};

bool parse(const QStringList &words, LocalOptions &out)
{
    if (words.isEmpty())
        return false;
    out.verb = words.first();
    for (qsizetype i = 1; i < words.size(); ++i) {
        const QString &word = words.at(i);
        if (word == QLatin1String("--")) {
            out.command = words.mid(i + 1);
            break;
        }
        if (word == QLatin1String("--fresh")) {
            out.fresh = true;
            continue;
        }
        if (i + 1 >= words.size())
            return false;
        const QString &value = words.at(++i);
        bool number = true;
        if (word == QLatin1String("--dir"))
            out.dir = QDir(value).absolutePath();
        else if (word == QLatin1String("--base"))
            out.base = value;
        else if (word == QLatin1String("--nodes"))
            out.nodes = value.toInt(&number);
        else if (word == QLatin1String("--node"))
            out.node = value.toInt(&number);
        else
            return false;
        if (!number)
            return false;
    }
    return !out.dir.isEmpty();
}

/// Stops and forgets a cluster; its folder is ours only when it holds a cluster.json.
Result<void> forget(const QString &dir)
{
    const auto old = LocalCluster::load(dir);
    if (!old)
        return fail(old.error());
    LocalCluster cluster = *old;
    if (const auto down = cluster.down(); !down)
        return down;
    if (!QDir(dir).removeRecursively())
        return fail(code::io, QStringLiteral("cannot remove %1").arg(dir));
    return {};
}

/// A cluster that is there keeps its nodes and addresses: to say other ones is a mistake.
Result<void> requireAsSaid(const LocalCluster &cluster, const LocalOptions &options)
{
    const int count = int(cluster.nodes.size());
    if (options.nodes.value_or(count) == count &&
        options.base.value_or(cluster.base) == cluster.base)
        return {};
    return fail(
        code::conflict,
        QStringLiteral("%1 holds a cluster of %2 nodes from %3 already: leave out --nodes and "
                       "--base, take another --dir, or begin anew with --fresh")
            .arg(cluster.dir)
            .arg(count)
            .arg(cluster.base));
}

Result<LocalCluster> found(const LocalOptions &options)
{
    auto cluster = LocalCluster::create(
        options.dir, options.base.value_or(QString(kDefaultBase)),
        options.nodes.value_or(kDefaultNodes));
    if (!cluster)
        return cluster;
    // Before anything is written: the next attempt may name other addresses.
    if (const auto free = cluster->requireAddresses(); !free)
        return fail(free.error());
    if (const auto saved = cluster->save(); !saved)
        return fail(saved.error());
    return cluster;
}

Result<void> up(const LocalOptions &options)
{
    if (options.fresh && LocalCluster::exists(options.dir)) {
        if (const auto gone = forget(options.dir); !gone)
            return gone;
    }
    const bool known = LocalCluster::exists(options.dir);
    auto cluster = known ? LocalCluster::load(options.dir) : found(options);
    if (!cluster)
        return fail(cluster.error());
    if (const auto same = requireAsSaid(*cluster, options); !same)
        return same;
    return cluster->up();
}

} // namespace

int hostCommand(const QStringList &words)
{
    if (words.size() != 2 || words.first() != QLatin1String("--dir")) {
        fputs("usage: quarterdeckd host --dir DIR\n", stderr);
        return kUsage;
    }
    const auto spec = NodeSpec::load(QDir(words.at(1)).absolutePath());
    if (!spec)
        return report(fail(spec.error()));
    return runNodeHost(*spec);
}

int localCommand(const QStringList &words)
{
    LocalOptions options;
    if (!parse(words, options))
        return usage();
    if (options.verb == QLatin1String("up"))
        return report(up(options));
    auto cluster = LocalCluster::load(options.dir);
    if (!cluster)
        return report(fail(cluster.error()));
    if (options.verb == QLatin1String("down"))
        return report(cluster->down());
    if (options.verb == QLatin1String("crash"))
        return report(cluster->crash(options.node));
    if (options.verb == QLatin1String("start"))
        return report(cluster->startNode(options.node));
    if (options.verb == QLatin1String("wake"))
        return report(cluster->wakeNode(options.node));
    if (options.verb == QLatin1String("restart-agent"))
        return report(cluster->restartAgent(options.node));
    if (options.verb == QLatin1String("shell"))
        return report(cluster->enter(options.node, options.command));
    return usage();
}

} // namespace qd::host
