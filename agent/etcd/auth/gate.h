// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/etcd/auth/passwords.h"
#include "agent/etcd/auth/registry.h"
#include "shared/http/message.h"

namespace qd::etcd::auth {

/// Who asks: what the field Authorization says, else what the client's certificate says.
struct Claim {
    bool made = false;  ///< there is such a field
    bool valid = false; ///< and it is a name and a password
    QString name;
    QByteArray password;
    QString certificateName; ///< empty: it showed none, or certificates do not count

    static Claim of(const http::Request &request);
};

/// Decides who may do what while authentication is on.
class Gate {
public:
    using Done = std::function<void(bool)>;

    /// Both must outlive it.
    Gate(const Registry &registry, Passwords &passwords)
        : m_registry(registry)
        , m_passwords(passwords)
    {
    }

    /// A key of the store, for who claims to be somebody, or for guests. `done` may come at once.
    void
    askKey(const Claim &claim, const QString &key, bool recursive, Access access, Done done) const;
    /// What only the role root may do: users, roles, members.
    void askRoot(const Claim &claim, Done done) const;

private:
    using Decide = std::function<bool(const QList<Role> &)>;
    void ask(const Claim &claim, Decide decide, Done done) const;
    /// The user whose name the certificate bears: TLS has proved it, no password is needed.
    std::optional<User> certified(const Claim &claim) const;

    const Registry &m_registry;
    Passwords &m_passwords;
};

} // namespace qd::etcd::auth
