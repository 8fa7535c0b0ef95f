// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/transient_options.h"

#include "agent/units/bus/errors.h"
#include "agent/units/engine/option_setters.h"
#include "shared/unitfile/known_keys.h"
#include "shared/unitfile/unit_name.h"

#include <QMap>
#include <cstring>
#include <functional>

namespace qd::units::bus {

namespace {

using Values = std::optional<QStringList>; ///< a line each; nothing for a value of another type
constexpr int kOctal = 8;

/// A percent sign is not a specifier here; a line break would begin an option of its own, and a
/// backslash at the end would take the next one in.
std::optional<QString> literal(const QString &value)
{
    if (value.contains(u'\n') || value.contains(u'\r') || value.endsWith(u'\\'))
        return std::nullopt;
    return QString(value).replace(u'%', QStringLiteral("%%"));
}

bool isPlain(QChar c)
{
    static const QString marks = QStringLiteral("_./:@=,+-$");
    return (c.unicode() < 128 && c.isLetterOrNumber()) || marks.contains(c);
}

/// One word that systemd's quoting gives back as it is.
QString quoted(const QString &word)
{
    if (!word.isEmpty() && std::all_of(word.begin(), word.end(), isPlain))
        return word;
    QString out = QStringLiteral("\"");
    for (const QChar c : word) {
        if (c == u'"' || c == u'\\')
            out += u'\\';
        if (c.unicode() < 32 || c.unicode() == 127)
            out += QStringLiteral("\\x%1").arg(c.unicode(), 2, 16, QLatin1Char('0'));
        else
            out += c;
    }
    return out.replace(u'%', QStringLiteral("%%")) + u'"';
}

QStringList lines(const QStringList &words)
{
    QStringList out;
    for (const QString &word : words)
        out.append(quoted(word));
    return out;
}

QString toSpan(qulonglong us)
{
    return us == ~0ULL ? QStringLiteral("infinity") : QString::number(us) + QStringLiteral("us");
}

/// Takes an array of structs apart; false when the value is none of this type.
bool eachStruct(
    const QVariant &value, const char *signature,
    const std::function<void(const QDBusArgument &)> &take)
{
    if (value.userType() != qMetaTypeId<QDBusArgument>())
        return false;
    const auto in = value.value<QDBusArgument>();
    if (in.currentSignature() != QLatin1String(signature))
        return false;
    in.beginArray();
    while (!in.atEnd()) {
        in.beginStructure();
        take(in);
        in.endStructure();
    }
    in.endArray();
    return true;
}

/// ExecStart= and its like: the flags are the prefixes of the first word.
QString commandLine(const QString &path, const QStringList &argv, const QStringList &flags)
{
    static const QMap<QString, QString> prefixes{
        {QStringLiteral("ignore-failure"), QStringLiteral("-")},
        {QStringLiteral("no-env-expand"), QStringLiteral(":")},
        {QStringLiteral("privileged"), QStringLiteral("+")},
        {QStringLiteral("no-setuid"), QStringLiteral("!")},
        {QStringLiteral("ambient"), QStringLiteral("!!")}};
    const bool ownName = argv.value(0) != path;
    QString first = ownName ? QStringLiteral("@") : QString();
    for (const QString &flag : flags)
        first += prefixes.value(flag);
    QStringList words{quoted(first + path)};
    words += lines(argv.mid(ownName ? 0 : 1));
    return words.join(u' ');
}

Values commands(const QVariant &value)
{
    QStringList out;
    const bool plain = eachStruct(value, "a(sasb)", [&out](const QDBusArgument &in) {
        QString path;
        QStringList argv;
        bool ignore = false;
        in >> path >> argv >> ignore;
        const QStringList flags =
            ignore ? QStringList{QStringLiteral("ignore-failure")} : QStringList();
        out.append(commandLine(path, argv, flags));
    });
    const bool extended = !plain && eachStruct(value, "a(sasas)", [&out](const QDBusArgument &in) {
        QString path;
        QStringList argv, flags;
        in >> path >> argv >> flags;
        out.append(commandLine(path, argv, flags));
    });
    return plain || extended ? Values(out) : std::nullopt;
}

Values exitSet(const QVariant &value)
{
    if (value.userType() != qMetaTypeId<QDBusArgument>() ||
        value.value<QDBusArgument>().currentSignature() != u"(aiai)")
        return std::nullopt;
    const auto set = qdbus_cast<ExitSet>(value);
    QStringList out;
    for (const int status : set.statuses)
        out.append(QString::number(status));
    for (const int number : set.signalNumbers)
        out.append(QStringLiteral("SIG") + QLatin1String(sigabbrev_np(number)));
    return out;
}

/// What a plain value is as text.
Values plain(const QString &property, const QVariant &value)
{
    const bool isSpan = property.endsWith(u"USec");
    const bool isMode = property.endsWith(u"Mode") || property == u"UMask";
    std::optional<QString> text;
    switch (value.typeId()) {
    case QMetaType::Bool:
        text = value.toBool() ? QStringLiteral("yes") : QStringLiteral("no");
        break;
    case QMetaType::QString:
        text = literal(value.toString());
        break;
    case QMetaType::QStringList:
        return lines(value.toStringList());
    case QMetaType::UInt:
        text = QString::number(value.toUInt(), isMode ? kOctal : 10);
        break;
    case QMetaType::Int:
    case QMetaType::LongLong:
        text = value.toString();
        break;
    case QMetaType::ULongLong:
        text =
            isSpan || value.toULongLong() == ~0ULL ? toSpan(value.toULongLong()) : value.toString();
        break;
    default:
        break;
    }
    return text ? Values(QStringList{*text}) : std::nullopt;
}

Error cannotSet(const QString &property)
{
    return Error{
        error::propertyReadOnly,
        QStringLiteral("Cannot set property %1, or unknown property.").arg(property),
        {},
        nullptr};
}

/// Builds the lines; each of an option that the engine acts on.
class Builder {
public:
    explicit Builder(const QString &unit)
    {
        const QString type = unitfile::nameType(unit);
        m_section = type.left(1).toUpper() + type.mid(1);
    }

    /// False when there is no such option.
    bool add(const QString &name, const QString &value)
    {
        const QString unitSection = QStringLiteral("Unit");
        const QString &section = isActedOn(unitSection, name) ? unitSection : m_section;
        if (!isActedOn(section, name) || !unitfile::optionKind(section, name))
            return false;
        unitfile::Option option;
        option.section = section;
        option.name = name;
        option.value = value;
        m_options.append(option);
        return true;
    }
    bool add(const QString &name, const Values &values)
    {
        return values && std::all_of(values->begin(), values->end(), [&](const QString &value) {
                   return add(name, value);
               });
    }
    const QList<unitfile::Option> &options() const { return m_options; }

private:
    QString m_section;
    QList<unitfile::Option> m_options;
};

/// Base or kind, and value: OnCalendar=daily, PathExists=/x, ListenStream=80.
bool addNamed(Builder &builder, const QString &property, const QVariant &value)
{
    bool good = true;
    const auto pair = [&](const QDBusArgument &in) {
        QString name, text;
        in >> name >> text;
        const auto safe = literal(text);
        if (property == u"Listen")
            name = QStringLiteral("Listen") + name;
        good = good && safe && builder.add(name, *safe);
    };
    const auto span = [&](const QDBusArgument &in) {
        QString name;
        qulonglong us = 0;
        in >> name >> us;
        good = good &&
               builder.add(name.replace(QStringLiteral("USec"), QStringLiteral("Sec")), toSpan(us));
    };
    if (property == u"TimersMonotonic")
        return eachStruct(value, "a(st)", span) && good;
    return eachStruct(value, "a(ss)", pair) && good;
}

bool addConditions(Builder &builder, const QVariant &value)
{
    bool good = true;
    const bool taken = eachStruct(value, "a(sbbs)", [&](const QDBusArgument &in) {
        ConditionRow row;
        in >> row.type >> row.trigger >> row.negate >> row.parameter;
        const auto parameter = literal(row.parameter);
        const QString marks = (row.trigger ? QStringLiteral("|") : QString()) +
                              (row.negate ? QStringLiteral("!") : QString());
        good = good && parameter && builder.add(row.type, marks + *parameter);
    });
    return taken && good;
}

bool addEnvironmentFiles(Builder &builder, const QVariant &value)
{
    bool good = true;
    const bool taken = eachStruct(value, "a(sb)", [&](const QDBusArgument &in) {
        OptionalPath file;
        in >> file.path >> file.optional;
        const auto path = literal(file.path);
        good = good && path &&
               builder.add(
                   QStringLiteral("EnvironmentFile"),
                   (file.optional ? QStringLiteral("-") : QString()) + *path);
    });
    return taken && good;
}

/// Soft and hard limit are two properties and one option.
bool addLimit(Builder &builder, const Setting &setting, const QList<Setting> &all)
{
    const bool isSoft = setting.name.endsWith(u"Soft");
    const QString name = isSoft ? setting.name.chopped(4) : setting.name;
    const auto text = [](const QVariant &value) {
        return value.toULongLong() == ~0ULL ? QStringLiteral("infinity") : value.toString();
    };
    QString soft = text(setting.value);
    if (setting.value.typeId() != QMetaType::ULongLong)
        return false;
    for (const Setting &other : all) {
        if (isSoft && other.name == name)
            return true; // said there
        if (other.name == name + QStringLiteral("Soft"))
            soft = text(other.value);
    }
    return builder.add(name, soft + u':' + text(setting.value));
}

/// SystemCallFilter= and its like: words that are allowed, or after "~" forbidden.
bool addPermissions(Builder &builder, const Setting &setting)
{
    if (setting.value.userType() != qMetaTypeId<QDBusArgument>())
        return false;
    const auto in = setting.value.value<QDBusArgument>();
    if (in.currentSignature() != QLatin1String("(bas)"))
        return false;
    PermissionList list;
    in >> list;
    QStringList safe;
    for (const QString &name : std::as_const(list.names)) {
        const auto word = literal(name);
        if (!word || word->simplified() != *word || word->contains(u' '))
            return false;
        safe.append(*word);
    }
    if (safe.isEmpty() && list.allows && setting.name == u"RestrictAddressFamilies")
        safe.append(QStringLiteral("none"));
    return builder.add(
        setting.name, (list.allows ? QString() : QStringLiteral("~")) + safe.join(u' '));
}

bool isPermissionList(const QString &property)
{
    return property == u"SystemCallFilter" || property == u"SystemCallLog" ||
           property == u"RestrictAddressFamilies";
}

/// The kinds that may be made, by the kernel's flags.
bool addNamespaces(Builder &builder, const Setting &setting)
{
    if (setting.value.typeId() != QMetaType::ULongLong)
        return false;
    return builder.add(setting.name, namespacesText(setting.value.toULongLong()));
}

bool isLimit(const QString &property)
{
    return property.startsWith(u"Limit") && property.size() > 5 && property[5].isUpper();
}

bool addSetting(Builder &builder, const Setting &setting, const QList<Setting> &all)
{
    static const QStringList named{
        QStringLiteral("TimersMonotonic"), QStringLiteral("TimersCalendar"),
        QStringLiteral("Paths"), QStringLiteral("Listen")};
    const QString &property = setting.name;
    const QVariant &value = setting.value;
    if (named.contains(property))
        return addNamed(builder, property, value);
    if (property == u"Conditions" || property == u"Asserts")
        return addConditions(builder, value);
    if (property == u"EnvironmentFiles")
        return addEnvironmentFiles(builder, value);
    if (isPermissionList(property))
        return addPermissions(builder, setting);
    if (property == u"RestrictNamespaces")
        return addNamespaces(builder, setting);
    if (isLimit(property))
        return addLimit(builder, setting, all);
    if (property.startsWith(u"Exec"))
        return builder.add(
            property.endsWith(u"Ex") ? property.chopped(2) : property, commands(value));
    if (property.endsWith(u"ExitStatus"))
        return builder.add(property, exitSet(value));
    if (property == u"Description") // of commands, which may have several lines
        return builder.add(property, plain(property, value.toString().simplified()));
    QString name = property;
    if (name.endsWith(u"USec"))
        name = name.chopped(4) + QStringLiteral("Sec");
    return builder.add(name, plain(property, value));
}

} // namespace

Result<QList<unitfile::Option>>
optionsOf(const QString &unit, const Setting &setting, const QList<Setting> &all)
{
    Builder builder(unit);
    if (!addSetting(builder, setting, all))
        return fail(cannotSet(setting.name));
    return builder.options();
}

QByteArray textOf(const QList<unitfile::Option> &options)
{
    QMap<QString, QByteArray> sections;
    for (const unitfile::Option &option : options)
        sections[option.section] += (option.name + u'=' + option.value).toUtf8() + '\n';
    QByteArray out = "# This is a transient unit file, created programmatically via the bus API.\n";
    for (auto it = sections.cbegin(); it != sections.cend(); ++it)
        out += '[' + it.key().toUtf8() + "]\n" + it.value();
    return out;
}

} // namespace qd::units::bus
