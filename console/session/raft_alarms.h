// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/model/raft_status.h"

namespace qd::session {

/// What is wrong with the cluster's members, each once, oldest first: whoever knows of it.
QList<Alarm> alarmsOf(const QList<RaftStatus> &all);

/// "db-2: its disk is nearly full".
QString alarmText(const Alarm &alarm);

} // namespace qd::session
