// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/fleet/systemd1_wire.h"

#include <QDBusMetaType>

namespace qd::fleet {

QDBusArgument &operator<<(QDBusArgument &out, const UnitListRow &row)
{
    out.beginStructure();
    out << row.name << row.description << row.load << row.active << row.sub << row.following
        << row.path << row.job << row.jobType << row.jobPath;
    out.endStructure();
    return out;
}

const QDBusArgument &operator>>(const QDBusArgument &in, UnitListRow &row)
{
    in.beginStructure();
    in >> row.name >> row.description >> row.load >> row.active >> row.sub >> row.following >>
        row.path >> row.job >> row.jobType >> row.jobPath;
    in.endStructure();
    return in;
}

void registerClientTypes()
{
    // By name: a signal's parameters are found by their names, and Qt registers this one by its
    // type alone. Without it a connection to JobRemoved or UnitNew is never made.
    qRegisterMetaType<QDBusObjectPath>();
    qDBusRegisterMetaType<UnitListRow>();
    qDBusRegisterMetaType<QList<UnitListRow>>();
}

QString unitObjectPath(const QString &unit)
{
    QString out = QStringLiteral("/org/freedesktop/systemd1/unit/");
    const QByteArray bytes = unit.toUtf8();
    for (qsizetype i = 0; i < bytes.size(); ++i) {
        const char c = bytes[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool digit = c >= '0' && c <= '9';
        if (letter || (digit && i > 0))
            out += QLatin1Char(c);
        else
            out += u'_' + QString::number(quint8(c), 16).rightJustified(2, u'0');
    }
    return bytes.isEmpty() ? out + u'_' : out;
}

std::optional<QString> propertyText(const QVariant &value)
{
    switch (value.typeId()) {
    case QMetaType::Bool:
        return value.toBool() ? QStringLiteral("yes") : QStringLiteral("no");
    case QMetaType::QByteArray:
        return QString::fromLatin1(value.toByteArray().toHex());
    case QMetaType::QStringList:
        return value.toStringList().join(u' ');
    case QMetaType::QString:
    case QMetaType::Int:
    case QMetaType::UInt:
    case QMetaType::LongLong:
    case QMetaType::ULongLong:
    case QMetaType::Short:
    case QMetaType::UShort:
    case QMetaType::UChar:
    case QMetaType::Double:
        return value.toString();
    default:
        return std::nullopt;
    }
}

} // namespace qd::fleet
