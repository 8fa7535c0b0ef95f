// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/client_tls.h"

namespace qd::node {

namespace {

Result<std::optional<http::TlsContext>> contextOf(http::TlsIdentity identity, const ClientTls &tls)
{
    identity.namesClients = tls.clientCertAuth;
    auto context = http::TlsContext::make(identity);
    if (!context)
        return fail(context.error());
    return std::optional(std::move(*context));
}

QStringList hostsOf(const Config &config, const MemberInfo &self)
{
    QStringList out{
        self.address, self.name, QStringLiteral("localhost"), QStringLiteral("127.0.0.1")};
    for (const Endpoint &each : config.etcd.listenClient + config.etcd.advertiseClient)
        out.append(each.host);
    out.removeDuplicates();
    return out;
}

} // namespace

Result<std::optional<http::TlsContext>> clientTls(const EtcdOptions &etcd)
{
    const ClientTls &tls = etcd.clientTls;
    // What members' and the discovery service's certificates are held against is read as well.
    const auto identity = http::TlsIdentity::read(tls.certificate, tls.key, tls.trusted);
    if (!identity)
        return fail(identity.error());
    if (tls.certificate.isEmpty())
        return std::nullopt;
    return contextOf(*identity, tls);
}

Result<std::optional<http::TlsContext>>
memberTls(const Config &config, const MemberInfo &self, const security::Authority &authority)
{
    const ClientTls &tls = config.etcd.clientTls;
    if (!tls.isAutomatic || !tls.certificate.isEmpty())
        return clientTls(config.etcd);
    auto identity = http::TlsIdentity::read({}, {}, tls.trusted);
    if (!identity)
        return fail(identity.error());
    const auto key = security::makeKey();
    if (!key)
        return fail(key.error());
    const security::Subject subject{
        {security::Identity::Kind::Node, self.machineId, security::Role::None, self.name},
        hostsOf(config, self)};
    const auto certificate = authority.issueForKey(*key, subject);
    if (!certificate)
        return fail(certificate.error());
    identity->certificate = *certificate;
    identity->key = *key;
    return contextOf(*identity, tls);
}

} // namespace qd::node
