// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/config.h"

// The one file that knows the TOML library: it is header-only and slow to compile.
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <QFile>

namespace qd::node {

namespace {

QString place(const QString &path, const toml::source_region &source)
{
    return QStringLiteral("%1:%2").arg(path).arg(source.begin.line);
}

Result<QString> asText(const toml::node &node, const QString &where)
{
    if (const auto *text = node.as_string())
        return QString::fromStdString(text->get());
    if (const auto *number = node.as_integer())
        return QString::number(number->get());
    if (const auto *table = node.as_table()) { // metadata = { rack = "a" }
        QStringList pairs;
        for (const auto &[key, value] : *table) {
            const auto word = asText(value, where);
            if (!word)
                return word;
            pairs.append(QString::fromStdString(std::string(key.str())) + QLatin1Char('=') + *word);
        }
        return pairs.join(QLatin1Char(','));
    }
    return fail(
        code::badInput, where + QStringLiteral(": expected a text, a whole number or a table"));
}

} // namespace

Result<QMap<QString, Given>> readConfigFile(const QString &path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return fail(
            code::notFound, QStringLiteral("cannot read %1: %2").arg(path, file.errorString()));
    const std::string bytes = file.readAll().toStdString();
    const toml::parse_result parsed = toml::parse(bytes, path.toStdString());
    if (!parsed)
        return fail(
            code::badInput, QStringLiteral("%1: %2").arg(
                                place(path, parsed.error().source()),
                                QString::fromUtf8(parsed.error().description().data())));
    QMap<QString, Given> given;
    for (const auto &[key, value] : parsed.table()) {
        const QString name = QString::fromStdString(std::string(key.str()));
        const QString where = place(path, value.source());
        const bool known =
            std::any_of(settings().cbegin(), settings().cend(), [&](const Setting &setting) {
                return setting.key == name;
            });
        if (!known)
            return fail(code::badInput, QStringLiteral("%1: unknown key \"%2\"").arg(where, name));
        const auto word = asText(value, where);
        if (!word)
            return fail(word.error());
        given.insert(name, {*word, where});
    }
    return given;
}

} // namespace qd::node
