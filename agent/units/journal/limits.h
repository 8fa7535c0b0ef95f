// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>

/// How much the journal may take of a file system, and the clearing of old files (S38, S39).
/// systemd-journal-remote 252 has no size limit of its own.
namespace qd::journal {

struct Limits {
    quint64 maxUse = 0;   ///< bytes all files together may take
    quint64 maxFile = 0;  ///< bytes after which the active file is closed
    quint64 keepFree = 0; ///< bytes left free on the file system
};

/// journald's rule: a tenth of the file system, at most 4 GiB; 15 % kept free, at most 4 GiB.
/// `configuredMax` (SystemMaxUse=) beats the first when it is above 0.
Limits limitsFor(quint64 fileSystemBytes, quint64 configuredMax);

/// What the files may take together, now that `used` is taken and `available` is free.
quint64 allowance(const Limits &limits, quint64 used, quint64 available);

/// SystemMaxUse= of journald.conf's text, in bytes; 0 when it is not there or not a size.
quint64 systemMaxUse(const QString &journaldConf);

/// Limits for `folder` as it is mounted now; `configFile` is journald.conf and need not exist.
Limits limitsOf(const QString &folder, const QString &configFile);

/// Bytes that the journal files in `folder` take.
quint64 usedBy(const QString &folder);

/// Removes the oldest journal files of `folder`, never `active`, until at most `allowed` bytes are
/// taken. Returns the removed files' names.
QStringList vacuum(const QString &folder, const QString &active, quint64 allowed);

} // namespace qd::journal
