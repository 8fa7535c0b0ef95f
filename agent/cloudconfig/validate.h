// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/cloudconfig/yaml.h"

#include <QList>

namespace qd::cloudconfig {

struct Finding {
    enum class Kind { Error, Warning, Info };
    int line = 0; ///< from 1; 0: the document as a whole
    Kind kind = Kind::Error;
    QString message;
    /// "line 7: error: ..."
    QString text() const;
    bool operator==(const Finding &) const = default;
};

/// Everything that is wrong with user-data, in the order and the words of `coreos-cloudinit
/// --validate` (ch7 5.3). Changes nothing. Scripts, Ignition's and empty documents have nothing
/// that could be wrong.
QList<Finding> validate(const QByteArray &userData);

/// Of a document that is YAML.
QList<Finding> validateTree(const YamlNode &root);

} // namespace qd::cloudconfig
