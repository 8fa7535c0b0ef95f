// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QCborArray>
#include <QCborMap>
#include <QJsonObject>
#include <QMetaObject>

/// Nouns of shared/model to CBOR and JSON and back, from their meta-objects: no hand-written mirror
/// anywhere (architecture.md 3). Field names are those of the gadget; enums travel as their names,
/// dates as milliseconds since 1970 UTC (null = no date). A missing field keeps its default, an
/// unknown one is ignored, a wrong type is code::badInput with type and field named.
namespace qd::codec {

QCborMap encodeCbor(const QMetaObject &meta, const void *gadget);
Result<void> decodeCbor(const QMetaObject &meta, void *gadget, const QCborMap &map);
/// JSON differs: 64-bit numbers beyond 2^53 are text (a script would round them); bytes are text
/// where they are UTF-8, else {"base64": text}.
QJsonObject encodeJson(const QMetaObject &meta, const void *gadget);
Result<void> decodeJson(const QMetaObject &meta, void *gadget, const QJsonObject &object);
/// Empty when every field of the noun can travel; else what cannot.
QString unfitField(const QMetaObject &meta);

template <class T>
QCborMap toCbor(const T &noun)
{
    return encodeCbor(T::staticMetaObject, &noun);
}

template <class T>
Result<T> fromCbor(const QCborMap &map)
{
    T noun;
    if (const auto ok = decodeCbor(T::staticMetaObject, &noun, map); !ok)
        return fail(ok.error());
    return noun;
}

template <class T>
QJsonObject toJson(const T &noun)
{
    return encodeJson(T::staticMetaObject, &noun);
}

template <class T>
Result<T> fromJson(const QJsonObject &object)
{
    T noun;
    if (const auto ok = decodeJson(T::staticMetaObject, &noun, object); !ok)
        return fail(ok.error());
    return noun;
}

template <class T>
QCborArray listToCbor(const QList<T> &nouns)
{
    QCborArray out;
    for (const T &noun : nouns)
        out.append(toCbor(noun));
    return out;
}

/// The list that an answer holds under `key`, such as "items".
template <class T>
Result<QList<T>> listFromCbor(const QCborMap &map, const QString &key)
{
    const QCborValue value = map.value(key);
    if (!value.isArray())
        return fail(code::badInput, QStringLiteral("The answer has no list \"%1\".").arg(key));
    QList<T> out;
    const QCborArray array = value.toArray();
    out.reserve(array.size());
    for (const QCborValue &item : array) {
        auto noun = fromCbor<T>(item.toMap());
        if (!noun)
            return fail(noun.error());
        out.append(std::move(*noun));
    }
    return out;
}

} // namespace qd::codec
