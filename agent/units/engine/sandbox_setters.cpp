// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/sandbox_setters.h"

#include <QDir>

namespace qd::units {

namespace {

using namespace setters;

template <class T>
Setter sandboxed(T Sandbox::*member, std::optional<T> (*parse)(const QString &))
{
    return [member, parse](Loading &l, const QString &value) {
        if (const auto read = parse(value))
            l.unit.exec.sandbox.*member = *read;
    };
}

Setter paths(QList<SandboxPath> Sandbox::*member)
{
    return [member](Loading &l, const QString &value) {
        QList<SandboxPath> &target = l.unit.exec.sandbox.*member;
        if (value.isEmpty())
            return target.clear();
        for (QString word : words(l, value)) {
            SandboxPath path;
            path.optional = word.startsWith(u'-');
            word = path.optional ? word.mid(1) : word;
            word = word.startsWith(u'+') ? word.mid(1) : word;
            path.path = QDir::cleanPath(word);
            if (word.startsWith(u'/'))
                target.append(path);
        }
    };
}

/// "-/source:/target:norbind"
std::optional<BindMount> bindFrom(const QString &word, bool readOnly)
{
    const QStringList parts = word.split(u':');
    BindMount out;
    out.readOnly = readOnly;
    out.optional = parts.first().startsWith(u'-');
    out.source = QDir::cleanPath(parts.first().mid(out.optional ? 1 : 0));
    out.target =
        parts.size() > 1 && !parts.at(1).isEmpty() ? QDir::cleanPath(parts.at(1)) : out.source;
    if (parts.size() > 2 && parts.at(2) != u"rbind" && parts.at(2) != u"norbind")
        return std::nullopt;
    out.recursive = parts.size() < 3 || parts.at(2) == u"rbind";
    if (parts.size() > 3 || !out.source.startsWith(u'/') || !out.target.startsWith(u'/'))
        return std::nullopt;
    return out;
}

Setter binds(bool readOnly)
{
    return [readOnly](Loading &l, const QString &value) {
        QList<BindMount> &target = l.unit.exec.sandbox.binds;
        if (value.isEmpty())
            return target.clear();
        for (const QString &word : words(l, value)) {
            if (const auto bind = bindFrom(word, readOnly))
                target.append(*bind);
        }
    };
}

void addMemory(Loading &l, const QString &value)
{
    QList<MemoryFolder> &target = l.unit.exec.sandbox.memory;
    if (value.isEmpty())
        return target.clear();
    for (const QString &word : words(l, value)) {
        if (word.startsWith(u'/'))
            target.append({QDir::cleanPath(word.section(u':', 0, 0)), word.section(u':', 1)});
    }
}

std::optional<ProtectSystem> systemFrom(const QString &value)
{
    if (const auto flag = unitfile::parseBool(value))
        return *flag ? ProtectSystem::Yes : ProtectSystem::No;
    if (value == u"full")
        return ProtectSystem::Full;
    return value == u"strict" ? std::optional(ProtectSystem::Strict) : std::nullopt;
}

std::optional<ProtectHome> homeFrom(const QString &value)
{
    if (const auto flag = unitfile::parseBool(value))
        return *flag ? ProtectHome::Yes : ProtectHome::No;
    if (value == u"read-only")
        return ProtectHome::ReadOnly;
    return value == u"tmpfs" ? std::optional(ProtectHome::Tmpfs) : std::nullopt;
}

/// One of a few words.
Setter word(QString Sandbox::*member, const QStringList &known)
{
    return [member, known](Loading &l, const QString &value) {
        if (known.contains(value))
            l.unit.exec.sandbox.*member = value;
    };
}

void addSyscallSetters(const std::function<void(const char *, const Setter &)> &add)
{
    const auto rules = [](Loading &l) -> SyscallRules & { return l.unit.exec.sandbox.syscalls; };
    const auto flag = [&](const char *name, bool SyscallRules::*member) {
        add(name, boolean([rules, member](Loading &l) -> bool & { return rules(l).*member; }));
    };
    flag("RestrictRealtime", &SyscallRules::noRealtime);
    flag("RestrictSUIDSGID", &SyscallRules::noSuidSgid);
    flag("MemoryDenyWriteExecute", &SyscallRules::noWriteExecute);
    flag("LockPersonality", &SyscallRules::lockPersonality);
    add("SystemCallFilter", [rules](Loading &l, const QString &value) {
        addSyscalls(rules(l).filter, value, QStringLiteral("@default"));
    });
    add("SystemCallLog",
        [rules](Loading &l, const QString &value) { addSyscalls(rules(l).log, value, {}); });
    add("SystemCallErrorNumber",
        parsed([rules](Loading &l) -> int & { return rules(l).errorNumber; }, &errorNumberFrom));
    add("SystemCallArchitectures",
        list([rules](Loading &l) -> QStringList & { return rules(l).architectures; }));
    add("RestrictAddressFamilies",
        [rules](Loading &l, const QString &value) { addFamilies(rules(l).families, value); });
    add("RestrictNamespaces", [rules](Loading &l, const QString &value) {
        quint64 &allowed = rules(l).namespaces;
        allowed = namespacesAfter(allowed, value).value_or(allowed);
    });
}

} // namespace

quint64 addedCapabilities(quint64 before, quint64 initial, const QString &value)
{
    const bool isInverse = value.startsWith(u'~');
    quint64 named = 0;
    for (const QString &word : value.mid(isInverse ? 1 : 0).split(u' ', Qt::SkipEmptyParts)) {
        if (const auto number = capabilityFrom(word))
            named |= quint64(1) << *number;
    }
    const quint64 said = isInverse ? ~named : named;
    // An empty line begins anew, and so does the first one.
    if (said == 0 || before == initial)
        return said;
    return isInverse ? before & said : before | said;
}

void addSandboxSetters(Setters &all, const QString &section)
{
    const auto add = [&all, &section](const char *name, const Setter &setter) {
        all.insert(section + QLatin1String(name), setter);
    };
    const auto flag = [&add](const char *name, bool Sandbox::*member) {
        add(name, boolean([member](Loading &l) -> bool & { return l.unit.exec.sandbox.*member; }));
    };
    flag("NoNewPrivileges", &Sandbox::noNewPrivileges);
    flag("PrivateTmp", &Sandbox::privateTmp);
    flag("PrivateDevices", &Sandbox::privateDevices);
    flag("PrivateNetwork", &Sandbox::privateNetwork);
    flag("PrivateIPC", &Sandbox::privateIpc);
    flag("PrivateMounts", &Sandbox::privateMounts);
    flag("ProtectHostname", &Sandbox::protectHostname);
    flag("ProtectClock", &Sandbox::protectClock);
    flag("ProtectKernelTunables", &Sandbox::protectKernelTunables);
    flag("ProtectKernelModules", &Sandbox::protectKernelModules);
    flag("ProtectKernelLogs", &Sandbox::protectKernelLogs);
    flag("ProtectControlGroups", &Sandbox::protectControlGroups);
    add("ProtectSystem", sandboxed(&Sandbox::system, &systemFrom));
    add("ProtectHome", sandboxed(&Sandbox::home, &homeFrom));
    add("ProtectProc", word(
                           &Sandbox::protectProc,
                           QStringLiteral("default noaccess invisible ptraceable").split(u' ')));
    add("ProcSubset", word(&Sandbox::procSubset, QStringLiteral("all pid").split(u' ')));
    add("MountFlags",
        word(&Sandbox::mountFlags, QStringLiteral("shared slave private").split(u' ')));
    add("ReadWritePaths", paths(&Sandbox::readWrite));
    add("ReadOnlyPaths", paths(&Sandbox::readOnly));
    add("InaccessiblePaths", paths(&Sandbox::inaccessible));
    add("ReadWriteDirectories", paths(&Sandbox::readWrite)); // their names before systemd 231
    add("ReadOnlyDirectories", paths(&Sandbox::readOnly));
    add("InaccessibleDirectories", paths(&Sandbox::inaccessible));
    add("ExecPaths", paths(&Sandbox::exec));
    add("NoExecPaths", paths(&Sandbox::noExec));
    add("BindPaths", binds(false));
    add("BindReadOnlyPaths", binds(true));
    add("TemporaryFileSystem", addMemory);
    addSyscallSetters(add);
    add("CapabilityBoundingSet", [](Loading &l, const QString &value) {
        quint64 &set = l.unit.exec.sandbox.capabilities;
        set = addedCapabilities(set, ~quint64(0), value);
    });
    add("AmbientCapabilities", [](Loading &l, const QString &value) {
        quint64 &set = l.unit.exec.sandbox.ambient;
        set = addedCapabilities(set, 0, value);
    });
}

} // namespace qd::units
