// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QHash>
#include <QMetaObject>
#include <QMetaSequence>
#include <QMetaType>
#include <memory>
#include <vector>

/// How a noun's fields lie, read once from its meta-object. Private to shared/codec.
namespace qd::codec {

/// The closed list of field types (architecture.md 3).
enum class Kind { Bool, Int32, Int64, Double, Text, Bytes, Date, Enum, Gadget, List, TextMap };

struct Layout;

struct Type {
    Kind kind = Kind::Bool;
    QMetaType meta;
    /// Enum: value to name and back.
    QHash<int, QString> names;
    QHash<QString, int> values;
    /// Gadget: its layout.
    const Layout *gadget = nullptr;
    /// List: the element, and how to walk the list.
    std::unique_ptr<Type> element;
    QMetaSequence sequence;
};

struct Field {
    QString name;
    int index = 0; ///< for qt_static_metacall
    Type type;
};

struct Layout {
    QString name;
    const QMetaObject *meta = nullptr;
    std::vector<Field> fields;
    /// The first field whose type is not in the closed list; empty = none.
    QString unfit;

    /// Cached for the life of the process; safe from any thread.
    static const Layout &of(const QMetaObject &meta);

    /// Into or out of a slot of exactly the field's type.
    void read(const void *object, const Field &field, void *slot) const;
    void write(void *object, const Field &field, void *slot) const;
};

} // namespace qd::codec
