// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/rpc/join_client.h"

#include "shared/security/tls.h"
#include "shared/security/verify.h"

namespace qd::rpc {
namespace {

constexpr int kAskMs = 30'000; // joining waits for consensus

} // namespace

JoinClient::JoinClient(security::JoinToken token, QObject *parent)
    : QObject(parent)
    , m_token(std::move(token))
{
}

JoinClient::~JoinClient() = default;

void JoinClient::connectTo(
    const QString &address, quint16 port, std::function<void(Result<QSslCertificate>)> done)
{
    Target target;
    target.address = address;
    target.port = port;
    target.tls = security::newcomerTls();
    target.client = QStringLiteral("newcomer");
    const QByteArray fingerprint = m_token.fingerprint;
    const auto authority = std::make_shared<QSslCertificate>();
    target.verify = [fingerprint, authority](const QSslSocket &socket) -> Result<void> {
        const auto found =
            security::verifyByFingerprint(socket.peerCertificateChain(), fingerprint);
        if (!found)
            return fail(found.error());
        *authority = *found;
        return {};
    };
    dial(target, this, [this, authority, done = std::move(done)](const Result<Dialled> &dialled) {
        if (!dialled) {
            done(fail(dialled.error()));
            return;
        }
        m_authority = *authority;
        m_connection = dialled->connection;
        done(m_authority);
    });
}

QString JoinClient::fingerprint() const
{
    return m_authority.isNull() ? QString()
                                : security::fingerprintText(security::keyFingerprint(m_authority));
}

void JoinClient::ask(const QString &method, QCborMap params, Answer done)
{
    if (!m_connection) {
        QMetaObject::invokeMethod(
            this,
            [done = std::move(done)] {
                done(fail(code::unreachable, QStringLiteral("Not connected to a cluster yet.")));
            },
            Qt::QueuedConnection);
        return;
    }
    params.insert(QStringLiteral("secret"), QString::fromLatin1(m_token.secret.toHex()));
    m_connection->call(method, params, kAskMs, std::move(done));
}

} // namespace qd::rpc
