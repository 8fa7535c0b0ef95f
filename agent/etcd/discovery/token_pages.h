// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/store/store_client.h"
#include "shared/http/server.h"

namespace qd::etcd {

/// Where the keys of a token lie.
inline const QString kRegistry = QStringLiteral("/_etcd/registry/");

/// How many members /new?size=N asks for; 3 when it does not say. code::badInput as Go says it.
Result<int> sizeAsked(QByteArrayView query);

/// The discovery service (peer-contracts.md 2): /new makes a token, a token's path is what the keys
/// API shows of its directory. On a port of its own.
class TokenPages final : public QObject {
    Q_OBJECT
public:
    struct Setup {
        QHostAddress address;
        quint16 port = 8087;
        QString base; ///< what the URL of a token begins with; empty: this address and port
    };
    /// Answers for a path below /v2/keys, as the keys API does.
    using Keys =
        std::function<void(const http::Request &, QByteArrayView key, const http::Answer &)>;

    /// The store must outlive it.
    TokenPages(const Setup &setup, store::StoreClient &store, Keys keys);
    /// code::io: an address that is taken.
    Result<void> start();
    quint16 port() const { return m_server.port(); }

private:
    void handle(const http::Request &request, const http::Answer &answer);
    void create(const http::Request &request, const http::Answer &answer);
    void health(const http::Answer &answer);
    void makeToken(int size, std::function<void(Result<QString>)> done);
    QString base() const;

    Setup m_setup;
    store::StoreClient &m_store;
    Keys m_keys;
    http::Server m_server;
};

} // namespace qd::etcd
