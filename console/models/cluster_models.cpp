// SPDX-License-Identifier: GPL-3.0-or-later
#include "cluster_models.h"

#include "console/session/raft_alarms.h"
#include "console/session/raft_progress.h"

namespace qd::models {
namespace {

template <class T>
int three(const T &a, const T &b)
{
    return a < b ? -1 : b < a ? 1 : 0;
}

std::vector<Column<Node>> nodeColumns()
{
    return {
        {[](const Node &n) { return nameOf(n.state); }},
        {[](const Node &n) { return n.name.isEmpty() ? n.id.left(8) : n.name; }},
        {[](const Node &n) { return n.address; }},
        {[](const Node &n) { return nameOf(n.role); }},
        {[](const Node &n) { return QString::number(n.unitCount); },
         [](const Node &a, const Node &b) { return three(a.unitCount, b.unitCount); }, false},
        {[](const Node &n) { return metadataText(n.metadata); }},
        {[](const Node &n) {
             return n.lastSeen.toLocalTime().toString(QStringLiteral("HH:mm:ss"));
         },
         [](const Node &a, const Node &b) { return three(a.lastSeen, b.lastSeen); }, false},
        {[](const Node &n) { return n.version; }}};
}

std::vector<Column<Unit>> unitColumns()
{
    return {
        {[](const Unit &u) { return stateOf(u); }},
        {[](const Unit &u) { return u.name; },
         [](const Unit &a, const Unit &b) { return a.name.compare(b.name); }},
        {[](const Unit &u) { return u.subState; }},
        {[](const Unit &u) { return nameOf(u.desired); },
         [](const Unit &a, const Unit &b) { return three(a.desired, b.desired); }},
        {[](const Unit &u) { return u.global ? QStringLiteral("every node") : u.machineName; }},
        {[](const Unit &u) { return u.description; },
         [](const Unit &a, const Unit &b) { return a.description.compare(b.description); }}};
}

/// What the leader knows of a member.
QVariantMap progressRow(const RaftStatus &member, const RaftStatus *leader)
{
    RaftPeer peer;
    if (leader) {
        for (const RaftPeer &one : leader->peers) {
            if (one.raftId == member.raftId)
                peer = one;
        }
    }
    QVariantMap out = codec::toJson(peer).toVariantMap();
    out.remove(QStringLiteral("raftId"));
    out.remove(QStringLiteral("name"));
    out.insert(QStringLiteral("progress"), out.take(QStringLiteral("state")));
    out.insert(QStringLiteral("snapshotText"), session::snapshotText(peer));
    out.insert(QStringLiteral("learner"), peer.learner || member.role == Node::Role::Learner);
    return out;
}

std::vector<Column<RaftStatus>> raftColumns()
{
    return {
        {[](const RaftStatus &r) { return nameOf(r.role); }},
        {[](const RaftStatus &r) { return r.nodeName; }},
        {[](const RaftStatus &r) { return QString::number(r.term); },
         [](const RaftStatus &a, const RaftStatus &b) { return three(a.term, b.term); }},
        {[](const RaftStatus &r) { return QString::number(r.commitIndex); },
         [](const RaftStatus &a, const RaftStatus &b) {
             return three(a.commitIndex, b.commitIndex);
         }}};
}

} // namespace

NodesModel::NodesModel(QObject *parent)
    : LiveTableModel<Node>(&Node::id, QLatin1String("id"), nodeColumns(), parent)
{
    sortBy(Name, false);
}

QVariantList NodesModel::currentPart() const
{
    const Node *node = find(currentKey());
    return node ? partOf(node->role) : QVariantList();
}

int NodesModel::readyCount() const
{
    int out = 0;
    forEach([&out](const Node &node) { out += node.state == Node::State::Ready ? 1 : 0; });
    return out;
}

Tone::Value NodesModel::toneOfRow(const Node &row) const
{
    return toneOf(row.state);
}

UnitsModel::UnitsModel(QObject *parent)
    : LiveTableModel<Unit>(&Unit::name, QLatin1String("name"), unitColumns(), parent)
{
    sortBy(Name, false);
}

int UnitsModel::failedCount() const
{
    return countOf(Tone::Bad);
}

QVariantList UnitsModel::onMachine(const QString &machineId, int limit) const
{
    std::vector<const Unit *> found;
    forEach([&found, &machineId](const Unit &unit) {
        if (!machineId.isEmpty() && (unit.machineId == machineId || unit.global))
            found.push_back(&unit);
    });
    std::sort(
        found.begin(), found.end(), [](const Unit *a, const Unit *b) { return a->name < b->name; });
    QVariantList out;
    for (const Unit *unit : found) {
        if (out.size() >= limit)
            break;
        out.append(QVariantMap{
            {QStringLiteral("name"), unit->name},
            {QStringLiteral("state"), stateOf(*unit)},
            {QStringLiteral("tone"), int(toneOf(*unit))}});
    }
    return out;
}

bool UnitsModel::allows(const QVariantMap &unit, const QString &verb) const
{
    if (unit.isEmpty())
        return false;
    const QString desired = unit.value(QStringLiteral("desired")).toString().toLower();
    if (verb == QLatin1String("start"))
        return desired != QLatin1String("launched");
    if (verb == QLatin1String("stop"))
        return desired == QLatin1String("launched");
    if (verb == QLatin1String("load"))
        return desired == QLatin1String("inactive");
    if (verb == QLatin1String("unload"))
        return desired != QLatin1String("inactive");
    return verb == QLatin1String("destroy");
}

Tone::Value UnitsModel::toneOfRow(const Unit &row) const
{
    return toneOf(row);
}

RaftModel::RaftModel(QObject *parent)
    : LiveTableModel<RaftStatus>(
          &RaftStatus::nodeId, QLatin1String("nodeId"), raftColumns(), parent)
{
    sortBy(1, false);
}

const RaftStatus *RaftModel::leading() const
{
    const RaftStatus *out = nullptr;
    forEach([&out](const RaftStatus &member) {
        if (member.role == Node::Role::Leader && member.reachable &&
            (!out || member.term > out->term))
            out = &member;
    });
    return out;
}

QVariantMap RaftModel::leader() const
{
    const RaftStatus *found = leading();
    return found ? codec::toJson(*found).toVariantMap() : QVariantMap();
}

QVariantList RaftModel::members() const
{
    std::vector<const RaftStatus *> all;
    forEach([&all](const RaftStatus &member) { all.push_back(&member); });
    std::sort(all.begin(), all.end(), [](const RaftStatus *a, const RaftStatus *b) {
        return a->nodeName < b->nodeName;
    });
    const qint64 last = lastIndex();
    const RaftStatus *leader = leading();
    QVariantList out;
    for (const RaftStatus *member : all) {
        QVariantMap row = codec::toJson(*member).toVariantMap();
        row.insert(QStringLiteral("lag"), qMax<qint64>(0, last - member->lastIndex));
        row.insert(QStringLiteral("role"), nameOf(member->role));
        row.insert(QStringLiteral("tone"), int(toneOfRow(*member)));
        row.remove(QStringLiteral("peers"));
        row.insert(progressRow(*member, leader));
        out.append(row);
    }
    return out;
}

qint64 RaftModel::firstIndex() const
{
    qint64 out = -1;
    forEach([&out](const RaftStatus &member) {
        out = out < 0 ? member.firstIndex : qMin(out, member.firstIndex);
    });
    return qMax<qint64>(out, 0);
}

qint64 RaftModel::lastIndex() const
{
    qint64 out = 0;
    forEach([&out](const RaftStatus &member) { out = qMax(out, member.lastIndex); });
    return out;
}

qint64 RaftModel::widestLag() const
{
    const qint64 last = lastIndex();
    qint64 out = 0;
    forEach([&out, last](const RaftStatus &member) {
        if (member.reachable)
            out = qMax(out, last - member.lastIndex);
    });
    return out;
}

int RaftModel::needed() const
{
    return voters() / 2 + 1;
}

int RaftModel::voters() const
{
    int out = 0;
    forEach(
        [&out](const RaftStatus &member) { out += member.role == Node::Role::Learner ? 0 : 1; });
    return out;
}

/// "2 of 3 voters are a majority then (now 2 of 2); one loss is survived."
static QString majorityText(int voters, int neededNow, int votersNow)
{
    const int majority = voters / 2 + 1;
    const int spare = voters - majority;
    return QStringLiteral("%1 of %2 voters are a majority then (now %3 of %4); %5.")
        .arg(majority)
        .arg(voters)
        .arg(neededNow)
        .arg(votersNow)
        .arg(
            spare == 0   ? QStringLiteral("no loss is survived")
            : spare == 1 ? QStringLiteral("one loss is survived")
                         : QStringLiteral("%1 losses are survived").arg(spare));
}

QString RaftModel::withOneMore() const
{
    const int after = voters() + 1;
    QString text = majorityText(after, needed(), voters());
    if (const QString more = adviceFor(after); !more.isEmpty())
        text += QLatin1Char(' ') + more;
    return text;
}

QVariantMap RaftModel::without(const QString &nodeId) const
{
    int left = 0;
    int reachable = 0;
    bool votes = false;
    forEach([&](const RaftStatus &member) {
        if (member.role == Node::Role::Learner)
            return;
        votes = votes || member.nodeId == nodeId;
        if (member.nodeId == nodeId)
            return;
        ++left;
        reachable += member.reachable ? 1 : 0;
    });
    const int majority = left / 2 + 1;
    const int spare = qMax(0, left - majority);
    const bool allowed = !votes || (left > 0 && reachable >= majority);
    QString text;
    if (!votes)
        text = QStringLiteral("It is a learner: the majority stays as it is, %1 of %2.")
                   .arg(majority)
                   .arg(left);
    else if (left == 0)
        text = QStringLiteral("It is the last one that votes.");
    else
        text = majorityText(left, needed(), voters());
    if (votes && left > 0 && !allowed)
        text +=
            QStringLiteral(" Only %1 of them can be reached: it would be refused.").arg(reachable);
    return {{QStringLiteral("voters"), left},         {QStringLiteral("needed"), majority},
            {QStringLiteral("reachable"), reachable}, {QStringLiteral("spare"), spare},
            {QStringLiteral("allowed"), allowed},     {QStringLiteral("text"), text}};
}

QString RaftModel::adviceFor(int count)
{
    constexpr int kMost = 7; // etcd's advice
    if (count > kMost)
        return QStringLiteral("%1 voters: each write waits for %2 of them. Up to %3 are advised.")
            .arg(count)
            .arg(count / 2 + 1)
            .arg(kMost);
    if (count > 0 && count % 2 == 0)
        return QStringLiteral("%1 voters survive no more losses than %2: an odd number is advised.")
            .arg(count)
            .arg(count - 1);
    return {};
}

QVariantList RaftModel::alarms() const
{
    QList<RaftStatus> rows;
    forEach([&rows](const RaftStatus &member) { rows.append(member); });
    QVariantList out;
    for (const Alarm &alarm : session::alarmsOf(rows)) {
        QVariantMap row = codec::toJson(alarm).toVariantMap();
        row.insert(QStringLiteral("since"), alarm.since);
        row.insert(QStringLiteral("text"), session::alarmText(alarm));
        out.append(row);
    }
    return out;
}

int RaftModel::reachableCount() const
{
    int out = 0;
    forEach([&out](const RaftStatus &member) {
        out += member.reachable && member.role != Node::Role::Learner ? 1 : 0;
    });
    return out;
}

Tone::Value RaftModel::toneOfRow(const RaftStatus &row) const
{
    if (!row.reachable)
        return Tone::Bad;
    switch (row.role) {
    case Node::Role::Leader:
        return Tone::Good;
    case Node::Role::Follower:
        return Tone::Neutral;
    case Node::Role::Candidate:
        return Tone::Warn;
    default:
        return Tone::Busy;
    }
}

} // namespace qd::models
