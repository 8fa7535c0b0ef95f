// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/store/replica/alarms.h"

#include "agent/raft/membership.h"

#include <algorithm>

namespace qd::store {
namespace {

QString idText(raft::NodeId id)
{
    return id == raft::kNobody ? QString() : QStringLiteral("%1").arg(id, 16, 16, QLatin1Char('0'));
}

auto isAbout(Alarm::Kind kind, raft::NodeId member)
{
    return [kind, name = idText(member)](const Alarm &alarm) {
        return alarm.kind == kind && alarm.member == name;
    };
}

} // namespace

bool Alarms::raise(
    Alarm::Kind kind, raft::NodeId member, const QString &sentence, const QDateTime &now)
{
    if (isRaised(kind, member))
        return false;
    m_all.append({kind, idText(member), {}, now, sentence});
    return true;
}

bool Alarms::lift(Alarm::Kind kind, raft::NodeId member)
{
    return m_all.removeIf(isAbout(kind, member)) > 0;
}

bool Alarms::isRaised(Alarm::Kind kind, raft::NodeId member) const
{
    return std::any_of(m_all.begin(), m_all.end(), isAbout(kind, member));
}

void Alarms::keepMembers(const raft::Membership &membership)
{
    m_all.removeIf([&membership](const Alarm &alarm) {
        return !alarm.member.isEmpty() &&
               !raft::isMember(membership, alarm.member.toULongLong(nullptr, 16));
    });
}

} // namespace qd::store
