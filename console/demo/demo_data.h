// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/model/journal_line.h"
#include "shared/model/node.h"
#include "shared/model/raft_status.h"
#include "shared/model/store_entry.h"
#include "shared/model/unit.h"

#include <QMap>

namespace qd::demo {

/// An invented cluster, the same every time. Kinds: "normal" (three nodes and what runs on them),
/// "hostile" (names of 300 characters, empty names, markup, other scripts), "empty" (nothing but
/// the members), a number: that many units, or "keys:<number>": that many keys in one directory.
struct DemoData {
    QList<Node> nodes;
    QList<Unit> units;
    QList<RaftStatus> raft;
    QMap<QString, StoreEntry> store; ///< by key, with directories
    QMap<QString, QString> files;    ///< unit files by name
    QString clusterName;

    static DemoData make(const QString &kind);
    /// Whether there is such a kind: one of the above, or what a DemoClient makes of them
    /// ("loading", "failing").
    static bool isKind(const QString &kind);
    /// The journal of a unit: `count` lines that end at the demo's moment.
    static QList<JournalLine> journal(const QString &unit, const QString &node, int count);
    /// When everything in a demo happens.
    static QDateTime moment();
    /// What the cluster would say about a unit file.
    static QList<UnitDiagnostic> check(const QString &text);
    /// What the one who leads knows of the others, from their rows.
    void setPeers();
    /// A member that has diverged, and one whose disk is nearly full.
    void raiseAlarms();
    void putKey(const QString &key, const QByteArray &value, qint64 ttl = 0);
};

} // namespace qd::demo
