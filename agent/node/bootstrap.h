// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/node/config.h"
#include "agent/node/discovery.h"
#include "agent/node/identity.h"
#include "agent/node/srv.h"
#include "shared/rpc/dial.h"

#include <QObject>

namespace qd::node {

/// Whether etcd's flags say how a machine without identity comes to a cluster.
bool isBootstrapAsked(const Config &config);

/// Comes to a cluster as etcd's flags say: the members are named by them, by a discovery service or
/// by DNS; it makes the cluster with them, enters one that it was added to, or is a proxy. What
/// etcd leaves to the network is decided by the authority: the folder that --authority names, the
/// same on each machine.
class Bootstrap final : public QObject {
    Q_OBJECT
public:
    struct Outcome {
        bool isProxy = false; ///< else the identity is on disk
        QList<NamedPlace> cluster;
    };
    using Done = std::function<void(Result<Outcome>)>;
    explicit Bootstrap(Config config);
    ~Bootstrap() override;

    /// `done` once.
    void start(Done done);

private:
    bool isProxy() const;
    void discover();
    void lookUp();
    void found(const Result<Discovery::Found> &found);
    void become();
    void makeCluster();
    void enter();
    void askNext();
    void welcomed(const rpc::Dialled &member);
    Result<void> makeCredentials(const MemberInfo &self, bool alone);
    void settle(const Result<NodeIdentity> &identity);

    Config m_config;
    Done m_done;
    MemberInfo m_self;
    QByteArray m_authorityCertificate;
    QByteArray m_authorityKey;
    QByteArray m_certificate;
    QByteArray m_key;
    QList<Endpoint> m_asked; ///< members that are yet to be asked for entry
    Error m_refusal;
    std::unique_ptr<Discovery> m_discovery;
    std::unique_ptr<DnsResolver> m_resolver;
    std::unique_ptr<SrvLookup> m_lookup;
    std::shared_ptr<rpc::Connection> m_connection;
};

/// For `quarterdeckd authority DIR`: a new authority in a folder, to be copied to the machines that
/// start a cluster together. code::conflict when there is one.
Result<void> makeAuthority(const QString &folder, const QString &clusterName);

} // namespace qd::node
