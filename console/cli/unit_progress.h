// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/cli/output.h"
#include "shared/model/unit.h"

namespace qd::cli {

enum class Progress { Pending, Done, Failed };

/// How far a verb (load, start, stop, unload) has got, by what the cluster says of the unit.
Progress progressOf(const QString &verb, const Unit &unit);
/// The name of the machine where it is; the beginning of its id when it has no name.
QString machineOf(const Unit &unit);
Tone toneOf(const Unit &unit);
/// "hello.service is active on node-2"
QString sentenceOf(const Unit &unit);

} // namespace qd::cli
