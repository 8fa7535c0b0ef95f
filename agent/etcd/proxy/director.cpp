// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/proxy/director.h"

namespace qd::etcd {

void ProxyDirector::set(QList<Endpoint> endpoints, Random &random)
{
    for (qsizetype i = endpoints.size(); i > 1; --i)
        endpoints.swapItemsAt(i - 1, qsizetype(random.below(quint64(i))));
    m_endpoints = std::move(endpoints);
    std::erase_if(m_restsUntilMs, [this](const auto &resting) {
        return std::none_of(m_endpoints.begin(), m_endpoints.end(), [&](const Endpoint &each) {
            return each.url() == resting.first;
        });
    });
}

void ProxyDirector::failed(const Endpoint &endpoint, qint64 nowMs)
{
    m_restsUntilMs[endpoint.url()] = nowMs + m_failureMs;
}

QList<Endpoint> ProxyDirector::available(qint64 nowMs) const
{
    QList<Endpoint> out;
    for (const Endpoint &each : m_endpoints) {
        const auto resting = m_restsUntilMs.find(each.url());
        if (resting == m_restsUntilMs.end() || resting->second <= nowMs)
            out.append(each);
    }
    return out;
}

} // namespace qd::etcd
