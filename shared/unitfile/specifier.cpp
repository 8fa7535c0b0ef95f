// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/unitfile/specifier.h"

#include "shared/unitfile/unit_name.h"

#include <optional>

namespace qd::unitfile {

namespace {

QString lastPart(const QString &prefix)
{
    return prefix.section(QLatin1Char('-'), -1);
}

/// %f: the instance, or else the prefix, as a path.
std::optional<QString> pathOf(const QString &unit)
{
    const QString instance = nameInstance(unit);
    const auto plain = unescape(instance.isEmpty() ? namePrefix(unit) : instance);
    if (!plain)
        return std::nullopt;
    return plain->startsWith(QLatin1Char('/')) ? *plain : QLatin1Char('/') + *plain;
}

/// Those that come from the unit's name.
std::optional<QString> nameValue(char letter, const SpecifierContext &context)
{
    const QString &unit = context.unit;
    switch (letter) {
    case 'n':
        return unit;
    case 'N':
        return nameStem(unit);
    case 'p':
        return namePrefix(unit);
    case 'P':
        return unescape(namePrefix(unit));
    case 'i':
        return nameInstance(unit);
    case 'I':
        return unescape(nameInstance(unit));
    case 'j':
        return lastPart(namePrefix(unit));
    case 'J':
        return unescape(lastPart(namePrefix(unit)));
    case 'f':
        return pathOf(unit);
    case 'y':
        return context.fragment;
    case 'Y':
        return context.fragment.section(QLatin1Char('/'), 0, -2);
    default:
        return std::nullopt;
    }
}

std::optional<QString> osValue(char letter, const SpecifierContext &context)
{
    static const QMap<char, QString> keys{
        {'A', QStringLiteral("IMAGE_VERSION")}, {'B', QStringLiteral("BUILD_ID")},
        {'M', QStringLiteral("IMAGE_ID")},      {'o', QStringLiteral("ID")},
        {'w', QStringLiteral("VERSION_ID")},    {'W', QStringLiteral("VARIANT_ID")}};
    const auto key = keys.find(letter);
    if (key == keys.end())
        return std::nullopt;
    return context.osRelease.value(*key, QString::fromLatin1(""));
}

/// Those that come from the node and from the unit's user.
std::optional<QString> nodeValue(char letter, const SpecifierContext &context)
{
    const QMap<char, const QString *> values{
        {'m', &context.machineId},
        {'b', &context.bootId},
        {'H', &context.hostName},
        {'q', &context.hostName},
        {'v', &context.kernel},
        {'a', &context.architecture},
        {'t', &context.runtimeDir},
        {'S', &context.stateDir},
        {'C', &context.cacheDir},
        {'L', &context.logDir},
        {'E', &context.configDir},
        {'T', &context.tempDir},
        {'V', &context.persistentTempDir},
        {'u', &context.user},
        {'U', &context.userId},
        {'g', &context.group},
        {'G', &context.groupId},
        {'h', &context.home},
        {'s', &context.shell}};
    if (letter == 'l')
        return context.hostName.section(QLatin1Char('.'), 0, 0);
    const auto value = values.find(letter);
    if (value == values.end())
        return std::nullopt;
    return **value;
}

Result<QString> valueOf(QChar specifier, const SpecifierContext &context)
{
    const char letter = specifier.toLatin1();
    if (letter == '%')
        return QStringLiteral("%");
    if (auto value = nameValue(letter, context))
        return *value;
    if (auto value = osValue(letter, context))
        return *value;
    if (auto value = nodeValue(letter, context))
        return *value;
    if (QStringLiteral("PIJf").contains(specifier))
        return fail(code::badInput, QStringLiteral("Invalid escape in the unit's name"));
    return fail(code::badInput, QStringLiteral("Unknown specifier '%") + specifier + u'\'');
}

bool isSpecifierLetter(QChar c)
{
    return c.unicode() < 128 && (c.isLetterOrNumber() || c == QLatin1Char('%'));
}

} // namespace

Result<QString> expandSpecifiers(const QString &text, const SpecifierContext &context)
{
    if (!text.contains(QLatin1Char('%')))
        return text;
    QString out;
    for (qsizetype i = 0; i < text.size(); ++i) {
        if (text[i] != QLatin1Char('%') || i + 1 >= text.size() ||
            !isSpecifierLetter(text[i + 1])) {
            out += text[i];
            continue;
        }
        const auto value = valueOf(text[++i], context);
        if (!value)
            return fail(value.error());
        out += *value;
    }
    return out;
}

} // namespace qd::unitfile
