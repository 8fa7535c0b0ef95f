// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/fuzz/target.h"

namespace qd::fuzz {

struct Plan {
    int seconds = 10;
    quint64 seed = 0;
    QString corpus; ///< folder of kept inputs, all of which are tried first; may be missing
    QString keep;   ///< folder for what a bad input looked like
};

/// Tries inputs in a child process, so that a crash or a hang is found too and the input is known;
/// the exit status.
int run(const Target &target, const Plan &plan);

/// One input, in this process.
int reproduce(const Target &target, const QByteArray &input);

} // namespace qd::fuzz
