// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/control/control_service.h"
#include "agent/control/journal_methods.h"
#include "agent/etcd/discovery/token_pages.h"
#include "agent/etcd/service.h"
#include "agent/fleet/api/unit_methods.h"
#include "agent/fleet/service.h"
#include "agent/node/cluster_view.h"
#include "agent/node/config.h"
#include "agent/node/public_store.h"
#include "agent/node/raft_view.h"
#include "agent/update/rebooter.h"

namespace qd::node {

/// What a member offers the world once it takes part in consensus: the control protocol, etcd's
/// API, fleet. Each is made here and handed what it needs of the others.
class Services final : public QObject {
    Q_OBJECT
public:
    /// All of it must outlive the services.
    struct Core {
        store::Replica &replica;
        const store::Keyspace &keyspace;
        store::StoreClient &store;
        ClusterMembership &membership;
        wal::ThreadSyncRunner &syncs;
        const Clock &clock;
    };
    Services(
        const Config &config, const NodeIdentity &identity,
        const security::Credentials &credentials, const security::Authority &authority,
        const std::optional<http::TlsContext> &tls, const Core &core);
    ~Services() override;

    /// code::io: an address that is taken.
    Result<void> start();
    control::ControlService &control() { return m_control; }
    fleet::Service &fleet() { return m_fleet; }

Q_SIGNALS:
    /// Somebody who may asks the agent to start anew.
    void restartAsked();

private:
    /// A reboot, as the unit engine of this machine does it.
    class EnginePower final : public update::PowerDriver {
    public:
        explicit EnginePower(fleet::UnitBackend &engine)
            : m_engine(engine)
        {
        }
        void reboot(std::function<void(const Result<void> &)> done) override
        {
            m_engine.start(QStringLiteral("reboot.target"), std::move(done));
        }

    private:
        fleet::UnitBackend &m_engine;
    };

    void addAgentMethods();
    Result<void> mayRestart() const;
    void watchBoot();
    Result<void> useFixture();
    Result<void> startDiscovery();

    Config m_config;
    Core m_core;
    qint64 m_startedUs;
    QString m_machineId;
    QString m_etcdAddress;
    RaftWindow m_raftWindow;
    ClusterView m_clusterView;
    control::ControlService m_control;
    fleet::Service m_fleet;
    fleet::UnitMethods m_unitMethods;
    control::JournalMethods m_journalMethods;
    std::unique_ptr<rpc::Collection<Unit>> m_fixture;
    EnginePower m_power;
    update::Rebooter m_rebooter;
    PublicStore m_publicStore;
    etcd::Service m_etcd;
    std::unique_ptr<etcd::TokenPages> m_tokens; ///< set: there is a discovery service
};

} // namespace qd::node
