// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"
#include "shared/unitfile/unit_file.h"

#include <QMap>
#include <QStringList>
#include <functional>

/// Command lines of ExecStart= and its like (ch3-systemd.md 5.6, 5.7; S17, S81).
namespace qd::unitfile {

/// One command: what to run and how to take its end.
struct Command {
    QString path;                 ///< absolute, or a bare name that is looked up in PATH
    QStringList argv;             ///< with argv[0]; variables not yet replaced
    bool ignoreFailure = false;   ///< `-`
    bool ownArgv0 = false;        ///< `@`
    bool noVariables = false;     ///< `:`
    bool fullyPrivileged = false; ///< `+`
    bool noSetuid = false;        ///< `!`
    bool ambient = false;         ///< `!!`

    bool operator==(const Command &) const = default;
    /// The flags by the names of D-Bus: "ignore-failure", "privileged" ...
    QStringList flagNames() const;
};

/// Replaces specifiers in a word; `expandSpecifiers` in practice.
using Expand = std::function<Result<QString>(const QString &)>;

/// The commands of one value (`;` as a word separates them). Error: the sentence that systemd
/// writes to its log; the unit is then refused. A broken command behind `-` is left out instead.
Result<QList<Command>> parseCommands(const QString &value, const Expand &expand);

/// The words of a command with variables replaced: `$NAME` alone becomes its words or nothing,
/// `${NAME}` anywhere becomes its value, `$$` a dollar (5.6).
QStringList expandArguments(const QStringList &argv, const QMap<QString, QString> &environment);

} // namespace qd::unitfile
