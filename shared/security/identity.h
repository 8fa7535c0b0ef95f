// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>
#include <optional>

/// Who may do what in a cluster: keys, certificates, the cluster's CA, join tokens, roles
/// (architecture.md 6).
namespace qd::security {

/// What a caller may do; each includes the ones before it.
enum class Role { None, Viewer, Operator, Admin };

QString roleName(Role role);
std::optional<Role> roleFromName(const QString &name);

/// Who a certificate of the cluster speaks for.
struct Identity {
    enum class Kind { Nobody, Node, Person };
    Kind kind = Kind::Nobody;
    QString nodeId;         ///< machine id, of a node's certificate
    Role role = Role::None; ///< of a person's certificate
    QString name;           ///< common name, for people to read

    /// "node 0a1b... (node-1)", "operator anna": for logs.
    QString text() const;
    bool operator==(const Identity &) const = default;
};

/// What a new certificate is to say.
struct Subject {
    Identity identity;
    QStringList hosts; ///< IP addresses and DNS names, of a node's certificate
};

} // namespace qd::security
