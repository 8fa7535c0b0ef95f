// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/fleet/engine/requirements.h"

#include "shared/unitfile/unit_name.h"

#include <QSet>

namespace qd::fleet {

namespace {

using unitfile::Problem;

const QString kSection = QStringLiteral("X-Fleet");

/// One step of a pattern: what it matches at the head of `name`.
class Glob {
public:
    Glob(QStringView pattern, QStringView name)
        : m_pattern(pattern)
        , m_name(name)
    {
    }
    bool matches() { return from(0, 0); }

private:
    /// The class that begins after `[` at `p`; moves `p` behind its `]`. Nothing when it is broken.
    std::optional<bool> inClass(qsizetype &p, QChar c) const
    {
        const bool negated = p < m_pattern.size() && m_pattern[p] == u'^';
        if (negated)
            ++p;
        bool found = false;
        for (bool first = true; p < m_pattern.size(); first = false) {
            if (m_pattern[p] == u']' && !first) {
                ++p;
                return found != negated;
            }
            const auto low = member(p);
            auto high = low;
            if (low && p < m_pattern.size() && m_pattern[p] == u'-')
                high = member(++p);
            if (!low || !high)
                return std::nullopt;
            found = found || (*low <= c && c <= *high);
        }
        return std::nullopt;
    }
    std::optional<QChar> member(qsizetype &p) const
    {
        if (p < m_pattern.size() && m_pattern[p] == u'\\')
            ++p;
        if (p >= m_pattern.size())
            return std::nullopt;
        return m_pattern[p++];
    }
    /// Whether one element at `p` takes the character; moves `p` behind the element.
    bool takes(qsizetype &p, QChar c) const
    {
        const QChar head = m_pattern[p++];
        if (head == u'?')
            return c != u'/';
        if (head == u'[')
            return inClass(p, c).value_or(false);
        if (head != u'\\')
            return head == c;
        return p < m_pattern.size() && m_pattern[p++] == c;
    }
    /// Remembers the last `*` only: enough, since a later one can take whatever an earlier could.
    bool from(qsizetype p, qsizetype n) const
    {
        qsizetype star = -1;
        qsizetype mark = 0;
        while (n < m_name.size()) {
            if (p < m_pattern.size() && m_pattern[p] == u'*') {
                star = ++p;
                mark = n;
                continue;
            }
            qsizetype next = p;
            if (p < m_pattern.size() && takes(next, m_name[n])) {
                p = next;
                ++n;
            } else if (star >= 0 && m_name[mark] != u'/') {
                p = star;
                n = ++mark;
            } else {
                return false;
            }
        }
        while (p < m_pattern.size() && m_pattern[p] == u'*')
            ++p;
        return p == m_pattern.size();
    }

    QStringView m_pattern;
    QStringView m_name;
};

QString expanded(const QString &value, const QString &unit)
{
    QString out;
    for (qsizetype i = 0; i < value.size(); ++i) {
        const QChar next = i + 1 < value.size() ? value[i + 1] : QChar();
        const bool known = value[i] == u'%' && QStringLiteral("nNpi").contains(next);
        if (!known) {
            out += value[i];
            continue;
        }
        ++i;
        if (next == u'n')
            out += unit;
        else if (next == u'N')
            out += unitfile::nameStem(unit);
        else if (next == u'p')
            out += unitfile::namePrefix(unit);
        else
            out += unitfile::nameInstance(unit);
    }
    return out;
}

/// A value that begins and ends with a quote is several: `"a=b" "c=d"`.
QStringList parts(const QString &value)
{
    if (value.size() < 2 || !value.startsWith(u'"') || !value.endsWith(u'"'))
        return {value};
    QStringList out;
    const QStringList pieces = value.mid(1, value.size() - 2).split(u'"');
    for (qsizetype i = 0; i < pieces.size(); i += 2) // the odd ones stand between the quotes
        out.append(pieces[i]);
    return out;
}

/// The key's name of today; the old spellings have gone through several.
QString modern(const QString &key)
{
    static const QMap<QString, QString> old{
        {QStringLiteral("X-ConditionMachineID"), QStringLiteral("MachineID")},
        {QStringLiteral("X-ConditionMachineBootID"), QStringLiteral("MachineID")},
        {QStringLiteral("X-ConditionMachineOf"), QStringLiteral("MachineOf")},
        {QStringLiteral("X-ConditionMachineMetadata"), QStringLiteral("MachineMetadata")},
        {QStringLiteral("X-Conflicts"), QStringLiteral("Conflicts")},
        {QStringLiteral("ConditionMachineOf"), QStringLiteral("MachineOf")}};
    return old.value(key, key);
}

QStringList words(const QString &value)
{
    return value.split(u' ', Qt::SkipEmptyParts);
}

/// One option of the section into `out`. False: no such key.
bool take(const QString &key, const QString &value, Requirements &out)
{
    if (key == QLatin1String("MachineID")) {
        if (out.machineId.isEmpty())
            out.machineId = value;
    } else if (key == QLatin1String("MachineOf")) {
        out.peers += words(value);
    } else if (key == QLatin1String("Conflicts")) {
        out.conflicts += words(value);
    } else if (key == QLatin1String("Replaces")) {
        out.replaces += words(value);
    } else if (key == QLatin1String("Global")) {
        static const QSet<QString> yes{
            QStringLiteral("true"), QStringLiteral("yes"), QStringLiteral("1"),
            QStringLiteral("on"), QStringLiteral("t")};
        out.global = yes.contains(value.toLower());
    } else if (key == QLatin1String("MachineMetadata")) {
        const QStringList pair = value.split(u'=');
        if (pair.size() == 2 && !pair[0].trimmed().isEmpty() && !pair[1].trimmed().isEmpty())
            out.metadata[pair[0].trimmed()].append(pair[1].trimmed());
    } else {
        return false;
    }
    return true;
}

/// Global makes every other requirement but the metadata void (F39): no error, a warning.
void applyGlobal(const QString &unit, Requirements &need, QList<Problem> *problems)
{
    if (!need.global)
        return;
    const auto drop = [&](bool there, const char *key) {
        if (there && problems)
            problems->append(Problem{
                0, Problem::Warning,
                QStringLiteral("Unit %1: %2 has no effect together with Global=true")
                    .arg(unit, QLatin1String(key))});
    };
    drop(!need.machineId.isEmpty(), "MachineID");
    drop(!need.peers.isEmpty(), "MachineOf");
    drop(!need.conflicts.isEmpty(), "Conflicts");
    drop(!need.replaces.isEmpty(), "Replaces");
    need.machineId.clear();
    need.peers.clear();
    need.conflicts.clear();
    need.replaces.clear();
}

} // namespace

bool globMatches(const QString &pattern, const QString &name)
{
    return Glob(pattern, name).matches();
}

Requirements
readRequirements(const QString &unitName, const unitfile::UnitFile &file, QList<Problem> *problems)
{
    Requirements out;
    const auto warn = [&](const unitfile::Option &option, const QString &what) {
        if (problems)
            problems->append(Problem{option.line, Problem::Warning, what});
    };
    for (const unitfile::Option &option : file.options) {
        if (option.section != kSection)
            continue;
        const QString key = modern(option.name);
        if (key != option.name)
            warn(
                option, QStringLiteral("Unit %1: deprecated option %2, write %3")
                            .arg(unitName, option.name, key));
        for (const QString &part : parts(option.value)) {
            const QString value = expanded(part.trimmed(), unitName);
            if (!value.isEmpty() && !take(key, value, out)) {
                warn(
                    option,
                    QStringLiteral("Unit %1: unrecognized requirement in [X-Fleet] section: \"%2\"")
                        .arg(unitName, option.name));
                break;
            }
        }
    }
    applyGlobal(unitName, out, problems);
    return out;
}

Result<void> validate(const Requirements &need)
{
    const auto refuse = [](const QString &why) { return fail(code::badInput, why); };
    const auto clash = [](bool a, bool b) { return a && b; };
    const bool id = !need.machineId.isEmpty();
    if (clash(id, !need.peers.isEmpty()))
        return refuse(QStringLiteral("MachineID cannot be used with Peers"));
    if (clash(id, !need.conflicts.isEmpty()))
        return refuse(QStringLiteral("MachineID cannot be used with Conflicts"));
    if (clash(id, !need.replaces.isEmpty()))
        return refuse(QStringLiteral("MachineID cannot be used with Replaces"));
    if (clash(!need.conflicts.isEmpty(), !need.replaces.isEmpty()))
        return refuse(QStringLiteral("Conflicts cannot be used with Replaces"));
    const QString text = QStringLiteral("unresolvable requirements: peer \"%1\" matches %2 \"%3\"");
    for (const QString &peer : need.peers) {
        for (const QString &glob : need.conflicts) {
            if (globMatches(glob, peer))
                return refuse(text.arg(peer, QStringLiteral("conflict"), glob));
        }
        for (const QString &glob : need.replaces) {
            if (globMatches(glob, peer))
                return refuse(text.arg(peer, QStringLiteral("replace"), glob));
        }
    }
    return {};
}

Result<void> validateName(const QString &name)
{
    const auto refuse = [](const QString &why) { return fail(code::badInput, why); };
    static const QSet<QString> types{
        QStringLiteral("automount"), QStringLiteral("busname"), QStringLiteral("device"),
        QStringLiteral("mount"),     QStringLiteral("path"),    QStringLiteral("scope"),
        QStringLiteral("service"),   QStringLiteral("slice"),   QStringLiteral("snapshot"),
        QStringLiteral("socket"),    QStringLiteral("swap"),    QStringLiteral("target"),
        QStringLiteral("timer")};
    static const QSet<QString> withInstances{
        QStringLiteral("path"), QStringLiteral("service"), QStringLiteral("socket"),
        QStringLiteral("target"), QStringLiteral("timer")};
    if (name.isEmpty())
        return refuse(QStringLiteral("unit name cannot be empty"));
    if (name.size() > 256)
        return refuse(QStringLiteral("unit name exceeds maximum length (256)"));
    const qsizetype dot = name.lastIndexOf(u'.');
    if (dot < 0)
        return refuse(QStringLiteral("unit name must contain \".\""));
    if (dot == name.size() - 1)
        return refuse(QStringLiteral("unit name cannot end in \".\""));
    const QString type = name.mid(dot + 1);
    if (!types.contains(type) || (name.contains(u'@') && !withInstances.contains(type)))
        return refuse(QStringLiteral("invalid unit type: \"%1\"").arg(type));
    for (const QChar c : name) {
        const bool plain = c.unicode() < 128 && c.isLetterOrNumber();
        if (!plain && !QStringLiteral(":-_.\\@").contains(c))
            return refuse(QStringLiteral("invalid character '%1' in unit name").arg(c));
    }
    if (name.startsWith(u'@'))
        return refuse(QStringLiteral("unit name cannot start in \"@\""));
    if (name.startsWith(u'_'))
        return refuse(QStringLiteral("unit name cannot start in \"_\": the store hides such keys"));
    return {};
}

bool isTemplate(const QString &name)
{
    const qsizetype at = name.indexOf(u'@');
    return at >= 0 && at + 1 == name.lastIndexOf(u'.');
}

} // namespace qd::fleet
