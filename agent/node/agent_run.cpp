// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/agent_run.h"

#include "agent/node/client_tls.h"
#include "shared/base/log.h"

namespace qd::node {

AgentRun::AgentRun(Config config)
    : m_config(std::move(config))
{
}

AgentRun::~AgentRun() = default;

void AgentRun::start()
{
    const bool isMember = loadIdentity(m_config.paths).has_value();
    if (isMember && isBootstrapAsked(m_config))
        qCInfo(lcNode) << "how the cluster began is ignored: this node belongs to one already";
    if (isMember && m_config.etcd.proxy != EtcdOptions::Proxy::Off)
        return Q_EMIT ended(Error{
            code::conflict,
            QStringLiteral("--proxy: %1 is the folder of a member").arg(m_config.paths.state),
            {},
            nullptr});
    // Before anything is made: what it would be made for could not be served.
    if (const auto tls = clientTls(m_config.etcd); !tls)
        return Q_EMIT ended(tls.error());
    if (!isMember && isProxyFolder(m_config.paths))
        return beProxy({});
    if (isMember || !isBootstrapAsked(m_config))
        return beMember();
    m_bootstrap = std::make_unique<Bootstrap>(m_config);
    m_bootstrap->start(
        [this](const Result<Bootstrap::Outcome> &outcome) { bootstrapped(outcome); });
}

void AgentRun::bootstrapped(const Result<Bootstrap::Outcome> &outcome)
{
    m_bootstrap.release()->deleteLater(); // it is what calls
    if (!outcome)
        return Q_EMIT ended(outcome.error());
    if (outcome->isProxy)
        beProxy(outcome->cluster);
    else
        beMember();
}

void AgentRun::beMember()
{
    m_node = std::make_unique<Node>(m_config);
    connect(m_node.get(), &Node::failed, this, [this](const Error &why) {
        qCCritical(lcNode).noquote() << "the agent ends:" << why.text();
        Q_EMIT ended(why);
    });
    connect(m_node.get(), &Node::removed, this, &AgentRun::removed);
    connect(m_node.get(), &Node::restartAsked, this, &AgentRun::restartAsked);
    const auto started = m_node->start();
    if (started)
        return Q_EMIT ready();
    Q_EMIT ended(started.error());
}

void AgentRun::beProxy(const QList<NamedPlace> &cluster)
{
    m_proxy = std::make_unique<ProxyNode>(m_config, cluster);
    const auto started = m_proxy->start();
    if (started)
        return Q_EMIT ready();
    Q_EMIT ended(started.error());
}

void AgentRun::stop()
{
    if (!m_node)
        return Q_EMIT ended(std::nullopt);
    m_node->stop([this] { Q_EMIT ended(std::nullopt); });
}

} // namespace qd::node
