// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/security/identity.h"

namespace qd::security {

QString roleName(Role role)
{
    switch (role) {
    case Role::None:
        return QStringLiteral("none");
    case Role::Viewer:
        return QStringLiteral("viewer");
    case Role::Operator:
        return QStringLiteral("operator");
    case Role::Admin:
        return QStringLiteral("admin");
    }
    return {};
}

std::optional<Role> roleFromName(const QString &name)
{
    for (const Role role : {Role::Viewer, Role::Operator, Role::Admin}) {
        if (roleName(role) == name)
            return role;
    }
    return std::nullopt;
}

QString Identity::text() const
{
    switch (kind) {
    case Kind::Nobody:
        return QStringLiteral("nobody");
    case Kind::Node:
        return QStringLiteral("node %1 (%2)").arg(nodeId, name);
    case Kind::Person:
        return QStringLiteral("%1 %2").arg(roleName(role), name);
    }
    return {};
}

} // namespace qd::security
