// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/codec/codec.h"

#include "shared/codec/layout.h"

#include <QDateTime>
#include <QJsonArray>
#include <QStringDecoder>
#include <QTimeZone>
#include <limits>

namespace qd::codec {
namespace {

constexpr qint64 kExactInDouble = qint64(1) << 53;
const QString kBase64 = QStringLiteral("base64");

/// A slot of a type that is known only at run time.
class Slot {
public:
    explicit Slot(QMetaType type)
        : m_type(type)
        , m_data(type.create())
    {
    }
    ~Slot() { m_type.destroy(m_data); }
    Q_DISABLE_COPY_MOVE(Slot)
    void *data() { return m_data; }

private:
    QMetaType m_type;
    void *m_data;
};

bool isUtf8(const QByteArray &bytes)
{
    QStringDecoder decoder(QStringDecoder::Utf8, QStringDecoder::Flag::Stateless);
    const QString text = decoder.decode(bytes);
    return !decoder.hasError() && text.toUtf8() == bytes;
}

/// How values look in CBOR.
struct Cbor {
    using Value = QCborValue;
    using Object = QCborMap;
    using Array = QCborArray;

    static Value number64(qint64 v) { return QCborValue(v); }
    static Value bytes(const QByteArray &v) { return QCborValue(v); }
    static Value null() { return QCborValue(nullptr); }
    static bool isNull(const Value &v) { return v.isNull(); }
    static bool toBool(const Value &v, bool *out)
    {
        *out = v.toBool();
        return v.isBool();
    }
    static bool toInt64(const Value &v, qint64 *out)
    {
        *out = v.toInteger();
        return v.isInteger();
    }
    static bool toDouble(const Value &v, double *out)
    {
        *out = v.isInteger() ? double(v.toInteger()) : v.toDouble();
        return v.isDouble() || v.isInteger();
    }
    static bool toText(const Value &v, QString *out)
    {
        *out = v.toString();
        return v.isString();
    }
    static bool toBytes(const Value &v, QByteArray *out)
    {
        // A script has only text; its bytes are the text's UTF-8.
        *out = v.isString() ? v.toString().toUtf8() : v.toByteArray();
        return v.isByteArray() || v.isString();
    }
    static bool isObject(const Value &v) { return v.isMap(); }
    static Object toObject(const Value &v) { return v.toMap(); }
    static bool isArray(const Value &v) { return v.isArray(); }
    static Array toArray(const Value &v) { return v.toArray(); }
    template <class Each>
    static bool forEach(const Object &object, Each each)
    {
        for (const auto &pair : object) {
            if (!pair.first.isString() || !each(pair.first.toString(), pair.second))
                return false;
        }
        return true;
    }
};

/// How values look in JSON.
struct Json {
    using Value = QJsonValue;
    using Object = QJsonObject;
    using Array = QJsonArray;

    static Value number64(qint64 v)
    {
        const bool exact = v <= kExactInDouble && v >= -kExactInDouble;
        return exact ? QJsonValue(v) : QJsonValue(QString::number(v));
    }
    static Value bytes(const QByteArray &v)
    {
        if (isUtf8(v))
            return QString::fromUtf8(v);
        return QJsonObject{{kBase64, QString::fromLatin1(v.toBase64())}};
    }
    static Value null() { return QJsonValue::Null; }
    static bool isNull(const Value &v) { return v.isNull(); }
    static bool toBool(const Value &v, bool *out)
    {
        *out = v.toBool();
        return v.isBool();
    }
    static bool toInt64(const Value &v, qint64 *out)
    {
        bool ok = false;
        if (v.isString()) {
            *out = v.toString().toLongLong(&ok);
            return ok;
        }
        // Equal for two different defaults: it is a whole number.
        *out = v.toInteger(0);
        return v.isDouble() && v.toInteger(1) == *out;
    }
    static bool toDouble(const Value &v, double *out)
    {
        *out = v.toDouble();
        return v.isDouble();
    }
    static bool toText(const Value &v, QString *out)
    {
        *out = v.toString();
        return v.isString();
    }
    static bool toBytes(const Value &v, QByteArray *out)
    {
        if (v.isString()) {
            *out = v.toString().toUtf8();
            return true;
        }
        const auto decoded = QByteArray::fromBase64Encoding(
            v.toObject().value(kBase64).toString().toLatin1(),
            QByteArray::AbortOnBase64DecodingErrors);
        *out = decoded.decoded;
        return v.toObject().value(kBase64).isString() && bool(decoded);
    }
    static bool isObject(const Value &v) { return v.isObject(); }
    static Object toObject(const Value &v) { return v.toObject(); }
    static bool isArray(const Value &v) { return v.isArray(); }
    static Array toArray(const Value &v) { return v.toArray(); }
    template <class Each>
    static bool forEach(const Object &object, Each each)
    {
        for (auto it = object.begin(); it != object.end(); ++it) {
            if (!each(it.key(), it.value()))
                return false;
        }
        return true;
    }
};

template <class Form>
typename Form::Object encode(const Layout &layout, const void *object);
template <class Form>
Result<void> decode(const Layout &layout, void *object, const typename Form::Object &map);

template <class T>
const T &as(const void *slot)
{
    return *static_cast<const T *>(slot);
}

template <class Form>
typename Form::Value encodeValue(const Type &type, const void *slot)
{
    using Value = typename Form::Value;
    switch (type.kind) {
    case Kind::Bool:
        return Value(as<bool>(slot));
    case Kind::Int32:
        return Value(as<int>(slot));
    case Kind::Int64:
        return Form::number64(as<qint64>(slot));
    case Kind::Double:
        return Value(as<double>(slot));
    case Kind::Text:
        return Value(as<QString>(slot));
    case Kind::Bytes:
        return Form::bytes(as<QByteArray>(slot));
    case Kind::Date: {
        const auto &date = as<QDateTime>(slot);
        return date.isValid() ? Form::number64(date.toMSecsSinceEpoch()) : Form::null();
    }
    case Kind::Enum:
        return Value(type.names.value(as<int>(slot)));
    case Kind::Gadget:
        return encode<Form>(*type.gadget, slot);
    case Kind::List: {
        typename Form::Array out;
        Slot element(type.element->meta);
        void *it = type.sequence.constBegin(slot);
        void *end = type.sequence.constEnd(slot);
        while (!type.sequence.compareConstIterator(it, end)) {
            type.sequence.valueAtConstIterator(it, element.data());
            out.append(encodeValue<Form>(*type.element, element.data()));
            type.sequence.advanceConstIterator(it, 1);
        }
        type.sequence.destroyConstIterator(it);
        type.sequence.destroyConstIterator(end);
        return out;
    }
    case Kind::TextMap: {
        typename Form::Object out;
        const auto &map = as<QMap<QString, QString>>(slot);
        for (auto it = map.begin(); it != map.end(); ++it)
            out.insert(it.key(), Value(it.value()));
        return out;
    }
    }
    return Form::null();
}

template <class Form>
bool decodeTextMap(void *slot, const typename Form::Value &value)
{
    auto &map = *static_cast<QMap<QString, QString> *>(slot);
    map.clear();
    return Form::isObject(value) &&
           Form::forEach(Form::toObject(value), [&map](const QString &key, const auto &each) {
               return Form::toText(each, &map[key]);
           });
}

/// False: the value has another type. A nested noun's own error goes to `inner`.
template <class Form>
bool decodeValue(
    const Type &type, void *slot, const typename Form::Value &value, std::optional<Error> *inner)
{
    switch (type.kind) {
    case Kind::Bool:
        return Form::toBool(value, static_cast<bool *>(slot));
    case Kind::Int32: {
        qint64 wide = 0;
        const bool ok = Form::toInt64(value, &wide);
        *static_cast<int *>(slot) = int(wide);
        return ok && wide >= std::numeric_limits<int>::min() &&
               wide <= std::numeric_limits<int>::max();
    }
    case Kind::Int64:
        return Form::toInt64(value, static_cast<qint64 *>(slot));
    case Kind::Double:
        return Form::toDouble(value, static_cast<double *>(slot));
    case Kind::Text:
        return Form::toText(value, static_cast<QString *>(slot));
    case Kind::Bytes:
        return Form::toBytes(value, static_cast<QByteArray *>(slot));
    case Kind::Date: {
        auto &date = *static_cast<QDateTime *>(slot);
        qint64 ms = 0;
        date = QDateTime();
        if (Form::isNull(value))
            return true;
        const bool ok = Form::toInt64(value, &ms);
        date = QDateTime::fromMSecsSinceEpoch(ms, Qt::UTC);
        return ok;
    }
    case Kind::Enum: {
        QString name;
        const bool ok = Form::toText(value, &name) && type.values.contains(name);
        *static_cast<int *>(slot) = type.values.value(name);
        return ok;
    }
    case Kind::Gadget: {
        if (!Form::isObject(value))
            return false;
        const auto ok = decode<Form>(*type.gadget, slot, Form::toObject(value));
        if (!ok)
            *inner = ok.error();
        return bool(ok);
    }
    case Kind::List: {
        if (!Form::isArray(value))
            return false;
        for (const auto &each : Form::toArray(value)) {
            Slot element(type.element->meta);
            if (!decodeValue<Form>(*type.element, element.data(), each, inner))
                return false;
            type.sequence.addValueAtEnd(slot, element.data());
        }
        return true;
    }
    case Kind::TextMap:
        return decodeTextMap<Form>(slot, value);
    }
    return false;
}

template <class Form>
typename Form::Object encode(const Layout &layout, const void *object)
{
    typename Form::Object out;
    for (const Field &field : layout.fields) {
        Slot slot(field.type.meta);
        layout.read(object, field, slot.data());
        out.insert(field.name, encodeValue<Form>(field.type, slot.data()));
    }
    return out;
}

template <class Form>
Result<void> decode(const Layout &layout, void *object, const typename Form::Object &map)
{
    for (const Field &field : layout.fields) {
        const auto it = map.constFind(field.name);
        if (it == map.constEnd())
            continue;
        Slot slot(field.type.meta);
        std::optional<Error> inner;
        if (!decodeValue<Form>(field.type, slot.data(), it.value(), &inner)) {
            const QString where = QStringLiteral("%1.%2").arg(layout.name, field.name);
            if (inner)
                return fail(inner->during(where));
            return fail(Error{
                code::badInput,
                QStringLiteral("%1 must be of the type %2")
                    .arg(where, QString::fromLatin1(field.type.meta.name())),
                {{QStringLiteral("field"), where}},
                nullptr});
        }
        layout.write(object, field, slot.data());
    }
    return {};
}

} // namespace

QCborMap encodeCbor(const QMetaObject &meta, const void *gadget)
{
    return encode<Cbor>(Layout::of(meta), gadget);
}

Result<void> decodeCbor(const QMetaObject &meta, void *gadget, const QCborMap &map)
{
    return decode<Cbor>(Layout::of(meta), gadget, map);
}

QJsonObject encodeJson(const QMetaObject &meta, const void *gadget)
{
    return encode<Json>(Layout::of(meta), gadget);
}

Result<void> decodeJson(const QMetaObject &meta, void *gadget, const QJsonObject &object)
{
    return decode<Json>(Layout::of(meta), gadget, object);
}

QString unfitField(const QMetaObject &meta)
{
    return Layout::of(meta).unfit;
}

} // namespace qd::codec
