// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

/// Codes of the engine's errors. The messages are the sentences that systemctl shows
/// (systemd1-dbus.md 7); the D-Bus face puts org.freedesktop.systemd1 names in their place.
namespace qd::units::error {

inline const QString noSuchUnit = QStringLiteral("units.no_such_unit");
inline const QString noSuchJob = QStringLiteral("units.no_such_job");
inline const QString noSuchProcess = QStringLiteral("units.no_such_process");
inline const QString unitExists = QStringLiteral("units.unit_exists");
inline const QString loadFailed = QStringLiteral("units.load_failed");
inline const QString badSetting = QStringLiteral("units.bad_unit_setting");
inline const QString masked = QStringLiteral("units.masked");
inline const QString onlyByDependency = QStringLiteral("units.only_by_dependency");
inline const QString noIsolation = QStringLiteral("units.no_isolation");
inline const QString notApplicable = QStringLiteral("units.job_type_not_applicable");
inline const QString destructive = QStringLiteral("units.transaction_is_destructive");
inline const QString jobsConflicting = QStringLiteral("units.transaction_jobs_conflicting");
inline const QString orderIsCyclic = QStringLiteral("units.transaction_order_is_cyclic");

} // namespace qd::units::error
