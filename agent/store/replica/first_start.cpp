// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/store/replica/first_start.h"

#include "shared/base/bytes.h"

#include <algorithm>

namespace qd::store {

QByteArray encode(const Acquaintance &said)
{
    QByteArray out;
    ByteWriter writer(out);
    writer.number<quint64>(said.lastIndex);
    writer.number<quint8>(said.knowsIt ? 1 : 0);
    return out;
}

std::optional<Acquaintance> decodeAcquaintance(QByteArrayView bytes)
{
    ByteReader reader(bytes);
    Acquaintance out;
    out.lastIndex = reader.number<quint64>();
    out.knowsIt = reader.number<quint8>() != 0;
    return reader.ok() && reader.atEnd() ? std::optional(out) : std::nullopt;
}

FirstStart::FirstStart(const raft::Membership &founders, raft::NodeId self)
{
    std::copy_if(
        founders.voters.begin(), founders.voters.end(), std::back_inserter(m_others),
        [self](raft::NodeId id) { return id != self; });
}

std::vector<raft::NodeId> FirstStart::silent() const
{
    std::vector<raft::NodeId> out;
    std::copy_if(m_others.begin(), m_others.end(), std::back_inserter(out), [this](auto id) {
        return !m_heard.contains(id);
    });
    return out;
}

FirstStart::Verdict FirstStart::verdict(qint64 waitedMs) const
{
    const auto is = [this](auto says) {
        return std::any_of(
            m_heard.begin(), m_heard.end(), [says](const auto &item) { return says(item.second); });
    };
    if (is([](const Acquaintance &said) { return said.knowsIt; }))
        return Verdict::Refused;
    const size_t all = m_others.size() + 1;
    const size_t quorum = all / 2 + 1;
    const bool isRunning = is([](const Acquaintance &said) { return said.lastIndex > 0; });
    if (isRunning) {
        // That a member has come was committed: all but `all - quorum` of the others have read it.
        return foundersHeard() + quorum > all ? Verdict::Begins : Verdict::Waits;
    }
    const bool isComplete = foundersHeard() == m_others.size();
    const bool isEnough = foundersHeard() + 1 >= quorum && waitedMs >= kGraceMs;
    return isComplete || isEnough ? Verdict::Begins : Verdict::Waits;
}

} // namespace qd::store
