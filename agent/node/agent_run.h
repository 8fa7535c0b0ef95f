// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/node/bootstrap.h"
#include "agent/node/node.h"
#include "agent/node/proxy_node.h"

namespace qd::node {

/// The life of an agent's process: it comes to a cluster first when etcd's flags say how, then it
/// is a member or a proxy, until it is told to stop.
class AgentRun final : public QObject {
    Q_OBJECT
public:
    explicit AgentRun(Config config);
    ~AgentRun() override;

    /// In the event loop, once.
    void start();
    /// In order: a leader hands over first.
    void stop();

Q_SIGNALS:
    /// It is what it shall be.
    void ready();
    /// Without an error it was asked to stop. The process must end.
    void ended(const std::optional<qd::Error> &why);
    /// The node was removed from its cluster: starting it again changes nothing.
    void removed();
    /// It is to be stopped, and the process to begin anew.
    void restartAsked();

private:
    void bootstrapped(const Result<Bootstrap::Outcome> &outcome);
    void beMember();
    void beProxy(const QList<NamedPlace> &cluster);

    Config m_config;
    std::unique_ptr<Bootstrap> m_bootstrap;
    std::unique_ptr<Node> m_node;
    std::unique_ptr<ProxyNode> m_proxy;
};

} // namespace qd::node
