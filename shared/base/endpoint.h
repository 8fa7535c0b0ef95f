// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QStringList>

namespace qd {

/// Where something is reached, as etcd writes it: scheme://host:port and nothing behind it.
struct Endpoint {
    QString scheme; ///< http or https
    QString host;   ///< without the brackets of an IPv6 address
    quint16 port = 0;

    QString url() const;
    bool isHttps() const { return scheme == QLatin1String("https"); }
    /// The same host and port; which protocol is spoken there is another matter.
    bool isAt(const Endpoint &other) const { return host == other.host && port == other.port; }
    bool operator==(const Endpoint &) const = default;
};

/// code::badInput, in etcd's words where it has any.
Result<Endpoint> endpointFromUrl(const QString &url);
/// A list of them, sorted by their text as etcd does. code::badInput for an empty list, too.
Result<QList<Endpoint>> endpointsFromUrls(const QStringList &urls);
QStringList urlsOf(const QList<Endpoint> &endpoints);

} // namespace qd
