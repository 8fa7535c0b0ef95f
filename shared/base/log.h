// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLoggingCategory>

namespace qd {

/// From here on a message is one line, whatever names it holds: a peer that has not been let in yet
/// can write no line of its own.
void logOnOneLine();

} // namespace qd

/// Logging categories, one a subsystem: `qCInfo(lcRaft) << ...`. Filter with QT_LOGGING_RULES.
Q_DECLARE_LOGGING_CATEGORY(lcRaft)
Q_DECLARE_LOGGING_CATEGORY(lcWal)
Q_DECLARE_LOGGING_CATEGORY(lcStore)
Q_DECLARE_LOGGING_CATEGORY(lcPeer)
Q_DECLARE_LOGGING_CATEGORY(lcEtcd)
Q_DECLARE_LOGGING_CATEGORY(lcHttp)
Q_DECLARE_LOGGING_CATEGORY(lcControl)
Q_DECLARE_LOGGING_CATEGORY(lcSecurity)
Q_DECLARE_LOGGING_CATEGORY(lcUnits)
Q_DECLARE_LOGGING_CATEGORY(lcJournal)
Q_DECLARE_LOGGING_CATEGORY(lcFleet)
Q_DECLARE_LOGGING_CATEGORY(lcNode)
Q_DECLARE_LOGGING_CATEGORY(lcSession)
Q_DECLARE_LOGGING_CATEGORY(lcScript)
