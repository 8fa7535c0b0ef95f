// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/cloudconfig/yaml.h"

#include <QList>
#include <QString>

namespace qd::cloudconfig {

struct Section;

/// One key of a cloud-config: the one place that says its type, its environment variable and its
/// values. What checks, applies and explains a document reads it here (U54).
struct Field {
    enum class Type { Text, Integer, Real, Boolean, Texts, Map, Maps };
    QString key; ///< with '_'
    Type type = Type::Text;
    QString variable = {};           ///< of the service; empty: it becomes none
    QString allowed = {};            ///< a regular expression of its values; empty: any
    QString deprecated = {};         ///< why it should not be used any more; empty: it may
    const Section *inside = nullptr; ///< of a map, or of the maps in a list
};

struct Section {
    QList<Field> fields;
    const Field *find(const QString &key) const; ///< nullptr: unknown
};

/// The whole document (ch7 2.5, 3 and 4).
const Section &documentSchema();
/// A section of `coreos`, such as "etcd2".
const Section &serviceSchema(const QString &name);

/// Whether a value is of that type.
bool fits(const YamlNode &node, Field::Type type);

/// "string", "[]struct" and so on, as messages say it.
QString typeName(Field::Type type);

} // namespace qd::cloudconfig
