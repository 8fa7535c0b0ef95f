// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/etcd/auth/model.h"
#include "agent/store/store_client.h"

namespace qd::etcd::auth {

/// Users and roles in the cluster's store, under /_qd/auth, where the keys API does not reach.
/// Reads are of this member's own tree. A change compares with what it was made from, so that of
/// two at once one is refused (409).
class Registry {
public:
    template <class T>
    using Done = std::function<void(const Result<T> &)>;

    /// The store must outlive it, and the answers of what is under way.
    explicit Registry(store::StoreClient &store)
        : m_store(store)
    {
    }

    bool isEnabled() const;
    void setEnabled(bool enabled, Done<void> done);

    /// Errors: 404.
    Result<User> user(const QString &name) const;
    Result<Role> role(const QString &name) const;
    /// In order.
    QStringList userNames() const;
    QStringList roleNames() const; ///< with root
    /// Those of its roles that there are.
    QList<Role> rolesOf(const User &user) const;

    /// Errors: 409 when it exists.
    void create(const User &user, Done<void> done);
    void create(const Role &role, Done<void> done);
    /// In place of what was read a moment ago. Errors: 404, 409.
    void replace(const User &before, const User &after, Done<void> done);
    void replace(const Role &before, const Role &after, Done<void> done);
    /// Errors: 404.
    void removeUser(const QString &name, Done<void> done);
    void removeRole(const QString &name, Done<void> done);

private:
    Result<QByteArray> value(const QString &key) const;
    QStringList names(const QString &folder) const;
    void write(const store::WriteRequest &request, Error ifRefused, Done<void> done);

    store::StoreClient &m_store;
};

} // namespace qd::etcd::auth
