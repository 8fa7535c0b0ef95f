// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/endpoint.h"
#include "shared/base/random.h"

#include <map>

namespace qd::etcd {

/// Which member a proxy asks: they are in a random order, and one that failed rests for a while
/// (ch5-etcd.md 3.3). Pure: the time comes in.
class ProxyDirector {
public:
    explicit ProxyDirector(int failureMs)
        : m_failureMs(failureMs)
    {
    }
    /// The members of now; those who rest go on resting.
    void set(QList<Endpoint> endpoints, Random &random);
    void failed(const Endpoint &endpoint, qint64 nowMs);
    /// In the order in which they are tried.
    QList<Endpoint> available(qint64 nowMs) const;
    const QList<Endpoint> &all() const { return m_endpoints; }

private:
    int m_failureMs;
    QList<Endpoint> m_endpoints;
    std::map<QString, qint64> m_restsUntilMs; ///< by URL
};

} // namespace qd::etcd
