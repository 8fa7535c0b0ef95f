// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/object_path.h"

namespace qd::units::bus {

namespace {

const QString kUnitPrefix = kRootPath + QStringLiteral("/unit/");
const QString kJobPrefix = kRootPath + QStringLiteral("/job/");

bool isLetter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

} // namespace

QString unitPath(const QString &unit)
{
    const QByteArray name = unit.toUtf8();
    QByteArray out;
    for (qsizetype i = 0; i < name.size(); ++i) {
        const char c = name.at(i);
        if (isLetter(c) || (isDigit(c) && i > 0))
            out.append(c);
        else
            out.append('_').append(QByteArray(1, c).toHex());
    }
    return kUnitPrefix + (out.isEmpty() ? QStringLiteral("_") : QString::fromLatin1(out));
}

std::optional<QString> unitOfPath(const QString &path)
{
    if (!path.startsWith(kUnitPrefix))
        return std::nullopt;
    const QByteArray escaped = path.sliced(kUnitPrefix.size()).toLatin1();
    if (escaped.isEmpty() || escaped.contains('/'))
        return std::nullopt;
    if (escaped == "_")
        return QString();
    QByteArray out;
    for (qsizetype i = 0; i < escaped.size(); ++i) {
        if (escaped.at(i) != '_') {
            out.append(escaped.at(i));
            continue;
        }
        bool isHex = false;
        const int byte = escaped.mid(i + 1, 2).toInt(&isHex, 16);
        if (isHex && i + 2 < escaped.size()) {
            out.append(char(byte));
            i += 2;
        } else {
            out.append('_'); // as systemd does: what is no escape stands for itself
        }
    }
    return QString::fromUtf8(out);
}

QString jobPath(quint32 id)
{
    return id == 0 ? QStringLiteral("/") : kJobPrefix + QString::number(id);
}

std::optional<quint32> jobOfPath(const QString &path)
{
    if (!path.startsWith(kJobPrefix))
        return std::nullopt;
    bool isNumber = false;
    const quint32 id = path.sliced(kJobPrefix.size()).toUInt(&isNumber);
    return isNumber ? std::optional(id) : std::nullopt;
}

QString typeInterface(const QString &unit)
{
    QString type = unit.section(QLatin1Char('.'), -1);
    if (!type.isEmpty())
        type[0] = type.at(0).toUpper();
    return kService + QLatin1Char('.') + type;
}

} // namespace qd::units::bus
