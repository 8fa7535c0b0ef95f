// SPDX-License-Identifier: GPL-3.0-or-later
#include "demo_data.h"

#include <QCryptographicHash>

namespace qd::demo {
namespace {

QString hexOf(const QString &seed, int digits)
{
    const QByteArray hash =
        QCryptographicHash::hash(seed.toUtf8(), QCryptographicHash::Sha1).toHex();
    return QString::fromLatin1(hash.left(digits));
}

Node makeNode(int number, const QString &name, const QString &zone)
{
    Node node;
    node.id = hexOf(QStringLiteral("machine%1").arg(number), 32);
    node.name = name;
    node.address = QStringLiteral("127.0.0.%1").arg(10 + number);
    node.state = Node::State::Ready;
    node.role = number == 2 ? Node::Role::Leader : Node::Role::Follower;
    node.metadata = {
        {QStringLiteral("zone"), zone},
        {QStringLiteral("disk"), number == 3 ? QStringLiteral("hdd") : QStringLiteral("ssd")}};
    node.raftId = hexOf(QStringLiteral("raft%1").arg(number), 16);
    node.version = QStringLiteral("0.1.0");
    node.lastSeen = DemoData::moment().addMSecs(-700 * number);
    return node;
}

struct UnitSketch {
    const char *name;
    const char *description;
    const char *active;
    const char *sub;
    Unit::Target desired;
    int node; ///< from 1; 0 = nowhere, -1 = everywhere
    const char *reason;
};

constexpr Unit::Target kLaunched = Unit::Target::Launched;
constexpr Unit::Target kLoaded = Unit::Target::Loaded;
constexpr Unit::Target kInactive = Unit::Target::Inactive;

const UnitSketch kUnits[] = {
    {"api@1.service", "Public API, instance 1", "active", "running", kLaunched, 1,
     "least loaded of 3"},
    {"api@2.service", "Public API, instance 2", "active", "running", kLaunched, 2,
     "api@1.service conflicts with it on node-1"},
    {"api@3.service", "Public API, instance 3", "activating", "auto-restart", kLaunched, 3,
     "api@1.service and api@2.service conflict with it elsewhere"},
    {"backup.service", "Nightly backup of the store", "inactive", "dead", kLoaded, 3,
     "MachineMetadata=disk=hdd"},
    {"billing-worker.service", "Billing queue worker", "failed", "failed", kLaunched, 2,
     "least loaded of 3"},
    {"cadvisor.service", "Container metrics", "active", "running", kLaunched, -1, "global"},
    {"dns.service", "Name service of the cluster", "active", "running", kLaunched, 1,
     "least loaded of 3"},
    {"gpu-train.service", "Model training", "", "", kLaunched, 0,
     "no node has MachineMetadata=gpu=yes"},
    {"hello.service", "Says hello", "active", "running", kLaunched, 2, "least loaded of 3"},
    {"ingress.service", "Edge proxy", "active", "running", kLaunched, 1, "MachineMetadata=zone=a"},
    {"log-shipper.service", "Ships journals", "active", "running", kLaunched, -1, "global"},
    {"mail-relay.service", "Outgoing mail", "deactivating", "stop-sigterm", kLoaded, 2,
     "least loaded of 3"},
    {"migrate-2024.service", "One-shot schema migration", "active", "exited", kLaunched, 3,
     "least loaded of 3"},
    {"nightly-report.service", "Report for the board", "", "", kInactive, 0, ""},
    {"postgres.service", "PostgreSQL 15", "active", "running", kLaunched, 1,
     "MachineMetadata=disk=ssd"},
    {"postgres-sidekick.service", "Announces PostgreSQL", "active", "running", kLaunched, 1,
     "MachineOf=postgres.service"},
    {"queue.service", "Message queue", "active", "running", kLaunched, 2, "least loaded of 3"},
    {"registry.service", "Image registry", "active", "running", kLaunched, 3, "least loaded of 3"},
    {"sessions.service", "Session cache", "active", "running", kLaunched, 2, "least loaded of 3"},
    {"thumbnailer.service", "Makes thumbnails", "active", "running", kLaunched, 3,
     "least loaded of 3"},
    {"web@1.service", "Web front, instance 1", "active", "running", kLaunched, 1,
     "least loaded of 3"},
    {"web@2.service", "Web front, instance 2", "active", "running", kLaunched, 2,
     "web@1.service conflicts with it on node-1"},
};

Unit makeUnit(const UnitSketch &sketch, const QList<Node> &nodes)
{
    Unit unit;
    unit.name = QString::fromUtf8(sketch.name);
    unit.description = QString::fromUtf8(sketch.description);
    unit.hash = hexOf(unit.name, 40);
    unit.desired = sketch.desired;
    unit.activeState = QString::fromUtf8(sketch.active);
    unit.subState = QString::fromUtf8(sketch.sub);
    unit.loadState = unit.activeState.isEmpty() ? QString() : QStringLiteral("loaded");
    unit.global = sketch.node < 0;
    unit.reason = QString::fromUtf8(sketch.reason);
    unit.current = sketch.node == 0 ? Unit::Target::Inactive : sketch.desired;
    if (sketch.node > 0 && sketch.node <= nodes.size()) {
        unit.machineId = nodes.at(sketch.node - 1).id;
        unit.machineName = nodes.at(sketch.node - 1).name;
    }
    if (unit.activeState == QLatin1String("active") && unit.subState == QLatin1String("running")) {
        unit.mainPid = 1200 + qint32(qHash(unit.name) % 8000);
        unit.invocationId = hexOf(unit.name + QStringLiteral("run"), 32);
    }
    unit.since = DemoData::moment().addSecs(-qint64(qHash(unit.name) % 90'000));
    return unit;
}

QString fileOf(const Unit &unit)
{
    return QStringLiteral(
               "[Unit]\nDescription=%1\nAfter=network-online.target\n\n[Service]\n"
               "ExecStartPre=/usr/bin/mkdir -p /run/%2\nExecStart=/opt/bin/%2 --listen 0.0.0.0\n"
               "Restart=on-failure\nRestartSec=2s\n\n[X-Fleet]\nMachineMetadata=disk=ssd\n")
        .arg(
            unit.description,
            unit.name.section(QLatin1Char('.'), 0, 0).section(QLatin1Char('@'), 0, 0));
}

QList<StoreOperation> operations(qint64 scale)
{
    return {
        {QStringLiteral("get"), 48'211 / scale, 312, 18.0 / double(scale)},
        {QStringLiteral("set"), 12'904, 3, 36},
        {QStringLiteral("create"), 211, 14, 0},
        {QStringLiteral("update"), 4'086, 0, 5},
        {QStringLiteral("delete"), 97, 1, 0},
        {QStringLiteral("compareAndSwap"), 1'204, 88, 1},
        {QStringLiteral("compareAndDelete"), 12, 2, 0},
        {QStringLiteral("expire"), 640, 0, 0.5}};
}

void addRaft(DemoData &data)
{
    for (const Node &node : std::as_const(data.nodes)) {
        RaftStatus member;
        member.nodeId = node.id;
        member.nodeName = node.name;
        member.raftId = node.raftId;
        member.role = node.role;
        member.leader = data.nodes.at(qMin<qsizetype>(1, data.nodes.size() - 1)).raftId;
        member.vote = member.leader;
        member.term = 4;
        member.firstIndex = 10'001;
        member.lastIndex = node.role == Node::Role::Leader ? 18'442 : 18'440;
        member.commitIndex = 18'440;
        member.appliedIndex = 18'440;
        member.proposalsPerSecond = node.role == Node::Role::Leader ? 42 : 0;
        member.syncMs = 1.4;
        member.operations = operations(data.raft.size() + 1);
        member.watchers = 14 - data.raft.size();
        data.raft.append(member);
    }
    if (data.raft.size() > 2) {
        data.raft[2].lastIndex = 17'610;
        data.raft[2].commitIndex = 17'606;
        data.raft[2].appliedIndex = 17'598;
        data.raft[2].syncMs = 9.8;
    }
    data.setPeers();
}

void addKeys(DemoData &data)
{
    const QByteArray machine =
        R"({"ID":"c0ffee","PublicIP":"127.0.0.11","Metadata":{"zone":"a","disk":"ssd"},)"
        R"("Version":"0.11.8"})";
    for (const Node &node : std::as_const(data.nodes)) {
        data.putKey(
            QStringLiteral("/_coreos.com/fleet/machines/%1/object").arg(node.id), machine, 27);
    }
    data.putKey(
        QStringLiteral("/config/api/limits"),
        R"({"requestsPerSecond":250,"burst":40,"tenants":["alpha","beta"],"strict":true})");
    data.putKey(QStringLiteral("/config/api/log-level"), "info");
    data.putKey(QStringLiteral("/config/ingress/hosts"), R"(["a.example.org","b.example.org"])");
    data.putKey(QStringLiteral("/locks/backup"), "node-3", 54);
    data.putKey(QStringLiteral("/services/postgres"), "127.0.0.11:5432", 22);
    data.putKey(QStringLiteral("/services/queue"), "127.0.0.12:5672", 19);
    data.putKey(QStringLiteral("/secrets/blob"), QByteArray("\x00\x01\xfe\xff\x10 raw \x7f", 11));
    data.putKey(QStringLiteral("/motd"), "Maintenance on Sunday, 02:00 to 04:00 UTC.");
}

void makeHostile(DemoData &data)
{
    const QString longName = QString(288, QLatin1Char('x')) + QStringLiteral("-end.service");
    for (Unit &unit : data.units.first(6)) {
        unit.description = QString(300, QLatin1Char('d'));
        unit.reason = QStringLiteral("because %1").arg(QString(300, QLatin1Char('r')));
    }
    data.units[0].name = longName;
    data.units[1].name = QStringLiteral("<b>bold</b>&amp;<img src=x>.service");
    data.units[2].name = QStringLiteral("خدمة-النسخ-الاحتياطي.service");
    data.units[3].name = QStringLiteral("数据库备份服务.service");
    data.units[4].name = QStringLiteral("tab\tnewline\nbell.service");
    data.units[5].name = QStringLiteral("🚀🚀🚀.service");
    data.units[0].machineName = QString(300, QLatin1Char('n'));
    data.nodes[0].name = QString(300, QLatin1Char('n'));
    data.nodes[1].name.clear();
    data.nodes[1].address.clear();
    data.nodes[2].name = QStringLiteral("<u>node</u>");
    data.nodes[2].state = Node::State::Lost;
    data.nodes[2].role = Node::Role::None;
    for (int i = 0; i < 40; ++i)
        data.nodes[0].metadata.insert(
            QStringLiteral("key-%1").arg(i), QString(40, QLatin1Char('v')));
    for (qsizetype i = 0; i < data.raft.size(); ++i) {
        data.raft[i].nodeName = data.nodes.at(i).name;
        data.raft[i].term = 9'007'199'254'740'993;
        data.raft[i].lastIndex += 9'000'000'000'000'000;
    }
    data.raft[2].reachable = false;
    data.raft[0].alarms = {
        {Alarm::Kind::Corrupt, data.raft[0].raftId, QString(300, QLatin1Char('n')),
         DemoData::moment(), QString(600, QLatin1Char('s')) + QStringLiteral(" <b>bold</b>")}};
    data.setPeers();
    data.putKey(QStringLiteral("/long/") + QString(300, QLatin1Char('k')), QByteArray(20'000, 'v'));
    data.putKey(QStringLiteral("/<b>markup</b>"), "<h1>big</h1>");
    data.clusterName = QString(120, QLatin1Char('c'));
}

} // namespace

QDateTime DemoData::moment()
{
    return {QDate(2024, 5, 14), QTime(9, 41, 12), Qt::UTC};
}

void DemoData::putKey(const QString &key, const QByteArray &value, qint64 ttl)
{
    const qint64 index = 18'000 + store.size() * 7;
    for (qsizetype slash = key.indexOf(QLatin1Char('/'), 1); slash > 0;
         slash = key.indexOf(QLatin1Char('/'), slash + 1)) {
        const QString dir = key.left(slash);
        if (!store.contains(dir))
            store.insert(dir, StoreEntry{dir, {}, true, index, index, {}, 0});
    }
    store.insert(key, StoreEntry{key, value, false, index, index, {}, ttl});
}

void DemoData::raiseAlarms()
{
    for (RaftStatus &member : raft)
        member.alarms = {
            {Alarm::Kind::Diverged, raft.last().raftId, raft.last().nodeName,
             moment().addSecs(-380),
             QStringLiteral("its state at entry 10000 is not that of the others: it has stopped")}};
    raft.last().reachable = false;
    raft[1].alarms.prepend(
        {Alarm::Kind::NoSpace, raft.at(1).raftId, raft.at(1).nodeName, moment().addSecs(-25),
         QStringLiteral("its disk is nearly full: it takes no writes until there is room again")});
}

void DemoData::setPeers()
{
    for (RaftStatus &leader : raft) {
        leader.peers.clear();
        for (const RaftStatus &member : std::as_const(raft)) {
            if (leader.role != Node::Role::Leader || member.raftId == leader.raftId)
                continue;
            RaftPeer peer;
            peer.raftId = member.raftId;
            peer.name = member.nodeName;
            peer.matchIndex = member.lastIndex;
            peer.nextIndex = member.lastIndex + 1;
            peer.active = member.reachable;
            const bool far = leader.lastIndex - member.lastIndex > 100;
            peer.state = !member.reachable ? QStringLiteral("probe")
                         : far             ? QStringLiteral("snapshot")
                                           : QStringLiteral("replicate");
            peer.inflight = member.reachable && !far ? 3 : 0;
            peer.inflightBytes = peer.inflight * 1'480;
            peer.snapshotBytes = far && member.reachable ? 41'943'040 : 0;
            peer.snapshotSent = peer.snapshotBytes / 5 * 2;
            peer.learner = member.role == Node::Role::Learner;
            leader.peers.append(peer);
        }
    }
}

DemoData DemoData::make(const QString &kind)
{
    DemoData data;
    data.clusterName = QStringLiteral("harbour");
    data.nodes = {
        makeNode(1, QStringLiteral("node-1"), QStringLiteral("a")),
        makeNode(2, QStringLiteral("node-2"), QStringLiteral("b")),
        makeNode(3, QStringLiteral("node-3"), QStringLiteral("c"))};
    bool isNumber = false;
    const int rows = kind.toInt(&isNumber);
    for (int i = 0; isNumber && i < rows; ++i) {
        const UnitSketch &like = kUnits[size_t(i) % std::size(kUnits)];
        Unit unit = makeUnit(like, data.nodes);
        unit.name = QStringLiteral("load-%1.service").arg(i, 6, 10, QLatin1Char('0'));
        data.units.append(unit);
    }
    if (kind.startsWith(QLatin1String("keys:"))) {
        const int keys = kind.mid(5).toInt();
        for (int i = 0; i < keys; ++i)
            data.putKey(
                QStringLiteral("/load/key-%1").arg(i, 6, 10, QLatin1Char('0')),
                QByteArray("value ") + QByteArray::number(i));
    }
    if (!isNumber && kind != QLatin1String("empty")) {
        for (const UnitSketch &sketch : kUnits)
            data.units.append(makeUnit(sketch, data.nodes));
        addKeys(data);
    }
    if (kind == QLatin1String("empty"))
        data.nodes.clear();
    addRaft(data);
    if (kind == QLatin1String("hostile"))
        makeHostile(data);
    for (const Unit &unit : std::as_const(data.units)) {
        data.files.insert(unit.name, fileOf(unit));
        for (Node &node : data.nodes)
            node.unitCount += unit.machineId == node.id || unit.global ? 1 : 0;
    }
    return data;
}

bool DemoData::isKind(const QString &kind)
{
    static const QStringList words{
        QStringLiteral("normal"), QStringLiteral("hostile"), QStringLiteral("empty"),
        QStringLiteral("loading"), QStringLiteral("failing")};
    const bool keys = kind.startsWith(QLatin1String("keys:"));
    bool isNumber = false;
    const int number = (keys ? kind.mid(5) : kind).toInt(&isNumber);
    return words.contains(kind) || (isNumber && number >= 0);
}

QList<JournalLine> DemoData::journal(const QString &unit, const QString &node, int count)
{
    static const char *const kMessages[] = {
        "listening on 0.0.0.0:8080",
        "GET /v1/orders 200 in 12 ms",
        "GET /v1/orders/4711 200 in 8 ms",
        "POST /v1/orders 201 in 31 ms",
        "pool: 14 of 32 connections in use",
        "slow query: 812 ms: select * from orders where state = 'open'",
        "upstream 127.0.0.12:5672 answered late, retrying in 250 ms",
        "cannot reach 127.0.0.12:5672: connection refused"};
    static const int kPriorities[] = {6, 6, 6, 6, 7, 4, 4, 3};
    QList<JournalLine> out;
    for (int i = 0; i < count; ++i) {
        const size_t which = i == 0 ? 0 : 1 + size_t(qHash(i * 31) % 7);
        JournalLine line;
        line.time = moment().addMSecs(-qint64(count - i) * 1'370);
        line.unit = unit;
        line.identifier = unit.section(QLatin1Char('.'), 0, 0).left(24);
        line.pid = 4711;
        line.priority = kPriorities[which];
        line.message = QString::fromLatin1(kMessages[which]);
        line.nodeName = node;
        out.append(line);
    }
    return out;
}

QList<UnitDiagnostic> DemoData::check(const QString &text)
{
    QList<UnitDiagnostic> out;
    const auto add = [&out](int line, UnitDiagnostic::Severity severity, const QString &message) {
        UnitDiagnostic one;
        one.line = line;
        one.severity = severity;
        one.message = message;
        out.append(one);
    };
    int number = 0;
    bool starts = false;
    for (const QString &line : text.split(QLatin1Char('\n'))) {
        ++number;
        if (line.trimmed().isEmpty() || line.startsWith(QLatin1Char('#')))
            continue;
        if (line.startsWith(QLatin1Char('['))) {
            if (!line.trimmed().endsWith(QLatin1Char(']')))
                add(number, UnitDiagnostic::Severity::Error,
                    QStringLiteral("The section's name has no closing bracket."));
        } else if (!line.contains(QLatin1Char('='))) {
            add(number, UnitDiagnostic::Severity::Error,
                QStringLiteral(
                    "Missing '=': a line is a section, a key with a value, or a comment."));
        } else if (line.startsWith(QLatin1String("ExecStart="))) {
            starts = true;
            const QString command = line.section(QLatin1Char('='), 1);
            if (!command.isEmpty() && !command.contains(QLatin1Char('/')))
                add(number, UnitDiagnostic::Severity::Error,
                    QStringLiteral("The command's path is not absolute: %1").arg(command));
        } else if (line.startsWith(QLatin1String("Restrat="))) {
            add(number, UnitDiagnostic::Severity::Warning,
                QStringLiteral("Unknown key Restrat in [Service]; did you mean Restart?"));
        }
    }
    if (!starts)
        add(1, UnitDiagnostic::Severity::Error, QStringLiteral("The service has no ExecStart=."));
    return out;
}

} // namespace qd::demo
