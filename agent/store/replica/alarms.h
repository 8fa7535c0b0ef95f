// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/types.h"
#include "shared/model/alarm.h"

#include <QList>

namespace qd::store {

/// The alarms that a member knows of: each is raised once, with its time, and stays until it is
/// lifted or until whom it concerns is no member any more. Pure.
class Alarms {
public:
    /// False when it had been raised already; its time stays then. `member` nobody: all of them.
    bool
    raise(Alarm::Kind kind, raft::NodeId member, const QString &sentence, const QDateTime &now);
    /// False when there was none.
    bool lift(Alarm::Kind kind, raft::NodeId member);
    bool isRaised(Alarm::Kind kind, raft::NodeId member) const;
    void keepMembers(const raft::Membership &membership);
    const QList<Alarm> &all() const { return m_all; }

private:
    QList<Alarm> m_all;
};

} // namespace qd::store
