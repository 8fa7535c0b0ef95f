// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QByteArray>
#include <QStringList>
#include <vector>

namespace qd::cloudconfig {

/// A YAML document as it was written: scalars keep their source text, for what `off` or `0644`
/// means is said by the field that it stands in (ch7 2.3).
struct YamlNode {
    enum class Kind { Nothing, Scalar, List, Map };
    /// What YAML 1.1 takes an unquoted scalar for.
    enum class Guess { Text, Integer, Real, Boolean };

    Kind kind = Kind::Nothing;
    QByteArray text; ///< of a scalar; of a !!binary one its bytes
    Guess guess = Guess::Text;
    int line = 0;                ///< from 1: of a value its key's; 0: there is none
    QStringList keys;            ///< of a map, with '_' for '-', beside `items`
    std::vector<YamlNode> items; ///< of a list or a map

    /// nullptr: there is no such key. A key that stands there twice: the last one.
    const YamlNode *find(const QString &key) const;
};

/// nullptr: there is no such key, or no map at all.
const YamlNode *child(const YamlNode *node, const char *key);

/// What is wrong with a document, by libyaml's words.
struct YamlError {
    int line = 0;
    QString problem;
};

/// Reads the first document; an empty one is Nothing. Aliases are followed, within a limit of
/// nodes.
tl::expected<YamlNode, YamlError> readYaml(const QByteArray &text);

} // namespace qd::cloudconfig
