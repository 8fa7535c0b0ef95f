// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/cloudconfig/plan.h"

#include "agent/cloudconfig/content.h"
#include "agent/cloudconfig/schema.h"
#include "agent/cloudconfig/validate.h"

#include <QFileInfo>
#include <QMap>
#include <QSet>

namespace qd::cloudconfig {

namespace {

using Kind = YamlNode::Kind;

QByteArray text(const YamlNode &map, const char *key)
{
    const YamlNode *const value = map.find(QString::fromLatin1(key));
    return value != nullptr && value->kind == Kind::Scalar ? value->text : QByteArray();
}

bool isTrue(const QByteArray &word)
{
    static const QSet<QByteArray> words{"y", "yes", "true", "on"};
    return words.contains(word.toLower());
}

bool flag(const YamlNode &map, const char *key)
{
    return isTrue(text(map, key));
}

/// The maps of a list; what else stands in it, or is no list, is found by validateTree().
std::vector<std::pair<qsizetype, const YamlNode *>> mapsIn(const YamlNode *list)
{
    std::vector<std::pair<qsizetype, const YamlNode *>> out;
    if (list == nullptr || list->kind != Kind::List)
        return out;
    for (size_t i = 0; i < list->items.size(); ++i) {
        if (list->items[i].kind == Kind::Map)
            out.emplace_back(qsizetype(i), &list->items[i]);
    }
    return out;
}

QByteArray withScheme(const QByteArray &endpoints)
{
    QByteArrayList out;
    for (const QByteArray &each : endpoints.split(','))
        out.append(each.contains("://") ? each.trimmed() : "http://" + each.trimmed());
    return out.join(',');
}

QByteArray withoutBlanks(const QByteArray &pairs)
{
    QByteArrayList out;
    for (const QByteArray &each : pairs.split(','))
        out.append(each.trimmed());
    return out.join(',');
}

/// The value as its service reads it.
QByteArray valueOf(const Field &field, const QByteArray &text)
{
    if (field.type == Field::Type::Boolean)
        return isTrue(text) ? "true" : "false";
    if (field.variable == QLatin1String("FLEET_METADATA"))
        return withoutBlanks(text);
    if (field.variable == QLatin1String("LOCKSMITHD_ENDPOINT"))
        return withScheme(text);
    return text;
}

/// By name, so that the same document always gives the same file.
QMap<QString, QByteArray> variablesOf(const YamlNode &section, const QString &name)
{
    QMap<QString, QByteArray> out;
    for (const Field &field : serviceSchema(name).fields) {
        const YamlNode *const value = section.find(field.key);
        if (value != nullptr && fits(*value, field.type) && !value->text.isEmpty())
            out.insert(field.variable, valueOf(field, value->text));
    }
    return out;
}

/// Inside double quotes of a unit file.
QByteArray escaped(const QByteArray &value)
{
    return QByteArray(value)
        .replace("\\", "\\\\")
        .replace("\"", "\\\"")
        .replace("\n", "\\n")
        .replace("%", "%%");
}

QByteArray dropInOf(const QMap<QString, QByteArray> &variables)
{
    QByteArray out = "[Service]\n";
    for (auto it = variables.cbegin(); it != variables.cend(); ++it)
        out += "Environment=\"" + it.key().toUtf8() + '=' + escaped(*it) + "\"\n";
    return out;
}

/// Puts NAME=VALUE lines in a file of such lines: in place of an old one, or at the end.
QByteArray merged(const QByteArray &old, const QList<std::pair<QByteArray, QByteArray>> &values)
{
    QByteArrayList lines = old.split('\n');
    if (!lines.isEmpty() && lines.last().isEmpty())
        lines.removeLast();
    for (const auto &[name, value] : values) {
        if (value.isEmpty())
            continue;
        const QByteArray head = name + '=';
        const auto same = std::find_if(lines.begin(), lines.end(), [&](const QByteArray &line) {
            return line.startsWith(head);
        });
        if (same != lines.end())
            *same = head + value;
        else
            lines.append(head + value);
    }
    return lines.isEmpty() ? QByteArray() : lines.join('\n') + '\n';
}

/// Makes the plan of one document.
class Planner {
public:
    explicit Planner(const NodeFacts &facts)
        : m_facts(facts)
    {
    }
    Result<Plan> plan(const YamlNode &root);

private:
    Result<void> addFiles(const YamlNode *files);
    Result<void> addFile(const YamlNode &item, qsizetype at);
    void addOem(const YamlNode *oem);
    Result<void> addHosts(const YamlNode *value);
    void addFlannel(const YamlNode *flannel);
    void addEnvironment();
    Result<void> addUnits(const YamlNode *units);
    Result<void> addUnit(const YamlNode &source, qsizetype at);
    void addServices(const YamlNode &coreos);
    void addService(const QString &unit, const QMap<QString, QByteArray> &variables);
    void passOver(const YamlNode *section, const char *name);

    const NodeFacts &m_facts;
    Plan m_plan;
};

Result<void> Planner::addFile(const YamlNode &item, qsizetype at)
{
    const QString name = QStringLiteral("write_files[%1]").arg(at);
    const QString path = QString::fromUtf8(text(item, "path"));
    if (!path.startsWith(u'/'))
        return fail(
            code::badInput, QStringLiteral("%1: the path \"%2\" is not absolute").arg(name, path));
    const auto content = decoded(text(item, "content"), text(item, "encoding"));
    if (!content)
        return fail(content.error().during(name + QStringLiteral(": ") + path));
    FileWrite file{path, *content, 0644, QString::fromUtf8(text(item, "owner"))};
    const QByteArray mode = text(item, "permissions");
    bool good = true;
    if (!mode.isEmpty())
        file.mode = mode.toInt(&good, 8);
    if (!good || file.mode < 0 || file.mode > 07777)
        return fail(
            code::badInput,
            QStringLiteral("%1: %2: invalid value %3").arg(name, path, QString::fromUtf8(mode)));
    m_plan.files.append(file);
    return {};
}

Result<void> Planner::addFiles(const YamlNode *files)
{
    for (const auto &[at, item] : mapsIn(files)) {
        if (const auto good = addFile(*item, at); !good)
            return good;
    }
    return {};
}

void Planner::addOem(const YamlNode *oem)
{
    if (oem == nullptr || text(*oem, "id").isEmpty())
        return;
    const QByteArray content = "ID=" + text(*oem, "id") +
                               "\nVERSION_ID=" + text(*oem, "version_id") + "\nNAME=\"" +
                               text(*oem, "name") + "\"\nHOME_URL=\"" + text(*oem, "home_url") +
                               "\"\nBUG_REPORT_URL=\"" + text(*oem, "bug_report_url") + "\"\n";
    m_plan.files.append({QStringLiteral("/etc/oem-release"), content, 0644, {}});
}

Result<void> Planner::addHosts(const YamlNode *value)
{
    if (value == nullptr || value->kind == Kind::Nothing)
        return {};
    if (value->text != "localhost")
        return fail(code::badInput, QStringLiteral("Invalid option to manage_etc_hosts"));
    // Both names: the real tool writes the node's alone, the book says localhost.
    m_plan.files.append(
        {QStringLiteral("/etc/hosts"),
         "127.0.0.1 localhost " + m_facts.hostName.toUtf8() + '\n',
         0644,
         {}});
    return {};
}

void Planner::addFlannel(const YamlNode *flannel)
{
    if (flannel == nullptr)
        return;
    const auto variables = variablesOf(*flannel, QStringLiteral("flannel"));
    QByteArray content;
    for (auto it = variables.cbegin(); it != variables.cend(); ++it)
        content += it.key().toUtf8() + '=' + *it + '\n';
    if (!content.isEmpty())
        m_plan.files.append({QStringLiteral("/run/flannel/options.env"), content, 0644, {}});
}

void Planner::addEnvironment()
{
    const QString path = QStringLiteral("/etc/environment");
    const bool own =
        std::any_of(m_plan.files.begin(), m_plan.files.end(), [&](const FileWrite &file) {
            return file.path == path;
        });
    const NodeAddresses &known = m_facts.addresses;
    const QByteArray content = merged(
        m_facts.environment, {{"COREOS_PUBLIC_IPV4", known.publicIpv4},
                              {"COREOS_PRIVATE_IPV4", known.privateIpv4},
                              {"COREOS_PUBLIC_IPV6", known.publicIpv6},
                              {"COREOS_PRIVATE_IPV6", known.privateIpv6}});
    if (!own && content != m_facts.environment)
        m_plan.files.append({path, content, 0644, {}});
}

Result<void> Planner::addUnit(const YamlNode &source, qsizetype at)
{
    UnitChange unit;
    unit.name = QString::fromUtf8(text(source, "name"));
    if (unit.name.isEmpty()) {
        m_plan.remarks.append(QStringLiteral("units[%1] has no name: it is skipped").arg(at));
        return {};
    }
    if (unit.name.contains(u'/'))
        return fail(
            code::badInput,
            QStringLiteral("units[%1]: \"%2\" is no name of a unit").arg(at).arg(unit.name));
    const YamlNode *const content = source.find(QStringLiteral("content"));
    if (content != nullptr && content->kind == Kind::Scalar)
        unit.content = content->text;
    unit.runtime = flag(source, "runtime");
    unit.enable = flag(source, "enable");
    unit.mask = flag(source, "mask");
    unit.command = QString::fromUtf8(text(source, "command"));
    const YamlNode *const dropIns = source.find(QStringLiteral("drop_ins"));
    for (const auto &[i, item] : mapsIn(dropIns)) {
        const DropIn dropIn{QString::fromUtf8(text(*item, "name")), text(*item, "content")};
        if (dropIn.name.isEmpty() || dropIn.content.isEmpty() || dropIn.name.contains(u'/'))
            m_plan.remarks.append(
                QStringLiteral("%1: drop_ins[%2] needs a name and a content: it is skipped")
                    .arg(unit.name)
                    .arg(i));
        else
            unit.dropIns.append(dropIn);
    }
    m_plan.units.append(unit);
    return {};
}

Result<void> Planner::addUnits(const YamlNode *units)
{
    for (const auto &[at, item] : mapsIn(units)) {
        if (const auto good = addUnit(*item, at); !good)
            return good;
    }
    return {};
}

void Planner::addService(const QString &unit, const QMap<QString, QByteArray> &variables)
{
    if (variables.isEmpty())
        return;
    UnitChange change;
    change.name = unit;
    change.runtime = true;
    change.dropIns.append({QStringLiteral("20-cloudinit.conf"), dropInOf(variables)});
    m_plan.units.append(change);
}

void Planner::addServices(const YamlNode &coreos)
{
    const std::pair<const char *, const char *> services[] = {
        {"etcd", "etcd.service"},
        {"etcd2", "etcd2.service"},
        {"fleet", "fleet.service"},
        {"locksmith", "locksmithd.service"}};
    QMap<QString, QByteArray> agents; // our agent is etcd and fleet in one
    for (const auto &[name, unit] : services) {
        const QString key = QString::fromLatin1(name);
        const YamlNode *const section = coreos.find(key);
        if (section == nullptr)
            continue;
        const auto variables = variablesOf(*section, key);
        addService(QString::fromLatin1(unit), variables);
        if (key != QLatin1String("locksmith"))
            agents.insert(variables);
    }
    addService(QStringLiteral("quarterdeckd.service"), agents);
}

void Planner::passOver(const YamlNode *section, const char *name)
{
    if (section != nullptr && section->kind != Kind::Nothing)
        m_plan.remarks.append(
            QStringLiteral("line %1: \"%2\" is checked, but not applied by this version")
                .arg(section->line)
                .arg(QLatin1String(name)));
}

Result<Plan> Planner::plan(const YamlNode &root)
{
    const YamlNode *const coreos = root.find(QStringLiteral("coreos"));
    const auto part = [&](const char *key) { return child(coreos, key); };
    const auto top = [&](const char *key) { return root.find(QString::fromLatin1(key)); };
    for (const char *const name : {"hostname", "users", "ssh_authorized_keys"})
        passOver(top(name), name);
    passOver(part("update"), "update");
    if (const auto good = addFiles(top("write_files")); !good)
        return fail(good.error());
    addOem(part("oem"));
    if (const auto good = addHosts(top("manage_etc_hosts")); !good)
        return fail(good.error());
    addFlannel(part("flannel"));
    addEnvironment();
    if (const auto good = addUnits(part("units")); !good)
        return fail(good.error());
    if (coreos != nullptr)
        addServices(*coreos);
    return m_plan;
}

} // namespace

bool UnitChange::isNetwork() const
{
    return name.endsWith(QLatin1String(".network")) || name.endsWith(QLatin1String(".netdev")) ||
           name.endsWith(QLatin1String(".link"));
}

QString UnitChange::folder() const
{
    return QStringLiteral("%1/systemd/%2")
        .arg(
            runtime ? QStringLiteral("/run") : QStringLiteral("/etc"),
            isNetwork() ? QStringLiteral("network") : QStringLiteral("system"));
}

Result<Plan> planOf(const YamlNode &root, const NodeFacts &facts)
{
    const QList<Finding> findings = validateTree(root);
    for (const Finding &finding : findings) {
        if (finding.kind == Finding::Kind::Error)
            return fail(code::badInput, finding.text());
    }
    auto plan = Planner(facts).plan(root);
    for (const Finding &finding : findings) {
        if (plan)
            plan->remarks.append(finding.text());
    }
    return plan;
}

} // namespace qd::cloudconfig
