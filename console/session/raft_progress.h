// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/model/raft_status.h"

#include <optional>

namespace qd::session {

/// How far the one who leads knows this member to be; nothing of the leader itself, and of none
/// while nobody leads.
std::optional<RaftPeer> progressOf(const RaftStatus &member, const QList<RaftStatus> &all);

/// The member that leads in the highest term, of those that can be reached.
const RaftStatus *leaderOf(const QList<RaftStatus> &all);

/// "12.5 of 40.0 MiB"; empty while no snapshot is on its way.
QString snapshotText(const RaftPeer &peer);

} // namespace qd::session
