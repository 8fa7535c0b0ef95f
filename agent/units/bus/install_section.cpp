// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/install_section.h"

namespace qd::units::bus {

namespace {

void assign(InstallSection &out, const QString &key, const QString &value)
{
    const QStringList words = value.simplified().split(QLatin1Char(' '), Qt::SkipEmptyParts);
    const auto extend = [&](QStringList &list) {
        if (words.isEmpty())
            list.clear(); // an empty assignment resets
        else
            list += words;
    };
    if (key == QLatin1String("WantedBy"))
        extend(out.wantedBy);
    else if (key == QLatin1String("RequiredBy"))
        extend(out.requiredBy);
    else if (key == QLatin1String("Alias"))
        extend(out.alias);
    else if (key == QLatin1String("Also"))
        extend(out.also);
    else if (key == QLatin1String("DefaultInstance"))
        out.defaultInstance = value.trimmed();
}

} // namespace

InstallSection parseInstall(const QString &text)
{
    InstallSection out;
    bool inside = false;
    QString pending;
    for (const QString &raw : text.split(QLatin1Char('\n'))) {
        const QString line = raw.trimmed();
        if (line.startsWith(QLatin1Char('#')) || line.startsWith(QLatin1Char(';')))
            continue;
        if (line.endsWith(QLatin1Char('\\'))) {
            pending += line.chopped(1) + QLatin1Char(' ');
            continue;
        }
        const QString whole = pending + line;
        pending.clear();
        if (whole.startsWith(QLatin1Char('['))) {
            inside = whole == QLatin1String("[Install]");
            continue;
        }
        const qsizetype equals = whole.indexOf(QLatin1Char('='));
        if (inside && equals > 0)
            assign(out, whole.first(equals).trimmed(), whole.sliced(equals + 1).trimmed());
    }
    return out;
}

QString expandInstall(const QString &text, const QString &unit)
{
    const QString stem = unit.section(QLatin1Char('.'), 0, -2);
    const QString prefix = stem.section(QLatin1Char('@'), 0, 0);
    const QString instance =
        stem.contains(QLatin1Char('@')) ? stem.section(QLatin1Char('@'), 1) : QString();
    QString out;
    for (qsizetype i = 0; i < text.size(); ++i) {
        if (text.at(i) != QLatin1Char('%') || i + 1 == text.size()) {
            out += text.at(i);
            continue;
        }
        switch (text.at(++i).unicode()) {
        case 'n':
            out += unit;
            break;
        case 'N':
            out += stem;
            break;
        case 'p':
            out += prefix;
            break;
        case 'i':
            out += instance;
            break;
        case 'j':
            out += prefix.section(QLatin1Char('-'), -1);
            break;
        case '%':
            out += QLatin1Char('%');
            break;
        default:
            out += QLatin1Char('%') + QString(text.at(i));
        }
    }
    return out;
}

bool isTemplate(const QString &unit)
{
    const qsizetype at = unit.indexOf(QLatin1Char('@'));
    return at > 0 && unit.indexOf(QLatin1Char('.'), at) == at + 1;
}

QString templateOf(const QString &unit)
{
    const qsizetype at = unit.indexOf(QLatin1Char('@'));
    const qsizetype dot = unit.lastIndexOf(QLatin1Char('.'));
    if (at <= 0 || dot <= at + 1)
        return {};
    return unit.first(at + 1) + unit.sliced(dot);
}

QString instanceOf(const QString &templateName, const QString &instance)
{
    const qsizetype at = templateName.indexOf(QLatin1Char('@'));
    return templateName.first(at + 1) + instance + templateName.sliced(at + 1);
}

} // namespace qd::units::bus
