// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/node/config.h"
#include "agent/node/identity.h"
#include "shared/rpc/dial.h"
#include "shared/rpc/join_client.h"

#include <QObject>

namespace qd::node {

/// This machine as a member that has no id yet. code::badInput: it has no machine id.
Result<MemberInfo> thisMachine(const Config &config);

/// Makes a cluster with this machine as its first node: authority, certificate, identity.
/// code::conflict when a node lives in the state folder already.
Result<NodeIdentity> initCluster(const Config &config);

/// Makes this machine a member of a cluster, with a token. The cluster's authority is compared with
/// the token's fingerprint before the token's secret, or anything else, is sent.
class Joining final : public QObject {
    Q_OBJECT
public:
    using Done = std::function<void(Result<NodeIdentity>)>;
    explicit Joining(Config config);
    ~Joining() override;

    /// `peer` is an address or address:port of any member. `done` once.
    void start(const QString &token, const QString &peer, Done done);

private:
    void ask();
    Result<NodeIdentity> accept(const QCborMap &answer) const;

    Config m_config;
    QByteArray m_key;
    Done m_done;
    std::unique_ptr<rpc::JoinClient> m_client;
};

/// Asks the agent of this node, which runs, for a token; with the node's own certificate.
class TokenRequest final : public QObject {
    Q_OBJECT
public:
    using Done = std::function<void(Result<QString>)>;
    /// `kind`: node or console; `role` of a console.
    void start(const Config &config, const QString &kind, const QString &role, Done done);

private:
    std::shared_ptr<rpc::Connection> m_connection;
};

} // namespace qd::node
