// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/control/interfaces.h"
#include "agent/store/store_client.h"
#include "shared/rpc/methods.h"
#include "shared/security/authority.h"

namespace qd::control {

/// Admits newcomers: cluster.token, cluster.join, cluster.pair (S-02). A token's secret is known to
/// the cluster only by its SHA-256, as a hidden key of the store with a time to live; it is taken
/// by compare-and-delete, so of two who use it at once one gets in.
class Admission {
public:
    struct About {
        QString clusterId;
        QString clusterName;
    };
    Admission(
        security::Authority authority, About about, store::StoreClient &store,
        Membership &membership);

    void addMethods(rpc::Methods &methods);

    using TokenAnswer = std::function<void(Result<QString>)>;
    /// For cluster.token and `quarterdeckd token`. `kind`: node or console; `role` of a console.
    void makeToken(const QString &kind, const QString &role, TokenAnswer done);

private:
    struct Grant {
        QString kind;
        QString role;
    };
    void
    take(const QByteArray &secret, const QString &kind, std::function<void(Result<Grant>)> done);
    void join(const rpc::CallPtr &call);
    void pair(const rpc::CallPtr &call);

    security::Authority m_authority;
    About m_about;
    store::StoreClient &m_store;
    Membership &m_membership;
};

inline constexpr int kTokenSeconds = 900;

} // namespace qd::control
