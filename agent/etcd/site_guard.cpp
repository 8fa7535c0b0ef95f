// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/site_guard.h"

#include "agent/etcd/plain_answers.h"
#include "shared/http/client.h"

#include <algorithm>

namespace qd::etcd {

using http::Answer;
using http::Method;
using http::Request;

namespace {

/// host:port of an URL; null when it is none.
QByteArrayView placeIn(QByteArrayView url)
{
    const qsizetype scheme = url.indexOf("://");
    if (scheme < 0)
        return {};
    const QByteArrayView place = url.sliced(scheme + 3);
    const qsizetype end = place.indexOf('/');
    return end < 0 ? place : place.first(end);
}

bool onlyReads(Method method)
{
    return method == Method::Get || method == Method::Head || method == Method::Options;
}

QByteArrayView withoutPort(QByteArrayView place)
{
    const qsizetype colon = place.indexOf(':');
    const QByteArrayView host = colon < 0 ? place : place.first(colon);
    return host.endsWith('.') ? host.chopped(1) : host;
}

/// No name of the DNS consists of digits alone.
bool isAddress(QByteArrayView place, QByteArrayView host)
{
    return place.startsWith('[') || std::all_of(host.begin(), host.end(), [](char c) {
               return c == '.' || (c >= '0' && c <= '9');
           });
}

} // namespace

bool isCrossSite(const Request &request)
{
    const QByteArrayView host = request.field("Host");
    if (const QByteArrayView origin = request.field("Origin"); !origin.isEmpty())
        return placeIn(origin) != host; // "null" is another site, too
    if (onlyReads(request.method))
        return false; // such a page is not shown the answer
    if (request.field("Sec-Fetch-Site") == QByteArrayView("cross-site"))
        return true;
    const QByteArrayView page = request.field("Referer");
    return !page.isEmpty() && placeIn(page) != host;
}

/// A page's own name can be made to lead here once the page is loaded (DNS rebinding): to the
/// browser that is no other site. A name that leads nowhere else, or none, cannot be a page's.
bool SiteGuard::isKnownHost(const Request &request) const
{
    const bool isEncrypted = request.client != nullptr && request.client->isEncrypted();
    if (isEncrypted || m_hosts.contains(QLatin1String("*")))
        return true;
    const QByteArrayView place = request.field("Host");
    const QByteArrayView host = withoutPort(place);
    return !host.contains('.') || isAddress(place, host) ||
           m_hosts.contains(QString::fromLatin1(host), Qt::CaseInsensitive);
}

/// As etcd says it.
QByteArray SiteGuard::corsFields(const Request &request) const
{
    if (m_cors.isEmpty())
        return {};
    const QByteArray origin = request.field("Origin").toByteArray();
    const bool all = m_cors.contains(QLatin1String("*"));
    if (!all && !m_cors.contains(QString::fromLatin1(origin)))
        return {};
    return "Access-Control-Allow-Headers: accept, content-type, authorization\r\n"
           "Access-Control-Allow-Methods: POST, GET, OPTIONS, PUT, DELETE\r\n"
           "Access-Control-Allow-Origin: " +
           (all ? QByteArray("*") : origin) + "\r\n";
}

bool SiteGuard::admits(const Request &request, const Answer &answer) const
{
    if (!isKnownHost(request)) {
        const QByteArray host = withoutPort(request.field("Host")).toByteArray();
        answer.send(plainError(
            421, "Misdirected Request: " + host +
                     " is not known as a name of this machine: ask by its address or by https, or "
                     "name it with --host-whitelist"));
        return false;
    }
    if (const QByteArray lines = corsFields(request); !lines.isEmpty())
        answer.also(lines);
    else if (isCrossSite(request)) {
        answer.send(plainError(403, "Forbidden: cross-site request"));
        return false;
    }
    return true;
}

} // namespace qd::etcd
