// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "live_table_model.h"
#include "shared/model/node.h"
#include "shared/model/raft_status.h"
#include "shared/model/unit.h"

namespace qd::models {

// moc, and so the QML tools, do not see through a template: for them the base is LiveTable, whose
// meta-object LiveTableModel has.
#ifdef Q_MOC_RUN
#define QD_LIVE_TABLE(Noun) qd::models::LiveTable
#else
#define QD_LIVE_TABLE(Noun) LiveTableModel<Noun>
#endif

/// Collection `nodes`. Columns: State, Name, Address, Role, Units, Metadata, Last seen, Version.
class NodesModel : public QD_LIVE_TABLE(Node) {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the session")
    Q_PROPERTY(int readyCount READ readyCount NOTIFY applied)
    Q_PROPERTY(QVariantList currentPart READ currentPart NOTIFY currentChanged)
public:
    enum Columns { State, Name, Address, RaftRole, Units, Metadata, LastSeen, Version };
    Q_ENUM(Columns)
    explicit NodesModel(QObject *parent = nullptr);
    int readyCount() const;
    /// What the current machine is to the cluster, as fields; none without one.
    QVariantList currentPart() const;

protected:
    Tone::Value toneOfRow(const Node &row) const override;
};

/// Collection `units`. Columns: State, Name, Sub state, Desired, Node, Description.
class UnitsModel : public QD_LIVE_TABLE(Unit) {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the session")
    Q_PROPERTY(int failedCount READ failedCount NOTIFY applied)
public:
    enum Columns { State, Name, SubState, Desired, Machine, Description };
    Q_ENUM(Columns)
    explicit UnitsModel(QObject *parent = nullptr);
    int failedCount() const;
    /// The units that are scheduled to a machine: maps of name, state, tone; at most `limit`.
    Q_INVOKABLE QVariantList onMachine(const QString &machineId, int limit) const;
    /// Whether a verb fits the unit's state: start, stop, load, unload, destroy.
    Q_INVOKABLE bool allows(const QVariantMap &unit, const QString &verb) const;

protected:
    Tone::Value toneOfRow(const Unit &row) const override;
};

/// Collection `raft`: each member's view of consensus.
/// Columns: Role, Name, Term, Commit, Applied, Last, Lag.
class RaftModel : public QD_LIVE_TABLE(RaftStatus) {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the session")
    Q_PROPERTY(QVariantMap leader READ leader NOTIFY applied)
    Q_PROPERTY(QVariantList members READ members NOTIFY applied)
    Q_PROPERTY(double firstIndex READ firstIndex NOTIFY applied)
    Q_PROPERTY(double lastIndex READ lastIndex NOTIFY applied)
    Q_PROPERTY(double widestLag READ widestLag NOTIFY applied)
    Q_PROPERTY(int needed READ needed NOTIFY applied)
    Q_PROPERTY(QString advice READ advice NOTIFY applied)
    Q_PROPERTY(QString withOneMore READ withOneMore NOTIFY applied)
    Q_PROPERTY(QVariantList alarms READ alarms NOTIFY applied)
    Q_PROPERTY(int reachableCount READ reachableCount NOTIFY applied)
public:
    explicit RaftModel(QObject *parent = nullptr);
    /// The member that leads in the highest term; empty while there is none.
    QVariantMap leader() const;
    /// Every member with its lag, by name: nodeId, name, role, term, first, last, commit, applied,
    /// lag (entries behind the leader's last), syncMs, proposals, reachable, vote, tone; and, of a
    /// follower, what the leader knows of it: progress (probe, replicate, snapshot; empty:
    /// nothing), matchIndex, nextIndex, inflight, inflightBytes, active, snapshotSent,
    /// snapshotBytes, snapshotText, learner.
    QVariantList members() const;
    qint64 firstIndex() const;
    qint64 lastIndex() const;
    /// Of the members that answer.
    qint64 widestLag() const;
    /// How many voters make a majority.
    int needed() const;
    /// What an operator should know of the number of voters; empty when it is a good one.
    QString advice() const { return adviceFor(voters()); }
    static QString adviceFor(int voters);
    /// Each once, oldest first: kind, member, name, since, text.
    QVariantList alarms() const;
    int reachableCount() const;
    int voters() const;
    /// What the cluster is without a node: {voters, needed, reachable, spare (losses that are
    /// survived), allowed, text}.
    Q_INVOKABLE QVariantMap without(const QString &nodeId) const;
    /// The majority with one more voter, and what an operator should know of that number.
    QString withOneMore() const;
    const RaftStatus *leading() const;
    Tone::Value toneOfRow(const RaftStatus &row) const override;
};

#undef QD_LIVE_TABLE

} // namespace qd::models
