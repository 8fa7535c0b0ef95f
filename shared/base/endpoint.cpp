// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/base/endpoint.h"

#include <QUrl>
#include <algorithm>

namespace qd {

QString Endpoint::url() const
{
    const bool six = host.contains(QLatin1Char(':'));
    return QStringLiteral("%1://%2:%3")
        .arg(scheme, six ? QLatin1Char('[') + host + QLatin1Char(']') : host)
        .arg(port);
}

Result<Endpoint> endpointFromUrl(const QString &url)
{
    const QString text = url.trimmed();
    const QUrl parsed(text, QUrl::StrictMode);
    if (!parsed.isValid() && !text.isEmpty())
        return fail(
            code::badInput, QStringLiteral("parse \"%1\": %2").arg(text, parsed.errorString()));
    const QString scheme = parsed.scheme();
    if (scheme != QLatin1String("http") && scheme != QLatin1String("https"))
        return fail(
            code::badInput, QStringLiteral("URL scheme must be http or https: %1").arg(text));
    if (parsed.port(0) == 0 || parsed.host().isEmpty())
        return fail(
            code::badInput,
            QStringLiteral("URL address does not have the form \"host:port\": %1").arg(text));
    if (!parsed.path().isEmpty())
        return fail(code::badInput, QStringLiteral("URL must not contain a path: %1").arg(text));
    if (parsed.hasQuery() || parsed.hasFragment() || !parsed.userInfo().isEmpty())
        return fail(
            code::badInput,
            QStringLiteral("URL must be scheme, host and port alone: %1").arg(text));
    return Endpoint{scheme, parsed.host(), quint16(parsed.port())};
}

Result<QList<Endpoint>> endpointsFromUrls(const QStringList &urls)
{
    QList<Endpoint> out;
    for (const QString &url : urls) {
        const auto endpoint = endpointFromUrl(url);
        if (!endpoint)
            return fail(endpoint.error());
        out.append(*endpoint);
    }
    if (out.isEmpty())
        return fail(code::badInput, QStringLiteral("no valid URLs given"));
    std::sort(out.begin(), out.end(), [](const Endpoint &one, const Endpoint &other) {
        return one.url() < other.url();
    });
    return out;
}

QStringList urlsOf(const QList<Endpoint> &endpoints)
{
    QStringList out;
    for (const Endpoint &endpoint : endpoints)
        out.append(endpoint.url());
    return out;
}

} // namespace qd
