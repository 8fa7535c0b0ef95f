// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/codec/layout.h"

#include <QDateTime>
#include <QMap>
#include <QMetaProperty>
#include <QMutex>
#include <QSequentialIterable>

namespace qd::codec {
namespace {

bool describe(QMetaType meta, Type *out);

bool describeEnum(QMetaType meta, Type *out)
{
    const QMetaObject *scope = meta.metaObject();
    if (!scope || meta.sizeOf() != qsizetype(sizeof(int)))
        return false;
    const QByteArray full(meta.name());
    const int at = scope->indexOfEnumerator(full.mid(full.lastIndexOf(':') + 1).constData());
    if (at < 0)
        return false;
    const QMetaEnum names = scope->enumerator(at);
    for (int i = 0; i < names.keyCount(); ++i) {
        const QString key = QString::fromLatin1(names.key(i));
        out->names.insert(names.value(i), key);
        out->values.insert(key, names.value(i));
    }
    out->kind = Kind::Enum;
    return true;
}

/// A list type: Qt knows how to walk it once the type is registered.
bool describeList(QMetaType meta, Type *out)
{
    meta.id();
    const auto target = QMetaType::fromType<QSequentialIterable>();
    if (!QMetaType::canView(meta, target))
        return false;
    void *empty = meta.create();
    QSequentialIterable view;
    const bool ok = QMetaType::view(meta, empty, target, &view);
    out->sequence = view.metaContainer();
    meta.destroy(empty);
    if (!ok || !out->sequence.canAddValueAtEnd() || !out->sequence.hasConstIterator())
        return false;
    out->kind = Kind::List;
    out->element = std::make_unique<Type>();
    return describe(out->sequence.valueMetaType(), out->element.get()) &&
           out->element->kind != Kind::List;
}

bool describe(QMetaType meta, Type *out)
{
    static const QHash<int, Kind> plain = {
        {QMetaType::Bool, Kind::Bool},      {QMetaType::Int, Kind::Int32},
        {QMetaType::LongLong, Kind::Int64}, {QMetaType::Double, Kind::Double},
        {QMetaType::QString, Kind::Text},   {QMetaType::QByteArray, Kind::Bytes},
        {QMetaType::QDateTime, Kind::Date}, {qMetaTypeId<QMap<QString, QString>>(), Kind::TextMap},
    };
    out->meta = meta;
    if (const auto it = plain.find(meta.id()); it != plain.end()) {
        out->kind = *it;
        return true;
    }
    if (meta.flags() & QMetaType::IsEnumeration)
        return describeEnum(meta, out);
    if (meta.flags() & QMetaType::IsGadget) {
        out->kind = Kind::Gadget;
        out->gadget = &Layout::of(*meta.metaObject());
        return out->gadget->unfit.isEmpty();
    }
    return describeList(meta, out);
}

std::unique_ptr<Layout> build(const QMetaObject &meta)
{
    auto layout = std::make_unique<Layout>();
    layout->meta = &meta;
    layout->name = QString::fromLatin1(meta.className());
    for (int i = meta.propertyOffset(); i < meta.propertyCount(); ++i) {
        const QMetaProperty property = meta.property(i);
        Field field;
        field.name = QString::fromLatin1(property.name());
        field.index = i - meta.propertyOffset();
        if (!describe(property.metaType(), &field.type) && layout->unfit.isEmpty())
            layout->unfit =
                QStringLiteral("%1.%2 has the type %3, which does not travel")
                    .arg(layout->name, field.name, QString::fromLatin1(property.metaType().name()));
        layout->fields.push_back(std::move(field));
    }
    return layout;
}

} // namespace

const Layout &Layout::of(const QMetaObject &meta)
{
    static QRecursiveMutex mutex;
    static QHash<const QMetaObject *, std::shared_ptr<const Layout>> cache;
    const QMutexLocker lock(&mutex);
    auto it = cache.constFind(&meta);
    if (it == cache.constEnd()) {
        // Built before the insertion: a nested gadget inserts its own layout meanwhile.
        std::shared_ptr<const Layout> made = build(meta);
        it = cache.insert(&meta, std::move(made));
    }
    return **it;
}

void Layout::read(const void *object, const Field &field, void *slot) const
{
    int status = -1;
    void *arguments[] = {slot, nullptr, &status};
    meta->d.static_metacall(
        static_cast<QObject *>(const_cast<void *>(object)), QMetaObject::ReadProperty, field.index,
        arguments);
}

void Layout::write(void *object, const Field &field, void *slot) const
{
    int status = -1;
    int flags = 0;
    void *arguments[] = {slot, nullptr, &status, &flags};
    meta->d.static_metacall(
        static_cast<QObject *>(object), QMetaObject::WriteProperty, field.index, arguments);
}

} // namespace qd::codec
