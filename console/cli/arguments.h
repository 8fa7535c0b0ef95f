// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/cli/applet.h"

#include <QHash>

namespace qd::cli {

/// What a command line gave, by the names of options and arguments.
class Values {
public:
    bool has(const QString &name) const { return m_values.contains(name); }
    QString text(const QString &name) const { return m_values.value(name).value(0); }
    QStringList all(const QString &name) const { return m_values.value(name); }
    qint64 number(const QString &name, qint64 otherwise) const
    {
        return has(name) ? text(name).toLongLong() : otherwise;
    }
    void add(const QString &name, const QString &value) { m_values[name].append(value); }

private:
    QHash<QString, QStringList> m_values;
};

/// A command line, read.
struct CommandLine {
    enum class Kind { Run, Help, Version, Wrong };
    Kind kind = Kind::Run;
    const Applet *applet = nullptr; ///< null in the help of the whole or of a group
    QStringList group;              ///< of Help: the words so far, such as {"store"}
    Values values;
    QString complaint; ///< of Wrong: a sentence
};

/// Options that every applet takes: --config, --profile, --json, --help.
const QList<Option> &commonOptions();

/// Reads the words after the program's name. Options may stand anywhere; `--` ends them.
CommandLine parse(const QStringList &words, const QList<Applet> &applets);

} // namespace qd::cli
