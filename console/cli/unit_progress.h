// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/cli/output.h"
#include "shared/model/unit.h"

#include <QStringList>

namespace qd::cli {

enum class Progress { Pending, Done, Failed };

/// A unit's full name: "hello" is "hello.service", as systemctl has it.
QString unitName(const QString &word);
QStringList unitNames(const QStringList &words);

/// What is known of a verb's unit: before it was asked for (a default one: it was not known), and
/// whether it has been seen to run since.
struct Earlier {
    Unit unit;
    bool ran = false;
};
/// How far a verb (load, start, stop, unload) has got, by what the cluster says now.
Progress progressOf(const QString &verb, const Earlier &before, const Unit &now);
/// Whether this shows a run that is not the one before.
bool isNewRun(const Unit &before, const Unit &now);
/// Whether the node tells what has come of a start that is not the one before.
bool isNewOutcome(const Unit &before, const Unit &now);
/// The name of the machine where it is; the beginning of its id when it has no name.
QString machineOf(const Unit &unit);
Tone toneOf(const Unit &unit);
/// "hello.service is active on node-2"
QString sentenceOf(const Unit &unit);

} // namespace qd::cli
