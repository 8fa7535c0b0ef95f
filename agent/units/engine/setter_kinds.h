// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/option_setters.h"
#include "shared/unitfile/unit_name.h"

#include <QHash>
#include <functional>

/// Setters of options by the kind of their value; `part` finds what they set in the unit.
namespace qd::units::setters {

using Setter = std::function<void(Loading &, const QString &)>;
using Setters = QHash<QString, Setter>; ///< "Service/Type" -> ...

/// The value with its specifiers replaced.
QString expanded(const Loading &loading, const QString &value);
/// The words of a value, each with its specifiers replaced.
QStringList words(const Loading &loading, const QString &value);
/// Adds the commands of an Exec...= line; an empty one takes back those before.
void addCommands(Loading &loading, QList<ExecCommand> &target, const QString &value);

template <class T>
Setter boolean(T part)
{
    return [part](Loading &l, const QString &value) {
        if (const auto flag = unitfile::parseBool(value))
            part(l) = *flag;
    };
}

template <class T>
Setter text(T part)
{
    return [part](Loading &l, const QString &value) { part(l) = expanded(l, value); };
}

template <class T>
Setter span(T part, bool zeroIsInfinity)
{
    return [part, zeroIsInfinity](Loading &l, const QString &value) {
        const auto us = unitfile::parseTimeSpan(value);
        if (us)
            part(l) = *us == 0 && zeroIsInfinity ? unitfile::kInfinity : *us;
    };
}

template <class T>
Setter list(T part)
{
    return [part](Loading &l, const QString &value) {
        QStringList &target = part(l);
        if (value.isEmpty())
            target.clear();
        else
            target += words(l, value);
    };
}

template <class T, class Parse>
Setter parsed(T part, Parse parse)
{
    return [part, parse](Loading &l, const QString &value) {
        if (const auto read = parse(value))
            part(l) = *read;
    };
}

/// A number that is not negative.
template <class T>
Setter count(T part)
{
    return [part](Loading &l, const QString &value) {
        bool ok = false;
        const quint32 number = value.toUInt(&ok);
        if (ok)
            part(l) = number;
    };
}

/// Unit= of what triggers another: the first one counts.
template <class T>
Setter triggeredUnit(T part)
{
    return [part](Loading &l, const QString &value) {
        const QString name = expanded(l, value);
        if (part(l).isEmpty() && unitfile::isValidName(name))
            part(l) = name;
    };
}

} // namespace qd::units::setters
