// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QMap>
#include <QString>
#include <QStringList>

/// Environment= and the files of EnvironmentFile= (ch3-systemd.md 5.3; S72).
namespace qd::unitfile {

/// `NAME=value` with a name that a shell would take.
bool isAssignment(const QString &text);

/// The assignments of an environment file, in order: comments, quotes, escapes and continued lines
/// as systemd reads them. Lines that are no assignment are left out.
QStringList parseEnvironmentFile(const QByteArray &text);

/// `assignments` as a map; a later one wins.
QMap<QString, QString> environmentMap(const QStringList &assignments);

} // namespace qd::unitfile
