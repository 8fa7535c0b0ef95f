// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QtGlobal>

namespace qd::etcd {

/// What the kernel says of this process.
struct ProcessFigures {
    double cpuSeconds = 0;
    quint64 openFiles = 0;
    quint64 maxFiles = 0;
    quint64 residentBytes = 0;
    quint64 virtualBytes = 0;
    double startedSeconds = 0; ///< since 1970

    /// Zeros where /proc cannot be read.
    static ProcessFigures now();
};

} // namespace qd::etcd
