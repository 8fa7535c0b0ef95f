// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"
#include "shared/model/unit.h"

/// What is wrong with a unit file, as systemd and as fleet see it. Pure.
namespace qd::fleet {

/// By line; a line 0 is about the file or the name as a whole. Errors keep a unit from being
/// stored.
QList<UnitDiagnostic> diagnose(const QString &name, const QString &text);

/// code::badInput with the first error of diagnose(), its line (details "line", "unit");
/// code::limit for a text beyond `kMostText` bytes.
Result<void> acceptable(const QString &name, const QString &text);

inline constexpr qsizetype kMostText = 256 * 1024;

} // namespace qd::fleet
