// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/etcd/proxy/proxy.h"
#include "agent/node/config.h"
#include "agent/node/state_lock.h"

namespace qd::node {

/// Whether the folder is that of a proxy: it starts as one again (ch5-etcd.md 3.3).
bool isProxyFolder(const NodePaths &paths);

/// A machine that is no member: it has etcd's API and no data. Its folder holds who the members
/// are, and nothing else.
class ProxyNode final : public QObject {
    Q_OBJECT
public:
    /// `cluster`: name=URL,... of the members; empty: as the folder says.
    ProxyNode(Config config, const QList<NamedPlace> &cluster);
    ~ProxyNode() override;

    /// code::conflict: the folder is a member's, or in use; code::badInput: nobody is known.
    Result<void> start();

private:
    Result<void> load();
    Result<void> save() const;

    Config m_config;
    QList<Endpoint> m_peers;   ///< where members find each other
    QList<Endpoint> m_clients; ///< where they have etcd's API, as far as it is known
    std::unique_ptr<StateLock> m_lock;
    std::unique_ptr<etcd::Proxy> m_proxy;
};

} // namespace qd::node
