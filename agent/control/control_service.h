// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/control/admission.h"
#include "agent/control/interfaces.h"
#include "agent/control/node_links.h"
#include "agent/store/store_client.h"
#include "shared/base/clock.h"
#include "shared/model/node.h"
#include "shared/rpc/server.h"

namespace qd::control {

/// The control protocol of one agent: server on 7443, methods, collections `nodes`, `raft` and
/// `store`, routing to the other agents. Others add their own through methods().
class ControlService : public QObject {
    Q_OBJECT
public:
    struct Setup {
        rpc::Server::About about;
        QString address; ///< where to listen, and how the others reach this node
        quint16 port = 7443;
        security::Credentials credentials;
        security::Authority authority;
        int gatherMs = 1'000; ///< between two looks at machines and raft
        rpc::Limits limits;
    };
    ControlService(
        Setup setup, store::StoreClient &store, Membership &membership, RaftView &raft,
        const Clock &clock, QObject *parent = nullptr);
    ~ControlService() override;

    /// For fleet and journal to add unit.* and journal.*, and the collection `units`; before start.
    rpc::Methods &methods() { return m_methods; }
    /// How many units a machine has, for the rows of `nodes`.
    void setUnitCounter(std::function<int(const QString &machineId)> count)
    {
        m_unitCount = std::move(count);
    }
    Result<void> start();
    quint16 port() const { return m_server.port(); }
    /// For `quarterdeckd token`, and for the composition's own use.
    Admission &admission() { return m_admission; }
    NodeLinks &links() { return m_links; }
    rpc::Collection<Node> &nodes() { return m_nodes; }
    rpc::Collection<RaftStatus> &raft() { return m_raftRows; }
    void setCredentials(const security::Credentials &credentials);

private:
    void addMethods();
    void gather();
    void gatherRaft(const Member &member);
    void gatherNodes(const QList<Member> &members);

    Setup m_setup;
    store::StoreClient &m_store;
    Membership &m_membership;
    RaftView &m_raftView;
    const Clock &m_clock;
    rpc::Methods m_methods;
    rpc::Collection<Node> m_nodes;
    rpc::Collection<RaftStatus> m_raftRows;
    std::function<int(const QString &)> m_unitCount;
    /// When a machine's presence was last renewed: the key's index then, and the wall clock here.
    QHash<QString, std::pair<quint64, QDateTime>> m_seen;
    QSet<QString> m_asking; ///< nodes whose raft status is on its way
    Admission m_admission;
    // Answers that are on their way are settled when the links go: what they touch stands above.
    NodeLinks m_links;
    rpc::Server m_server;
    QTimer m_timer;
};

} // namespace qd::control
