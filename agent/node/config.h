// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/node/etcd_options.h"
#include "agent/node/paths.h"
#include "shared/base/result.h"

#include <QMap>
#include <QProcessEnvironment>
#include <QString>
#include <QStringList>

namespace qd::node {

/// What an operator may set. Precedence: flag, environment (QD_*, and ETCD_* or FLEET_* where they
/// map), file (TOML), default (architecture.md 10).
struct Config {
    NodePaths paths;
    QString name;    ///< host name by default
    QString address; ///< where the agent listens and how others reach it; empty: not said
    /// Where etcd's HTTP API listens. Not said: the node's address if that is a loopback one, else
    /// 127.0.0.1, for without TLS anybody may listen in.
    QString etcdAddress;
    QString machineId; ///< 32 hex digits; /etc/machine-id by default
    QString clusterName = QStringLiteral("quarterdeck");
    quint16 etcdPort = 2379;
    quint16 etcdOldPort = 4001; ///< the same API, for clients from before 2.0; 0 = not there
    quint16 peerPort = 2380;
    quint16 peerOldPort = 7001; ///< members are heard there, too; 0 = not
    quint16 controlPort = 7443;
    int heartbeatMs = 100;
    int electionMs = 1000;
    int snapshotCount = 10'000; ///< entries between snapshots
    int presenceTtl = 30;       ///< seconds
    QMap<QString, QString> metadata;
    /// Folder with ca.crt and ca.key, for members that start together; empty: a new authority.
    QString authority;
    EtcdOptions etcd;          ///< etcd's own flags
    QString dnsServer;         ///< for --discovery-srv; empty: the system's
    quint16 discoveryPort = 0; ///< of the discovery service; 0 = not there
    QString discoveryBase;     ///< what the URLs begin with that it gives out
    QString fixture; ///< "units:100000": serve generated rows instead of the cluster's (tests)
};

/// Where etcd's API of a node at `address` listens.
QString etcdAddress(const Config &config, const QString &address);

/// One setting: its key (as in the file; the flag is --key), its variables, and what it is.
struct Setting {
    QString key;
    QStringList variables;
    QString help;
    Result<void> (*apply)(Config &, const QString &value);
    bool isSwitch = false; ///< the flag may stand alone, for true
    QString idle = {};     ///< not empty: why it changes nothing
};

const QList<Setting> &settings();

/// One value that was given, and where, for the error that names it.
struct Given {
    QString value;
    QString where; ///< "--address", "QD_ADDRESS", "/etc/quarterdeck/agent.toml:3"
};

/// Reads a TOML file: keys of settings(); an unknown key is an error with file and line.
Result<QMap<QString, Given>> readConfigFile(const QString &path);

/// Puts the sources together. `flags` are words such as "--address", "127.0.0.11"; words that are
/// no flag are left in `rest`. --config FILE names the file; the default file may be missing.
Result<Config>
loadConfig(const QStringList &flags, const QProcessEnvironment &environment, QStringList *rest);

/// The settings as help text, a line each.
QString settingsHelp();

} // namespace qd::node
