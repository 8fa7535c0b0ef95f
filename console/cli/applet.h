// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QString>
#include <QStringList>
#include <functional>
#include <optional>

/// qdctl: the client without a window. An applet is one command; each stands in a file of its own
/// under applets/ and says of itself what its help prints.
namespace qd::cli {

/// What the program answers the shell (architecture.md 10).
namespace exit_status {
inline constexpr int done = 0;
inline constexpr int failed = 1;
inline constexpr int usage = 2;
inline constexpr int cannotReach = 3; ///< or the answer did not come
inline constexpr int interrupted = 130;
} // namespace exit_status

struct Option {
    QString name;        ///< long, without the dashes
    QString value;       ///< what help calls its value; empty = a switch
    QString help;        ///< one line
    QChar letter = {};   ///< short, without the dash
    QStringList choices; ///< the values that are allowed; empty = any
    bool number = false; ///< a whole number, not negative
};

struct Argument {
    enum class Count { One, Optional, Many, Rest };
    QString name; ///< in capitals
    QString help;
    Count count = Count::One; ///< Many: one or more; Rest: all words after it, options too
};

class Invocation;

struct Applet {
    QStringList words; ///< {"store", "get"}
    QString summary;   ///< one line
    QString details;   ///< a paragraph, may be empty
    QList<Argument> arguments;
    QList<Option> options;
    QStringList examples;
    QStringList exits; ///< what the statuses mean here, beyond the usual
    bool hidden = false;
    bool needsCluster = true;
    QString patientWith; ///< with this option it begins before there is a connection
    bool json = true;    ///< takes --json
    std::function<void(Invocation &)> run;

    QString name() const { return words.join(QLatin1Char(' ')); }
};

} // namespace qd::cli
