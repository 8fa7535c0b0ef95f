// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/http/answer.h"

#include <QStringList>

namespace qd::etcd {

/// What pages may do through their reader's browser, which reaches ports that the page's author
/// does not: nothing, unless the operator has let them in (CVE-2018-1098, CVE-2018-1099).
class SiteGuard {
public:
    /// `cors`: origins of pages that are let in, "*" = all. `hosts`: names by which this port may
    /// be asked for without TLS, beside addresses and names without a dot; "*" = any.
    SiteGuard(QStringList cors, QStringList hosts)
        : m_cors(std::move(cors))
        , m_hosts(std::move(hosts))
    {
    }
    /// False: it was refused, and that is answered.
    bool admits(const http::Request &request, const http::Answer &answer) const;

private:
    QByteArray corsFields(const http::Request &request) const;
    bool isKnownHost(const http::Request &request) const;

    QStringList m_cors;
    QStringList m_hosts;
};

/// Whether a page of another site makes the browser send this.
bool isCrossSite(const http::Request &request);

} // namespace qd::etcd
