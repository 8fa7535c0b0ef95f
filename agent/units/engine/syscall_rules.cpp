// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/syscall_rules.h"

#include "agent/units/engine/syscall_groups.h"
#include "shared/unitfile/values.h"

#include <QHash>
#include <cstring>
#include <linux/sched.h>
#include <sys/socket.h>

namespace qd::units {

namespace {

constexpr int kMostErrors = 4096;

const QHash<QString, int> &errorNumbers()
{
    static const QHash<QString, int> all = [] {
        QHash<QString, int> out;
        for (int number = 1; number < kMostErrors; ++number) {
            if (const char *const name = strerrorname_np(number))
                out.insert(QString::fromLatin1(name), number);
        }
        return out;
    }();
    return all;
}

/// Words stand apart by white space of any kind.
QStringList wordsOf(const QString &value)
{
    return value.simplified().split(u' ', Qt::SkipEmptyParts);
}

QString errorName(int number)
{
    if (number == kKillCaller)
        return QStringLiteral("kill");
    const char *const name = number > 0 ? strerrorname_np(number) : nullptr;
    return name != nullptr ? QString::fromLatin1(name) : QString::number(number);
}

/// Puts one name in a list, or takes it out: what is said later counts.
template <class Key>
void apply(Permissions<Key> &list, const Key &key, bool inverts, int number)
{
    if (inverts != list.allows)
        list.named.insert(key, number);
    else
        list.named.remove(key);
}

void addCalls(Permissions<QString> &list, const QString &name, bool inverts, int number)
{
    if (!name.startsWith(u'@')) {
        if (isSyscall(name))
            apply(list, name, inverts, number);
        return;
    }
    if (const QStringList *const group = syscallGroup(name)) {
        for (const QString &member : *group)
            addCalls(list, member, inverts, number);
    }
}

const QMap<QString, int> &families()
{
    static const QMap<QString, int> all{
        {QStringLiteral("AF_ALG"), AF_ALG},
        {QStringLiteral("AF_APPLETALK"), AF_APPLETALK},
        {QStringLiteral("AF_ASH"), AF_ASH},
        {QStringLiteral("AF_ATMPVC"), AF_ATMPVC},
        {QStringLiteral("AF_ATMSVC"), AF_ATMSVC},
        {QStringLiteral("AF_AX25"), AF_AX25},
        {QStringLiteral("AF_BLUETOOTH"), AF_BLUETOOTH},
        {QStringLiteral("AF_BRIDGE"), AF_BRIDGE},
        {QStringLiteral("AF_CAIF"), AF_CAIF},
        {QStringLiteral("AF_CAN"), AF_CAN},
        {QStringLiteral("AF_DECnet"), AF_DECnet},
        {QStringLiteral("AF_ECONET"), AF_ECONET},
        {QStringLiteral("AF_IB"), AF_IB},
        {QStringLiteral("AF_IEEE802154"), AF_IEEE802154},
        {QStringLiteral("AF_INET"), AF_INET},
        {QStringLiteral("AF_INET6"), AF_INET6},
        {QStringLiteral("AF_IPX"), AF_IPX},
        {QStringLiteral("AF_IRDA"), AF_IRDA},
        {QStringLiteral("AF_ISDN"), AF_ISDN},
        {QStringLiteral("AF_IUCV"), AF_IUCV},
        {QStringLiteral("AF_KCM"), AF_KCM},
        {QStringLiteral("AF_KEY"), AF_KEY},
        {QStringLiteral("AF_LLC"), AF_LLC},
        {QStringLiteral("AF_MPLS"), AF_MPLS},
        {QStringLiteral("AF_NETBEUI"), AF_NETBEUI},
        {QStringLiteral("AF_NETLINK"), AF_NETLINK},
        {QStringLiteral("AF_NETROM"), AF_NETROM},
        {QStringLiteral("AF_NFC"), AF_NFC},
        {QStringLiteral("AF_PACKET"), AF_PACKET},
        {QStringLiteral("AF_PHONET"), AF_PHONET},
        {QStringLiteral("AF_PPPOX"), AF_PPPOX},
        {QStringLiteral("AF_QIPCRTR"), AF_QIPCRTR},
        {QStringLiteral("AF_RDS"), AF_RDS},
        {QStringLiteral("AF_ROSE"), AF_ROSE},
        {QStringLiteral("AF_RXRPC"), AF_RXRPC},
        {QStringLiteral("AF_SECURITY"), AF_SECURITY},
        {QStringLiteral("AF_SMC"), AF_SMC},
        {QStringLiteral("AF_SNA"), AF_SNA},
        {QStringLiteral("AF_TIPC"), AF_TIPC},
        {QStringLiteral("AF_UNIX"), AF_UNIX},
        {QStringLiteral("AF_VSOCK"), AF_VSOCK},
        {QStringLiteral("AF_WANPIPE"), AF_WANPIPE},
        {QStringLiteral("AF_X25"), AF_X25},
        {QStringLiteral("AF_XDP"), AF_XDP}};
    return all;
}

std::optional<int> familyFrom(const QString &name)
{
    if (name == u"AF_LOCAL" || name == u"AF_FILE") // other names of the same
        return AF_UNIX;
    if (name == u"AF_ROUTE")
        return AF_NETLINK;
    const auto found = families().constFind(name);
    return found == families().cend() ? std::nullopt : std::optional(*found);
}

struct NamespaceKind {
    const char *name;
    quint64 flag;
};
constexpr NamespaceKind kNamespaces[] = {{"cgroup", CLONE_NEWCGROUP}, {"ipc", CLONE_NEWIPC},
                                         {"net", CLONE_NEWNET},       {"mnt", CLONE_NEWNS},
                                         {"pid", CLONE_NEWPID},       {"user", CLONE_NEWUSER},
                                         {"uts", CLONE_NEWUTS}};

constexpr quint64 allNamespaces()
{
    quint64 all = 0;
    for (const NamespaceKind &kind : kNamespaces)
        all |= kind.flag;
    return all;
}

std::optional<quint64> namespaceFlags(const QString &words)
{
    quint64 flags = 0;
    for (const QString &word : wordsOf(words)) {
        const auto *const found =
            std::find_if(std::begin(kNamespaces), std::end(kNamespaces), [&](const auto &kind) {
                return word == QLatin1String(kind.name);
            });
        if (found == std::end(kNamespaces))
            return std::nullopt;
        flags |= found->flag;
    }
    return flags;
}

} // namespace

bool restrictsNamespaces(const SyscallRules &rules)
{
    return (rules.namespaces & allNamespaces()) != allNamespaces();
}

void addSyscalls(Permissions<QString> &list, const QString &value, const QString &allowedFirst)
{
    if (value.isEmpty()) {
        list = {};
        return;
    }
    const bool inverts = value.startsWith(u'~');
    if (!list.isSet) {
        list.isSet = true;
        list.allows = !inverts;
        if (list.allows && !allowedFirst.isEmpty())
            addCalls(list, allowedFirst, false, kUsualError);
    }
    for (const QString &word : wordsOf(value.mid(inverts ? 1 : 0))) {
        const auto number = errorNumberFrom(word.section(u':', 1));
        if (word.contains(u':') && (!number || !inverts)) // only what is forbidden has an error
            continue;
        addCalls(list, word.section(u':', 0, 0), inverts, number.value_or(kUsualError));
    }
}

void addFamilies(Permissions<int> &list, const QString &value)
{
    if (value.isEmpty()) {
        list = {};
        return;
    }
    if (value == u"none") {
        list = {.isSet = true, .allows = true};
        return;
    }
    const bool inverts = value.startsWith(u'~');
    if (!list.isSet) {
        list.isSet = true;
        list.allows = !inverts;
    }
    for (const QString &word : wordsOf(value.mid(inverts ? 1 : 0))) {
        if (const auto family = familyFrom(word))
            apply(list, *family, inverts, kUsualError);
    }
}

std::optional<quint64> namespacesAfter(quint64 before, const QString &value)
{
    if (value.isEmpty())
        return kAnyNamespace;
    if (const auto flag = unitfile::parseBool(value))
        return *flag ? 0 : allNamespaces();
    const bool inverts = value.startsWith(u'~');
    const auto named = namespaceFlags(value.mid(inverts ? 1 : 0));
    if (!named)
        return std::nullopt;
    const quint64 said = inverts ? allNamespaces() & ~*named : *named;
    if (before == kAnyNamespace)
        return said;
    return inverts ? before & ~*named : before | *named;
}

QString namespacesText(quint64 allowed)
{
    if ((allowed & allNamespaces()) == allNamespaces())
        return QStringLiteral("no");
    QStringList names;
    for (const NamespaceKind &kind : kNamespaces) {
        if ((allowed & kind.flag) != 0)
            names.append(QLatin1String(kind.name));
    }
    return names.isEmpty() ? QStringLiteral("yes") : names.join(u' ');
}

std::optional<int> errorNumberFrom(const QString &value)
{
    if (value == u"kill")
        return kKillCaller;
    bool isNumber = false;
    const int number = value.toInt(&isNumber);
    if (isNumber)
        return (number >= 0 && number < kMostErrors) || number == kKillCaller
                   ? std::optional(number)
                   : std::nullopt;
    const auto found = errorNumbers().constFind(value);
    return found == errorNumbers().cend() ? std::nullopt : std::optional(*found);
}

QStringList toTexts(const Permissions<QString> &list)
{
    QStringList out;
    for (auto it = list.named.cbegin(); it != list.named.cend(); ++it)
        out.append(*it == kUsualError ? it.key() : it.key() + u':' + errorName(*it));
    return out;
}

QStringList toTexts(const Permissions<int> &list)
{
    QStringList out;
    for (auto it = families().cbegin(); it != families().cend(); ++it) {
        if (list.named.contains(*it))
            out.append(it.key());
    }
    return out;
}

} // namespace qd::units
