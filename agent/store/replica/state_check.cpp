// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/store/replica/state_check.h"

#include "shared/base/bytes.h"

#include <algorithm>

namespace qd::store {
namespace {

/// So many places are kept: a member may lag by some.
constexpr size_t kPlaces = 16;

} // namespace

QByteArray encode(const StateHash &state)
{
    QByteArray out;
    ByteWriter writer(out);
    writer.number<quint64>(state.index);
    writer.u8(quint8(state.of));
    writer.number<quint64>(state.hash);
    return out;
}

Result<StateHash> decodeStateHash(QByteArrayView bytes)
{
    ByteReader reader(bytes);
    StateHash out;
    out.index = reader.number<quint64>();
    out.of = StateHash::Of(reader.u8());
    out.hash = reader.number<quint64>();
    const bool isKnown = out.of == StateHash::Of::Sum || out.of == StateHash::Of::Bytes;
    if (!reader.ok() || !reader.atEnd() || !isKnown)
        return fail(code::corrupt, QStringLiteral("a state's hash does not decode"));
    return out;
}

void StateCheck::tell(raft::NodeId from, const StateHash &state)
{
    m_told[{state.index, state.of}][from] = state.hash;
    while (m_told.size() > kPlaces)
        m_told.erase(m_told.begin());
}

StateCheck::Verdict StateCheck::verdict(const std::vector<raft::NodeId> &voters) const
{
    Verdict out;
    if (voters.empty())
        return out; // a newcomer that has not heard who belongs to the cluster
    for (auto place = m_told.rbegin(); place != m_told.rend(); ++place) {
        const auto &[at, told] = *place;
        std::map<quint64, size_t> votes;
        size_t given = 0;
        for (const raft::NodeId voter : voters) {
            if (const auto heard = told.find(voter); heard != told.end()) {
                ++votes[heard->second];
                ++given;
            }
        }
        const auto most =
            std::max_element(votes.begin(), votes.end(), [](const auto &a, const auto &b) {
                return a.second < b.second;
            });
        const bool majority = most != votes.end() && most->second * 2 > voters.size();
        if (!majority && given < voters.size())
            continue; // too few have come so far
        out.index = at.first;
        out.split = !majority;
        if (out.split)
            return out;
        for (const auto &[member, hash] : told) {
            if (hash != most->first)
                out.odd.push_back(member);
        }
        return out;
    }
    return out;
}

} // namespace qd::store
