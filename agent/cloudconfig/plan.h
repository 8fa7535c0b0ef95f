// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/cloudconfig/user_data.h"
#include "agent/cloudconfig/yaml.h"

#include <QList>
#include <optional>

namespace qd::cloudconfig {

struct FileWrite {
    QString path; ///< absolute
    QByteArray content;
    int mode = 0644;
    QString owner; ///< "user" or "user:group"; empty: root
    bool operator==(const FileWrite &) const = default;
};

struct DropIn {
    QString name;
    QByteArray content;
    bool operator==(const DropIn &) const = default;
};

/// One item of coreos.units, or what a section like etcd2 says of a unit (ch7 3.6).
struct UnitChange {
    QString name;
    std::optional<QByteArray> content; ///< none: the unit is there already
    QList<DropIn> dropIns;
    bool runtime = false; ///< until the next boot: below /run
    bool enable = false;
    bool mask = false;
    QString command; ///< empty: none

    /// A file of networkd, not of the unit engine.
    bool isNetwork() const;
    /// Where its file lies, and its drop-ins in a folder beside it.
    QString folder() const;
    bool operator==(const UnitChange &) const = default;
};

/// What applying a document does, in this order: files, units, reload, commands (ch7 5.4).
struct Plan {
    QList<FileWrite> files;
    QList<UnitChange> units;
    QStringList remarks; ///< what was passed over, and why
};

/// What a plan needs to know of the node.
struct NodeFacts {
    QString hostName;
    NodeAddresses addresses;
    QByteArray environment; ///< /etc/environment as it is
};

/// What a document means for a node. Whatever has the wrong type is passed over with a remark.
/// code::badInput: a value that makes no sense; then nothing at all is done.
Result<Plan> planOf(const YamlNode &root, const NodeFacts &facts);

} // namespace qd::cloudconfig
