// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QByteArray>
#include <QStringList>
#include <optional>

/// The nouns and rules of etcd's v2 authentication (peer-contracts.md 1.9). Pure.
namespace qd::etcd::auth {

inline const QString kRoot = QStringLiteral("root");   ///< user and role that may do everything
inline const QString kGuest = QStringLiteral("guest"); ///< the role of who does not say a name

/// A list as etcd's JSON has it, which tells null from [].
using Names = std::optional<QStringList>;

/// Patterns of keys: a whole key, or a prefix that ends in "*".
struct Permissions {
    Names read;
    Names write;

    bool isEmpty() const
    {
        return read.value_or(QStringList()).isEmpty() && write.value_or(QStringList()).isEmpty();
    }
    bool operator==(const Permissions &) const = default;
};

struct Role {
    QString name;
    Permissions permissions;

    bool operator==(const Role &) const = default;
};

struct User {
    QString name;
    QByteArray hash; ///< of the password, as crypt(5) has it; never shown
    Names roles;

    bool operator==(const User &) const = default;
};

/// What a client sends to make or change a user.
struct UserChange {
    QString name;
    QByteArray password; ///< empty = none given
    Names roles;
    QStringList grant;
    QStringList revoke;
};

/// What a client sends to make or change a role.
struct RoleChange {
    QString name;
    Permissions permissions;
    Permissions grant;
    Permissions revoke;
};

/// An error whose detail "status" is the HTTP status that etcd gives it.
Error authError(int status, const QString &message);
int statusOf(const Error &error);

/// The first JSON value of a body. code::badInput.
Result<UserChange> readUserChange(QByteArrayView json);
Result<RoleChange> readRoleChange(QByteArrayView json);
/// As stored. code::corrupt.
Result<User> readUser(QByteArrayView json);
Result<Role> readRole(QByteArrayView json);
/// With `hash` as it is stored, else as it is shown.
QByteArray userJson(const User &user, bool hash = false);
QByteArray roleJson(const Role &role);

/// The root role, which is not stored.
Role rootRole();
/// The user root always has the role root.
User withRootRole(User user);
/// The user after the change; a new password's hash is the caller's business.
Result<User> changed(const User &before, const UserChange &change);
Result<Role> changed(const Role &before, const RoleChange &change);

enum class Access { Read, Write };
/// Whether a role opens a key. A whole subtree is opened by a prefix only.
bool opens(const Role &role, const QString &key, bool recursive, Access access);

} // namespace qd::etcd::auth
