// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/unitfile/check.h"

#include "shared/unitfile/calendar.h"
#include "shared/unitfile/command_line.h"
#include "shared/unitfile/environment.h"
#include "shared/unitfile/known_keys.h"
#include "shared/unitfile/socket_address.h"
#include "shared/unitfile/specifier.h"
#include "shared/unitfile/time_span.h"
#include "shared/unitfile/unit_name.h"
#include "shared/unitfile/values.h"
#include "shared/unitfile/words.h"

#include <algorithm>

namespace qd::unitfile {

namespace {

/// An instance to try a template with.
QString concreteName(const QString &unit)
{
    return nameKind(unit) == NameKind::Template ? instanceOf(unit, QStringLiteral("x")) : unit;
}

Result<QString> tryExpand(const QString &unit, const QString &text)
{
    SpecifierContext context;
    context.unit = concreteName(unit);
    return expandSpecifiers(text, context);
}

QString ignoring(const QString &what, const QString &value)
{
    return QStringLiteral("%1, ignoring: %2").arg(what, value);
}

QString wrongScalar(const QString &kind, const QString &value)
{
    if (kind == u"BOOLEAN" && !parseBool(value))
        return ignoring(QStringLiteral("Failed to parse boolean value"), value);
    if (kind == u"SECONDS" && !parseTimeSpan(value))
        return ignoring(QStringLiteral("Failed to parse time span"), value);
    if ((kind == u"WHEN" && !parseTimeSpan(value)) ||
        (kind == u"CALENDAR" && !parseCalendar(value)))
        return ignoring(QStringLiteral("Failed to parse timer value"), value);
    if (kind == u"SIGNAL" && !parseSignal(value))
        return ignoring(QStringLiteral("Failed to parse signal"), value);
    if (kind == u"STATUS" && !parseExitSet(value))
        return ignoring(QStringLiteral("Failed to parse exit status"), value);
    if (kind == u"MODE" && !parseMode(value))
        return ignoring(QStringLiteral("Failed to parse mode"), value);
    if (kind == u"NICE") {
        bool ok = false;
        const int nice = value.toInt(&ok);
        if (!ok || nice < -20 || nice > 19)
            return ignoring(QStringLiteral("Nice priority out of range"), value);
    }
    const QStringList words = enumWords(kind);
    if (!words.isEmpty() && !words.contains(value))
        return ignoring(QStringLiteral("Failed to parse value"), value);
    return {};
}

QString wrongUnits(const QString &unit, const QString &value)
{
    const auto words = splitWords(value, WordReader::Quoted);
    if (!words)
        return ignoring(words.error().message, value);
    for (const QString &word : *words) {
        const auto name = tryExpand(unit, word);
        if (!name)
            return ignoring(QStringLiteral("Failed to resolve unit specifiers"), word);
        if (!isValidName(*name))
            return ignoring(QStringLiteral("Invalid unit name"), *name);
    }
    return {};
}

/// What a socket is to listen on, or what it is to start.
QString
wrongInSocket(const QString &unit, const QString &kind, const QString &name, const QString &value)
{
    const auto text = tryExpand(unit, value);
    if (!text)
        return QStringLiteral("Failed to resolve unit specifiers in '%1', ignoring").arg(value);
    if (kind == u"PATH")
        return text->startsWith(u'/')
                   ? QString()
                   : ignoring(QStringLiteral("%1= path is not absolute").arg(name), *text);
    if (kind == u"SERVICE")
        return nameType(*text) == u"service"
                   ? QString()
                   : ignoring(QStringLiteral("Unit must be of type service"), *text);
    const auto address = parseSocketAddress(*text);
    if (kind == u"NETLINK" ? !parseNetlinkAddress(*text) : !address)
        return QStringLiteral("Failed to parse address value in '%1', ignoring: Invalid argument")
            .arg(*text);
    const bool isLocal =
        address && (address->isFile() || address->family == SocketAddress::Family::Abstract);
    return kind == u"LOCALADDRESS" && !isLocal
               ? ignoring(QStringLiteral("Address family not supported"), *text)
               : QString();
}

QString wrongEnvironment(const QString &unit, const QString &value)
{
    const auto words = splitWords(value, WordReader::Quoted);
    if (!words)
        return ignoring(words.error().message, value);
    for (const QString &word : *words) {
        const auto assignment = tryExpand(unit, word);
        if (!assignment || !isAssignment(*assignment))
            return QStringLiteral("Invalid environment assignment, ignoring: %1").arg(word);
    }
    return {};
}

/// What keeps a service from loading although each line is in order (5.7).
QList<Problem> wrongService(const UnitFile &file)
{
    int line = 0;
    int starts = 0;
    int stops = 0;
    for (const Option &option : file.options) {
        if (option.section != u"Service")
            continue;
        const int change = option.value.isEmpty() ? -1 : 1;
        if (option.name == u"ExecStart") {
            const auto commands = parseCommands(option.value, [](const QString &t) { return t; });
            starts = change < 0 ? 0 : starts + (commands ? int(commands->size()) : 1);
            line = option.line;
        } else if (option.name == u"ExecStop") {
            stops = change < 0 ? 0 : stops + 1;
        }
    }
    const QString type = file.value(QStringLiteral("Service"), QStringLiteral("Type"));
    const bool remains =
        parseBool(file.value(QStringLiteral("Service"), QStringLiteral("RemainAfterExit")))
            .value_or(false);
    const auto refuse = [&line](const char *text) {
        return QList<Problem>{{line, Problem::Error, QString::fromLatin1(text)}};
    };
    if (starts == 0 && stops == 0)
        return refuse("Service lacks both ExecStart= and ExecStop= setting. Refusing.");
    if (starts == 0 && type != u"oneshot" && !remains)
        return refuse("Service has no ExecStart= setting, which is only allowed for "
                      "RemainAfterExit=yes services. Refusing.");
    if (starts > 1 && type != u"oneshot")
        return refuse("Service has more than one ExecStart= setting, which is only allowed for "
                      "Type=oneshot services. Refusing.");
    return {};
}

QString sectionOfType(const QString &type)
{
    return type.left(1).toUpper() + type.mid(1);
}

/// Unknown sections and those that belong to another type, at their first option.
void checkSections(const QString &name, const UnitFile &file, QList<Problem> &out)
{
    const QString own = sectionOfType(nameType(name));
    for (const QString &section : file.sections) {
        const bool fits = section == u"Unit" || section == u"Install" || section == own;
        if (section.startsWith(u"X-") || (fits && isKnownSection(section)))
            continue;
        int line = 0;
        for (const Option &option : file.options) {
            if (option.section == section && line == 0)
                line = option.line;
        }
        out.append(
            {line, Problem::Warning,
             QStringLiteral("Unknown section '%1'. Ignoring.").arg(section)});
    }
}

} // namespace

std::optional<Problem> checkOption(const QString &unit, const Option &option)
{
    if (option.section.startsWith(u"X-") || option.name.startsWith(u"X-") ||
        !isKnownSection(option.section))
        return std::nullopt;
    const auto kind = optionKind(option.section, option.name);
    const auto problem = [&option](Problem::Severity severity, const QString &message) {
        return Problem{option.line, severity, message};
    };
    if (!kind)
        return problem(
            Problem::Warning, QStringLiteral("Unknown key name '%1' in section '%2', ignoring.")
                                  .arg(option.name, option.section));
    if (option.value.isEmpty() || kind->isEmpty())
        return std::nullopt;
    if (kind == u"COMMAND") {
        const auto commands = parseCommands(
            option.value, [&unit](const QString &text) { return tryExpand(unit, text); });
        if (!commands)
            return problem(Problem::Error, commands.error().message);
        return std::nullopt;
    }
    QString wrong;
    if (kind == u"UNITS")
        wrong = wrongUnits(unit, option.value);
    else if (
        kind == u"ADDRESS" || kind == u"LOCALADDRESS" || kind == u"NETLINK" || kind == u"PATH" ||
        kind == u"SERVICE")
        wrong = wrongInSocket(unit, *kind, option.name, option.value);
    else if (kind == u"UNSUPPORTED")
        wrong = QStringLiteral("%1= is not supported, ignoring").arg(option.name);
    else if (kind == u"ENVIRON")
        wrong = wrongEnvironment(unit, option.value);
    else
        wrong = wrongScalar(*kind, option.value);
    if (wrong.isEmpty())
        return std::nullopt;
    return problem(Problem::Warning, wrong);
}

QList<Problem> check(const QString &name, const QByteArray &text)
{
    QList<Problem> out;
    if (!isValidName(name))
        out.append({0, Problem::Error, QStringLiteral("'%1' is not a valid unit name").arg(name)});
    const UnitFile file = parse(text);
    out += file.problems;
    checkSections(name, file, out);
    bool commandsRefused = false;
    for (const Option &option : file.options) {
        const auto problem = checkOption(name, option);
        if (!problem)
            continue;
        out.append(*problem);
        commandsRefused = commandsRefused || problem->severity == Problem::Error;
    }
    if (nameType(name) == u"service" && !commandsRefused && !file.refused())
        out += wrongService(file);
    std::stable_sort(
        out.begin(), out.end(), [](const Problem &a, const Problem &b) { return a.line < b.line; });
    return out;
}

} // namespace qd::unitfile
