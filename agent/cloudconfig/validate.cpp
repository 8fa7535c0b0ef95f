// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/cloudconfig/validate.h"

#include "agent/cloudconfig/content.h"
#include "agent/cloudconfig/schema.h"
#include "agent/cloudconfig/user_data.h"

#include <QRegularExpression>
#include <QUrl>

namespace qd::cloudconfig {

namespace {

using Kind = YamlNode::Kind;
using Type = Field::Type;

Type ofItems(Type list)
{
    return list == Type::Maps ? Type::Map : Type::Text;
}

QString nameOfItem(const QString &list, size_t at)
{
    return QStringLiteral("%1[%2]").arg(list).arg(at);
}

/// Walks a document beside its schema.
class Walk {
public:
    void structure(const QString &name, const YamlNode &node, Type type, const Section *inside);
    void values(const YamlNode &node, const Section &section);
    void add(int line, Finding::Kind kind, const QString &message)
    {
        findings.append({line, kind, message});
    }
    QList<Finding> findings;

private:
    void keys(const YamlNode &node, const Section &section);
};

void Walk::structure(const QString &name, const YamlNode &node, Type type, const Section *inside)
{
    if (node.kind == Kind::Nothing && !name.isEmpty() && !name.endsWith(u']'))
        return; // a key without a value is one that is not there; an item is
    if (!fits(node, type)) {
        add(node.line, Finding::Kind::Warning,
            QStringLiteral("incorrect type for \"%1\" (want %2)").arg(name, typeName(type)));
        return;
    }
    if (type == Type::Map)
        keys(node, *inside);
    if (type == Type::Texts || type == Type::Maps) {
        for (size_t i = 0; i < node.items.size(); ++i)
            structure(nameOfItem(name, i), node.items[i], ofItems(type), inside);
    }
}

void Walk::keys(const YamlNode &node, const Section &section)
{
    for (size_t i = 0; i < node.items.size(); ++i) {
        const QString &key = node.keys[qsizetype(i)];
        const YamlNode &value = node.items[i];
        const Field *const field = section.find(key);
        if (field == nullptr) {
            add(value.line, Finding::Kind::Warning,
                QStringLiteral("unrecognized key \"%1\"").arg(key));
            continue;
        }
        if (!field->deprecated.isEmpty())
            add(value.line, Finding::Kind::Warning,
                QStringLiteral("deprecated key \"%1\" (%2)").arg(key, field->deprecated));
        structure(key, value, field->type, field->inside);
    }
}

void Walk::values(const YamlNode &node, const Section &section)
{
    if (node.kind != Kind::Map)
        return;
    for (size_t i = 0; i < node.items.size(); ++i) {
        const YamlNode &value = node.items[i];
        const Field *const field = section.find(node.keys[qsizetype(i)]);
        if (field == nullptr)
            continue;
        const QString text = QString::fromUtf8(value.text);
        if (!field->allowed.isEmpty() && value.kind == Kind::Scalar && !text.isEmpty() &&
            !QRegularExpression(field->allowed).match(text).hasMatch())
            add(value.line, Finding::Kind::Error, QStringLiteral("invalid value %1").arg(text));
        if (field->type == Type::Map)
            values(value, *field->inside);
        if (field->type == Type::Maps) {
            for (const YamlNode &item : value.items)
                values(item, *field->inside);
        }
    }
}

void checkDiscovery(const YamlNode &root, Walk &walk)
{
    for (const char *const section : {"etcd", "etcd2"}) {
        const YamlNode *const url = child(child(child(&root, "coreos"), section), "discovery");
        if (url == nullptr || url->kind != Kind::Scalar)
            continue;
        const QUrl parsed(QString::fromUtf8(url->text), QUrl::StrictMode);
        const bool http =
            parsed.scheme() == QLatin1String("http") || parsed.scheme() == QLatin1String("https");
        if (!parsed.isValid() || !http || parsed.host().isEmpty())
            walk.add(
                url->line, Finding::Kind::Warning, QStringLiteral("discovery URL is not valid"));
    }
}

void checkFiles(const YamlNode &root, Walk &walk)
{
    const YamlNode *const files = child(&root, "write_files");
    if (files == nullptr)
        return;
    for (const YamlNode &file : files->items) {
        const YamlNode *const content = child(&file, "content");
        const YamlNode *const encoding = child(&file, "encoding");
        if (content == nullptr || encoding == nullptr || encoding->text.isEmpty())
            continue;
        if (!decoded(content->text, encoding->text))
            walk.add(
                content->line, Finding::Kind::Error,
                QStringLiteral("content cannot be decoded as \"%1\"")
                    .arg(QString::fromUtf8(encoding->text)));
    }
}

void checkPlaces(const YamlNode &root, Walk &walk)
{
    if (const YamlNode *const files = child(&root, "write_files")) {
        for (const YamlNode &file : files->items) {
            const YamlNode *const path = child(&file, "path");
            if (path != nullptr && isReadOnly(QString::fromUtf8(path->text)))
                walk.add(
                    path->line, Finding::Kind::Error,
                    QStringLiteral("file cannot be written to a read-only filesystem"));
        }
    }
    if (const YamlNode *const misplaced = child(child(&root, "coreos"), "write_files"))
        walk.add(
            misplaced->line, Finding::Kind::Info,
            QStringLiteral("write_files doesn't belong under coreos"));
}

/// The old key is often meant for the new program (ch7 3.1).
void noteAlias(const YamlNode &root, Walk &walk)
{
    const YamlNode *const section = child(child(&root, "coreos"), "etcd");
    if (section == nullptr || section->kind != Kind::Map)
        return;
    for (size_t i = 0; i < section->items.size(); ++i) {
        const QString &key = section->keys[qsizetype(i)];
        const bool common = key == QLatin1String("name") || key == QLatin1String("discovery");
        if (!common && serviceSchema(QStringLiteral("etcd2")).find(key) != nullptr) {
            walk.add(
                section->line, Finding::Kind::Info,
                QStringLiteral("\"etcd\" has options of etcd2: it is taken for \"etcd2\""));
            return;
        }
    }
}

} // namespace

QString Finding::text() const
{
    static const char *const words[] = {"error", "warning", "info"};
    return QStringLiteral("line %1: %2: %3")
        .arg(line)
        .arg(QLatin1String(words[int(kind)]), message);
}

QList<Finding> validateTree(const YamlNode &root)
{
    Walk walk;
    checkDiscovery(root, walk);
    checkFiles(root, walk);
    walk.structure({}, root, Type::Map, &documentSchema());
    walk.values(root, documentSchema());
    checkPlaces(root, walk);
    noteAlias(root, walk);
    return walk.findings;
}

QList<Finding> validate(const QByteArray &userData)
{
    const auto text = unpacked(userData);
    if (!text)
        return {{1, Finding::Kind::Error, text.error().text()}};
    switch (kindOf(*text)) {
    case UserDataKind::Empty:
    case UserDataKind::Script:
    case UserDataKind::Ignition:
        return {};
    case UserDataKind::Unknown:
        return {
            {1, Finding::Kind::Error,
             QStringLiteral("must be \"#cloud-config\" or begin with \"#!\"")}};
    case UserDataKind::CloudConfig:
        break;
    }
    const auto root = readYaml(*text);
    if (root && root->kind == Kind::Nothing)
        return {}; // nothing but the header
    QList<Finding> findings;
    if (!root)
        findings.append({root.error().line, Finding::Kind::Error, root.error().problem});
    return findings + validateTree(root ? *root : YamlNode{});
}

} // namespace qd::cloudconfig
