// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QMap>
#include <QString>
#include <QStringList>
#include <optional>

/// Which system calls the processes of a unit may make (systemd.exec(5), "System Call Filtering").
namespace qd::units {

/// As an error: whoever makes the call is killed. systemd's number for it, too.
constexpr int kKillCaller = 2'147'483'646;
/// What SystemCallErrorNumber= says.
constexpr int kUsualError = -1;

/// A list that allows what it names, or forbids it. The first line says which; the others add to
/// it, or take away.
template <class Key>
struct Permissions {
    bool isSet = false;
    bool allows = false;
    QMap<Key, int> named; ///< with the error of a forbidden call, kKillCaller or kUsualError
    bool operator==(const Permissions &) const = default;
};

/// No line has said which kinds of namespaces may be made.
constexpr quint64 kAnyNamespace = ~quint64(0);

struct SyscallRules {
    Permissions<QString> filter;   ///< SystemCallFilter=, groups resolved
    Permissions<QString> log;      ///< SystemCallLog=
    int errorNumber = kKillCaller; ///< SystemCallErrorNumber=
    QStringList architectures;     ///< SystemCallArchitectures=; empty: all
    Permissions<int> families;     ///< RestrictAddressFamilies=
    quint64 namespaces =
        kAnyNamespace; ///< RestrictNamespaces=: those that may be made, by CLONE_NEW*
    bool noRealtime = false;
    bool noSuidSgid = false;
    bool noWriteExecute = false; ///< MemoryDenyWriteExecute=
    bool lockPersonality = false;
    bool operator==(const SyscallRules &) const = default;
};

/// Whether any kind of namespace may not be made.
bool restrictsNamespaces(const SyscallRules &rules);

/// The list after one more line of the file; an empty line begins anew. `allowedFirst` is what a
/// list that allows holds from the start.
void addSyscalls(Permissions<QString> &list, const QString &value, const QString &allowedFirst);
/// RestrictAddressFamilies=.
void addFamilies(Permissions<int> &list, const QString &value);
/// RestrictNamespaces=: nothing when the value makes no sense.
std::optional<quint64> namespacesAfter(quint64 before, const QString &value);
/// A line of RestrictNamespaces= that says the same.
QString namespacesText(quint64 allowed);
/// "kill", an error's name, or its number.
std::optional<int> errorNumberFrom(const QString &value);

/// As `systemctl show` prints them, in order.
QStringList toTexts(const Permissions<QString> &list);
QStringList toTexts(const Permissions<int> &list);

} // namespace qd::units
