// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/control/control_service.h"

#include "agent/control/store_collection.h"
#include "agent/control/store_methods.h"
#include "shared/base/log.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>
#include <algorithm>

namespace qd::control {
namespace {

const QString kMachines = QStringLiteral("/_coreos.com/fleet/machines");
const QString kProxies = QStringLiteral("/_quarterdeck/proxies");
const QString kItems = QStringLiteral("items");
const QString kRevision = QStringLiteral("revision");
const QString kRaftLocal = QStringLiteral("raft.local");
const QString kNodeId = QStringLiteral("nodeId");

QString nodeIdOf(const rpc::CallPtr &call)
{
    return call->params().value(kNodeId).toString();
}

template <class T>
QCborMap listing(const rpc::Collection<T> &collection)
{
    QCborArray items;
    for (const QByteArray &row : collection.rows())
        items.append(QCborValue::fromCbor(row));
    return {{kRevision, collection.revision()}, {kItems, items}};
}

/// Presence as fleet writes it: <id>/object is there while the machine renews it.
struct Presence {
    quint64 index = 0;
    QJsonObject object;
};

QHash<QString, Presence> presences(const store::StoreClient &store)
{
    store::GetRequest request;
    request.key = kMachines;
    request.recursive = true;
    QHash<QString, Presence> out;
    const auto event = store.getLocal(request);
    if (!event)
        return out;
    for (const store::Node &machine : event->node.children) {
        for (const store::Node &key : machine.children) {
            if (key.key.endsWith(QLatin1String("/object")))
                out.insert(
                    machine.key.section(QLatin1Char('/'), -1),
                    {key.modifiedIndex, QJsonDocument::fromJson(key.value).object()});
        }
    }
    return out;
}

/// Who says that it is there, in a key of its own that runs out by itself. Anybody may write there
/// who may write keys at all: nothing follows from it but a row.
QList<Node> proxies(const store::StoreClient &store)
{
    static const QRegularExpression id(QStringLiteral("^[0-9a-f]{32}$"));
    static const QRegularExpression host(QStringLiteral("^[0-9A-Za-z.:_-]*$"));
    constexpr qsizetype kMostText = 253; // of a name in DNS
    store::GetRequest request;
    request.key = kProxies;
    QList<Node> out;
    const auto event = store.getLocal(request);
    if (!event)
        return out;
    for (const store::Node &key : event->node.children) {
        const QJsonObject record = QJsonDocument::fromJson(key.value).object();
        const auto text = [&record](QLatin1String name) {
            return record.value(name).toString().left(kMostText);
        };
        Node node;
        node.id = key.key.section(QLatin1Char('/'), -1);
        node.name = text(QLatin1String("Name"));
        node.address = text(QLatin1String("Address"));
        node.version = text(QLatin1String("Version"));
        node.state = Node::State::Ready;
        node.role = Node::Role::Proxy;
        const bool isPlain = host.match(node.address).hasMatch();
        if (id.match(node.id).hasMatch() && !node.name.isEmpty() && isPlain)
            out.append(node);
    }
    return out;
}

} // namespace

ControlService::ControlService(
    Setup setup, store::StoreClient &store, Membership &membership, RaftView &raft,
    const Clock &clock, QObject *parent)
    : QObject(parent)
    , m_setup(std::move(setup))
    , m_store(store)
    , m_membership(membership)
    , m_raftView(raft)
    , m_clock(clock)
    , m_nodes(&Node::id)
    , m_raftRows(&RaftStatus::nodeId)
    , m_admission(
          m_setup.authority, {m_setup.about.clusterId, m_setup.about.clusterName}, store,
          membership)
    , m_links(m_setup.credentials, m_setup.about.nodeId, membership)
    , m_server(m_setup.credentials, m_setup.about, m_methods, m_setup.limits)
{
    addMethods();
    m_timer.setInterval(m_setup.gatherMs);
    connect(&m_timer, &QTimer::timeout, this, &ControlService::gather);
}

ControlService::~ControlService() = default;

void ControlService::addMethods()
{
    using rpc::CallPtr;
    using security::Role;
    m_methods.add(QStringLiteral("node.list"), Role::Viewer, [this](const CallPtr &call) {
        call->reply(listing(m_nodes));
    });
    m_methods.add(QStringLiteral("raft.status"), Role::Viewer, [this](const CallPtr &call) {
        m_raftRows.set(m_raftView.status()); // of itself a node tells what is, not what was
        m_raftRows.flush();
        call->reply(listing(m_raftRows));
    });
    m_methods.add(QStringLiteral("node.remove"), Role::Admin, [this](const CallPtr &call) {
        m_membership.remove(nodeIdOf(call), [call](const Result<void> &removed) {
            call->reply(removed ? Result<QCborMap>(QCborMap()) : fail(removed.error()));
        });
    });
    m_methods.add(QStringLiteral("raft.promote"), Role::Admin, [this](const CallPtr &call) {
        m_membership.promote(nodeIdOf(call), [call](const Result<void> &votes) {
            call->reply(votes ? Result<QCborMap>(QCborMap()) : fail(votes.error()));
        });
    });
    m_methods.add(QStringLiteral("raft.transfer"), Role::Operator, [this](const CallPtr &call) {
        m_membership.transferLeadership(nodeIdOf(call), [call](const Result<QString> &leader) {
            call->reply(
                leader ? Result<QCborMap>(QCborMap{{kNodeId, *leader}}) : fail(leader.error()));
        });
    });
    m_methods.addForNodes(kRaftLocal, [this](const CallPtr &call) {
        call->reply(codec::toCbor(m_raftView.status()));
    });
    addStoreMethods(m_methods, m_store);
    m_admission.addMethods(m_methods);
    m_methods.addCollection(QStringLiteral("nodes"), m_nodes);
    m_methods.addCollection(QStringLiteral("raft"), m_raftRows);
    m_methods.addCollection(
        QStringLiteral("store"), [this](const QCborMap &params) -> Result<rpc::CollectionPtr> {
            const QString key =
                canonicalKey(params.value(QLatin1String("key")).toString(QStringLiteral("/")));
            if (key == QLatin1String("/_qd") || key.startsWith(QLatin1String("/_qd/")))
                return fail(
                    code::denied, QStringLiteral("Keys under /_qd cannot be subscribed to."));
            return std::make_shared<StoreCollection>(m_store, key);
        });
    m_methods.setRouter(m_setup.about.nodeId, [this](const CallPtr &call) { m_links.route(call); });
}

Result<void> ControlService::start()
{
    gather();
    m_nodes.flush();
    m_raftRows.flush();
    m_timer.start();
    return m_server.listen(QHostAddress(m_setup.address), m_setup.port);
}

void ControlService::setCredentials(const security::Credentials &credentials)
{
    m_server.setCredentials(credentials);
    m_links.setCredentials(credentials);
}

void ControlService::gather()
{
    m_raftRows.set(m_raftView.status());
    const QList<Member> members = m_membership.members();
    QSet<QString> ids{m_setup.about.nodeId};
    for (const Member &member : members) {
        ids.insert(member.nodeId);
        if (member.nodeId != m_setup.about.nodeId)
            gatherRaft(member);
    }
    const QStringList known = m_raftRows.keys();
    for (const QString &id : known) {
        if (!ids.contains(id))
            m_raftRows.remove(id);
    }
    gatherNodes(members);
}

void ControlService::gatherRaft(const Member &member)
{
    const QString id = member.nodeId;
    if (m_asking.contains(id))
        return;
    m_asking.insert(id);
    m_links.call(
        id, kRaftLocal, {}, m_setup.gatherMs, [this, member](const Result<QCborMap> &answer) {
            m_asking.remove(member.nodeId);
            const auto status =
                answer ? codec::fromCbor<RaftStatus>(*answer) : fail(answer.error());
            RaftStatus row;
            if (status) {
                row = *status;
                row.reachable = true;
            } else {
                // What was known stays, marked as old.
                row = m_raftRows.value(member.nodeId).value_or(RaftStatus{});
                row.reachable = false;
            }
            row.nodeId = member.nodeId;
            row.nodeName = member.name;
            row.raftId = member.raftId;
            m_raftRows.set(row);
        });
}

void ControlService::gatherNodes(const QList<Member> &members)
{
    const auto present = presences(m_store);
    const QDateTime now = QDateTime::fromMSecsSinceEpoch(m_clock.wallUs() / 1000, Qt::UTC);
    QList<Node> rows;
    for (const Member &member : members) {
        Node node;
        node.id = member.nodeId;
        node.name = member.name;
        node.address = member.address;
        node.raftId = member.raftId;
        const auto status = m_raftRows.value(member.nodeId);
        const auto it = present.constFind(member.nodeId);
        auto &[index, seen] = m_seen[member.nodeId];
        if (it != present.constEnd()) {
            if (index != it->index) {
                index = it->index;
                seen = now;
            }
            node.state = Node::State::Ready;
            node.version = it->object.value(QLatin1String("Version")).toString();
            const QJsonObject metadata = it->object.value(QLatin1String("Metadata")).toObject();
            for (auto pair = metadata.begin(); pair != metadata.end(); ++pair)
                node.metadata.insert(pair.key(), pair.value().toString());
        } else {
            node.state =
                seen.isValid() || !member.learner ? Node::State::Lost : Node::State::Joining;
        }
        node.lastSeen = seen;
        if (status && status->reachable)
            node.role = status->role;
        else if (member.learner)
            node.role = Node::Role::Learner;
        node.unitCount = m_unitCount ? m_unitCount(member.nodeId) : 0;
        rows.append(node);
    }
    const QList<Node> others = proxies(m_store);
    for (const Node &proxy : others) {
        // One that has become a member is one; and nobody takes a member's name, by which it is
        // removed, promoted or made the leader.
        const auto isIt = [&proxy](const Node &row) {
            return row.id == proxy.id || row.name == proxy.name;
        };
        if (std::none_of(rows.cbegin(), rows.cend(), isIt))
            rows.append(proxy);
    }
    m_nodes.assign(rows);
}

} // namespace qd::control
