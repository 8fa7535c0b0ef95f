// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QJsonObject>
#include <QString>

/// A node host stands for a machine on this machine (architecture.md 10): namespaces of its own for
/// processes, mounts and host name, and a first process that starts unit engine and agent as
/// siblings, reaps orphans, and starts again what dies. Killing that first process is a crash of
/// the node: the kernel kills everything in it.
namespace qd::host {

struct NodeSpec {
    QString dir;         ///< the node's folder: state, log, etc, host.pid, host.log
    QString name;        ///< host name
    QString address;     ///< the loopback address that the node's ports are on
    QString machineId;   ///< 32 hex digits
    QString cluster;     ///< names the node's control group, beside its name
    int presenceTtl = 5; ///< seconds after which a silent node counts as lost

    static Result<NodeSpec> load(const QString &dir);
    Result<void> save() const;

    QString stateDir() const { return dir + QStringLiteral("/state"); }
    QString logDir() const { return dir + QStringLiteral("/log"); }
    QString pidFile() const { return dir + QStringLiteral("/host.pid"); }
    QString powerPipe() const { return dir + QStringLiteral("/power.pipe"); }
    QString powerFile() const { return dir + QStringLiteral("/power"); }
    QString bootIdFile() const { return dir + QStringLiteral("/etc/boot-id"); }
};

/// The process id of the node's first process as seen from outside; 0 when the node is down.
pid_t firstProcess(const QString &nodeDir);

/// Becomes the node: returns its exit status when it is shut down. Blocks.
int runNodeHost(const NodeSpec &spec);

} // namespace qd::host
