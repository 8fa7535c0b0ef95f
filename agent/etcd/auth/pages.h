// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/etcd/auth/gate.h"
#include "agent/etcd/cluster_info.h"
#include "shared/http/answer.h"

#include <QObject>

namespace qd::etcd::auth {

/// /v2/auth: users, roles, and the switch (peer-contracts.md 1.9), with etcd's words. Unlike there,
/// a role that does not exist can not be given to a user.
class Pages : public QObject {
    Q_OBJECT
public:
    /// Both must outlive it. `store` reaches keys under /_qd.
    Pages(store::StoreClient &store, const ClusterInfo &cluster, QObject *parent = nullptr);

    /// Whether keys and members ask for a name and a password.
    bool isEnabled() const;
    const Gate &gate() const { return m_gate; }
    /// Runs `act` when it is off or who asks has the role root; else answers 401.
    void forRoot(const Claim &claim, const http::Answer &answer, std::function<void()> act) const;

    /// `path` is what follows /v2/auth.
    void handle(const http::Request &request, QByteArrayView path, const http::Answer &answer);

private:
    /// What is kept of a request while its answer is under way.
    struct Call {
        http::Method method;
        QString name; ///< of the user or role; empty: all of them
        QByteArray body;
        http::Answer answer;
    };
    using Show = void (Pages::*)(const Call &);
    void admit(const Claim &claim, const Call &call, Show show);

    void users(const Call &call);
    void user(const Call &call);
    void putUser(const Call &call);
    void createUser(const UserChange &change, const Call &call, int status);
    void updateUser(const User &before, const UserChange &change, const Call &call);
    void roles(const Call &call);
    void role(const Call &call);
    void putRole(const Call &call);
    void enabled(const Call &call);
    void enable(const Call &call);

    Result<void> rolesExist(const QStringList &names) const;
    void send(const http::Answer &answer, int status, const QByteArray &body = {}) const;
    void refuse(const http::Answer &answer, const Error &error) const;
    /// Answers with `body` once the change is there.
    Registry::Done<void> then(const Call &call, int status, const QByteArray &body = {});

    const ClusterInfo &m_cluster;
    Registry m_registry;
    Passwords m_passwords;
    Gate m_gate;
    mutable bool m_enabled = false;
    mutable quint64 m_enabledAt = 0; ///< the store's index when that was read; 0 = never
    std::shared_ptr<Pages *> m_self; ///< answers of the store may come after this object
};

} // namespace qd::etcd::auth
