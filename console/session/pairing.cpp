// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/session/pairing.h"

#include "shared/security/authority.h"
#include "shared/security/verify.h"

namespace qd::session {

std::pair<QString, quint16> splitAddress(const QString &address)
{
    const qsizetype colon = address.lastIndexOf(QLatin1Char(':'));
    const bool six = address.startsWith(QLatin1Char('['));
    const bool bareSix = !six && address.count(QLatin1Char(':')) > 1;
    bool ok = false;
    const quint16 port = bareSix ? 0 : address.mid(colon + 1).toUShort(&ok);
    QString host = ok && colon >= 0 ? address.left(colon) : address;
    if (six && host.endsWith(QLatin1Char(']')))
        host = host.mid(1, host.size() - 2);
    return {host, ok && colon >= 0 ? port : rpc::kControlPort};
}

Pairing::Pairing(security::JoinToken token, QString address, QObject *parent)
    : QObject(parent)
    , m_address(std::move(address))
    , m_client(std::move(token))
{
}

void Pairing::begin(std::function<void(Result<QString>)> done)
{
    const auto [host, port] = splitAddress(m_address);
    m_client.connectTo(
        host, port, [this, done = std::move(done)](const Result<QSslCertificate> &authority) {
            if (authority)
                done(m_client.fingerprint());
            else
                done(fail(authority.error()));
        });
}

void Pairing::confirm(
    const QString &profileName, const QString &userName, std::function<void(Result<Paired>)> done)
{
    const auto key = security::makeKey();
    const auto request = key ? security::makeRequest(*key, userName) : key;
    if (!request) {
        done(fail(request.error()));
        return;
    }
    const QCborMap params{
        {QStringLiteral("csr"), QString::fromLatin1(*request)}, {QStringLiteral("name"), userName}};
    m_client.ask(
        QStringLiteral("cluster.pair"), params,
        [this, profileName, key = *key, done = std::move(done)](const Result<QCborMap> &answer) {
            if (!answer) {
                done(fail(answer.error()));
                return;
            }
            Paired out;
            out.keyPem = key;
            out.role = answer->value(QLatin1String("role")).toString();
            Profile &profile = out.profile;
            profile.clusterId = answer->value(QLatin1String("clusterId")).toString();
            profile.clusterName = answer->value(QLatin1String("clusterName")).toString();
            profile.name = profileName.isEmpty() ? profile.clusterName : profileName;
            profile.addresses = {m_address};
            profile.authority = answer->value(QLatin1String("ca")).toString().toLatin1();
            profile.certificate = answer->value(QLatin1String("certificate")).toString().toLatin1();
            const auto usable =
                security::Credentials::fromPem(profile.certificate, key, profile.authority);
            if (!usable)
                done(fail(usable.error().during(QStringLiteral("The cluster's answer is unfit"))));
            else
                done(out);
        });
}

} // namespace qd::session
