// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/host/node_host.h"
#include "shared/base/result.h"

#include <QMap>
#include <QStringList>
#include <vector>

/// A cluster of nodes on this machine, one loopback address a node, each with the standard ports
/// (architecture.md 10). Everything here blocks: it serves the command line.
namespace qd::host {

struct LocalCluster {
    QString dir;
    QString base = QStringLiteral("127.0.0.11");
    std::vector<NodeSpec> nodes;

    static bool exists(const QString &dir);
    static Result<LocalCluster> load(const QString &dir);
    /// A new description; nothing is started or written. `count` nodes from address `base` upwards.
    static Result<LocalCluster> create(const QString &dir, const QString &base, int count);
    Result<void> save() const;
    /// kTaken when another program listens on an address of a node that is down.
    Result<void> requireAddresses() const;

    /// Starts what is down, admits what is new, and waits until every node is healthy and a
    /// console profile `local` stands in DIR/console.
    Result<void> up();
    /// Stops the nodes in order; their state stays.
    Result<void> down();
    /// Kills every process of the node at once.
    Result<void> crash(int number);
    Result<void> startNode(int number);
    /// A node that was suspended or hibernated goes on. Error: code::conflict, it does not sleep.
    Result<void> wakeNode(int number);
    /// Kills the agent alone; the node starts it again.
    Result<void> restartAgent(int number);
    /// Replaces this process by `command` (a shell when empty) inside the node; returns only on
    /// failure.
    Result<void> enter(int number, const QStringList &command);

private:
    Result<NodeSpec> node(int number) const;
    Result<void> initFirst();
    Result<void> admit(const NodeSpec &spec);
    /// It is a member: what is there starts with the others.
    static bool isAdmitted(const NodeSpec &spec);
    Result<void> launch(const NodeSpec &spec);
    Result<void> awaitHealthy(const NodeSpec &spec);
    Result<void> startHost(const NodeSpec &spec);
    Result<void> awaitHealth();
    Result<void> pairConsole();

    QMap<QString, pid_t> m_hosts; ///< that this object has started, by node
};

} // namespace qd::host
