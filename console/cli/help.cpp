// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/help.h"

#include "console/cli/arguments.h"

#include <algorithm>

namespace qd::cli {
namespace {

using Pair = std::pair<QString, QString>;

QString columns(const QList<Pair> &rows)
{
    qsizetype width = 0;
    for (const Pair &row : rows)
        width = std::max(width, row.first.size());
    QString out;
    for (const Pair &row : rows)
        out += QStringLiteral("  %1  %2\n").arg(row.first, -int(width)).arg(row.second);
    return out;
}

QString shown(const Option &option)
{
    QString out = option.letter.isNull() ? QStringLiteral("    ")
                                         : QStringLiteral("-%1, ").arg(option.letter);
    out += QStringLiteral("--") + option.name;
    if (!option.value.isEmpty())
        out += QLatin1Char(' ') + option.value;
    return out;
}

QString shown(const Argument &argument)
{
    switch (argument.count) {
    case Argument::Count::One:
        break;
    case Argument::Count::Optional:
        return QStringLiteral("[%1]").arg(argument.name);
    case Argument::Count::Many:
        return argument.name + QStringLiteral("...");
    case Argument::Count::Rest:
        return QStringLiteral("[%1...]").arg(argument.name);
    }
    return argument.name;
}

QString usageOf(const Applet &applet)
{
    QString out = QStringLiteral("usage: qdctl ") + applet.name();
    for (const Option &option : applet.options) {
        const QString name = option.letter.isNull() ? QStringLiteral("--") + option.name
                                                    : QStringLiteral("-") + option.letter;
        out += option.value.isEmpty() ? QStringLiteral(" [%1]").arg(name)
                                      : QStringLiteral(" [%1 %2]").arg(name, option.value);
    }
    for (const Argument &argument : applet.arguments)
        out += QLatin1Char(' ') + shown(argument);
    return out + QLatin1Char('\n');
}

QString exitsOf(const QStringList &own)
{
    QList<Pair> rows{
        {QStringLiteral("0"), QStringLiteral("done")},
        {QStringLiteral("1"), QStringLiteral("the cluster refused, or it failed")},
        {QStringLiteral("2"), QStringLiteral("the command line is wrong")},
        {QStringLiteral("3"), QStringLiteral("the cluster cannot be reached, or did not answer")}};
    for (const QString &line : own) {
        const QString status = line.section(QLatin1Char(' '), 0, 0);
        const QString text = line.section(QLatin1Char(' '), 1);
        const auto it = std::find_if(
            rows.begin(), rows.end(), [&](const Pair &row) { return row.first == status; });
        if (it != rows.end())
            it->second = text;
        else
            rows.append({status, text});
    }
    return columns(rows);
}

QString optionsOf(const Applet &applet)
{
    QList<Pair> rows;
    for (const Option &option : applet.options)
        rows.append({shown(option), option.help});
    for (const Option &option : commonOptions()) {
        const bool json = option.name == QLatin1String("json");
        if (option.name != QLatin1String("version") && (!json || applet.json))
            rows.append({shown(option), option.help});
    }
    return columns(rows);
}

} // namespace

QString helpOfGroup(const QList<Applet> &applets, const QStringList &group)
{
    QList<Pair> rows;
    for (const Applet &applet : applets) {
        if (applet.hidden || applet.words.mid(0, group.size()) != group)
            continue;
        QString name = applet.name();
        for (const Argument &argument : applet.arguments)
            name += QLatin1Char(' ') + shown(argument);
        rows.append({name, applet.summary});
    }
    QList<Pair> options;
    for (const Option &option : commonOptions())
        options.append({shown(option), option.help});
    const QString words = (QStringList{QStringLiteral("qdctl")} + group).join(QLatin1Char(' '));
    QString out = QStringLiteral("usage: %1 COMMAND [OPTIONS]\n\n").arg(words);
    if (group.isEmpty())
        out += QStringLiteral("Operates a Quarterdeck cluster from the shell.\n\n");
    out += QStringLiteral("commands (qdctl COMMAND --help tells more):\n") + columns(rows);
    out += QStringLiteral("\noptions, anywhere:\n") + columns(options);
    out += QStringLiteral("\nexit status:\n") + exitsOf({});
    return out;
}

QString helpOf(const Applet &applet)
{
    QString out = usageOf(applet) + QLatin1Char('\n') + applet.summary + QLatin1Char('\n');
    if (!applet.details.isEmpty())
        out += applet.details + QLatin1Char('\n');
    if (!applet.arguments.isEmpty()) {
        QList<Pair> rows;
        for (const Argument &argument : applet.arguments)
            rows.append({argument.name, argument.help});
        out += QStringLiteral("\narguments:\n") + columns(rows);
    }
    out += QStringLiteral("\noptions:\n") + optionsOf(applet);
    out += QStringLiteral("\nexamples:\n");
    for (const QString &example : applet.examples)
        out += QStringLiteral("  ") + example + QLatin1Char('\n');
    return out + QStringLiteral("\nexit status:\n") + exitsOf(applet.exits);
}

} // namespace qd::cli
