// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/settings.h"

namespace qd::units {

/// Whether a value of RuntimeDirectory= or its kin stays below its place.
bool isFolderName(const QString &name);
/// The paths of a service's own folders of a kind: "/run/a", "/var/lib/a" ...
QStringList ownFolders(const ExecSettings &exec, FolderKind kind);
/// What its processes are told of them: "RUNTIME_DIRECTORY=/run/a:/run/b" ...
QStringList folderVariables(const ExecSettings &exec);

} // namespace qd::units
