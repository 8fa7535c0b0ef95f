// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>
#include <QString>

/// The grammar of unit files: sections, options, continuation, comments (ch3-systemd.md 3.2;
/// anchors-engines.md 2.3, parser cases).
namespace qd::unitfile {

/// A thing to say about a line of a unit file.
struct Problem {
    enum Severity { Warning, Error };
    int line = 0; ///< from 1; 0 = the file as a whole
    Severity severity = Warning;
    QString message;

    bool operator==(const Problem &) const = default;
};

/// One assignment, as it stands in the file: order and repetitions are kept, specifiers and quotes
/// are not touched, continued lines are joined.
struct Option {
    QString section;
    QString name;
    QString value;
    int line = 0; ///< where it begins, from 1
    int file = 0; ///< 0 the unit file, 1 the first drop-in ...

    bool operator==(const Option &) const = default;
};

/// A unit file, read. What could not be read is in `problems`; an Error there means that systemd
/// refuses the file.
struct UnitFile {
    QList<Option> options;
    QStringList sections; ///< in order of first appearance
    QList<Problem> problems;

    /// Every value of an option, in order, without heeding resets.
    QStringList values(const QString &section, const QString &name) const;
    /// The last value; empty when there is none.
    QString value(const QString &section, const QString &name) const;
    bool refused() const;
};

/// Reads a unit file's text: UTF-8, with or without a byte-order mark, any line ends.
UnitFile parse(const QByteArray &text);

/// The options as text again: sections in order of first appearance, `Name=Value` lines, a blank
/// line between sections; no comments, no continuation.
QByteArray serialize(const UnitFile &file);

/// fleet's name for a unit's contents: SHA-1 of serialize(), 40 hex digits (peer-contracts.md 3.5).
QString fleetHash(const QByteArray &text);

} // namespace qd::unitfile
