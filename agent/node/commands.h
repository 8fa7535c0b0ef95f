// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStringList>

/// The commands of quarterdeckd around the agent. Each takes the words after its name and returns
/// the exit status: 0 done, 1 failed, 2 usage, 3 cannot reach, or an address is taken.
namespace qd::node {

int runCommand(const QStringList &words);
int initCommand(const QStringList &words);
int tokenCommand(const QStringList &words);
int joinCommand(const QStringList &words);
int authorityCommand(const QStringList &words);
int backupCommand(const QStringList &words);
int walDumpCommand(const QStringList &words);

} // namespace qd::node
