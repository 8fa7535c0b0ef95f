// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/rpc/dial.h"
#include "shared/rpc/server.h"
#include "shared/security/authority.h"
#include "shared/security/verify.h"

#include <QTest>

/// An authority, and servers and clients of its cluster on loopback.
namespace qd::test {

inline security::Subject nodeSubject(const QString &id = QStringLiteral("0a"))
{
    return {
        {security::Identity::Kind::Node, id, security::Role::None, QStringLiteral("node-") + id},
        {QStringLiteral("127.0.0.1")}};
}

inline security::Subject personSubject(security::Role role)
{
    return {{security::Identity::Kind::Person, {}, role, QStringLiteral("anna")}, {}};
}

struct SmallCluster {
    security::Authority authority = *security::Authority::create(QStringLiteral("deck"));

    security::Credentials credentials(
        const security::Subject &subject,
        const security::Validity &validity = security::Validity::days(30)) const
    {
        const QByteArray key = *security::makeKey();
        return *security::Credentials::fromPem(
            *authority.issueForKey(key, subject, validity), key, authority.certificatePem());
    }
    QSslCertificate root() const { return QSslCertificate(authority.certificatePem()); }

    std::unique_ptr<rpc::Server> serve(
        const rpc::Methods &methods, const QString &id = QStringLiteral("0a"),
        const rpc::Limits &limits = {}, quint16 port = 0) const
    {
        auto server = std::make_unique<rpc::Server>(
            credentials(nodeSubject(id)),
            rpc::Server::About{
                QStringLiteral("c1"), QStringLiteral("deck"), id, QStringLiteral("node-") + id},
            methods, limits);
        return server->listen(QHostAddress(QHostAddress::LocalHost), port) ? std::move(server)
                                                                           : nullptr;
    }

    rpc::Target target(const rpc::Server &server, const security::Credentials &who) const
    {
        rpc::Target out;
        out.address = QStringLiteral("127.0.0.1");
        out.port = server.port();
        out.tls = security::clientTls(who, security::alpnControl);
        out.client = QStringLiteral("test");
        out.verify = [root = root()](const QSslSocket &socket) -> Result<void> {
            const auto node = security::verifyNode(socket.peerCertificate(), root);
            if (!node)
                return fail(node.error());
            return {};
        };
        return out;
    }
};

/// Calls `start` with a place for its answer, and waits for the answer.
template <class T, class Start>
Result<T> await(Start start)
{
    const auto answer = std::make_shared<std::optional<Result<T>>>();
    start([answer](const Result<T> &result) { *answer = result; });
    if (!QTest::qWaitFor([&] { return answer->has_value(); }, 10'000))
        return fail(code::deadline, QStringLiteral("the test waited in vain"));
    return **answer;
}

inline Result<rpc::Dialled> dialled(const rpc::Target &target, QObject *context)
{
    return await<rpc::Dialled>(
        [&](const rpc::DialAnswer &done) { rpc::dial(target, context, done); });
}

inline Result<QCborMap>
ask(rpc::Connection &to, const QString &method, const QCborMap &params = {}, int deadline = 5'000)
{
    return await<QCborMap>(
        [&](const rpc::Answer &done) { to.call(method, params, deadline, done); });
}

} // namespace qd::test
