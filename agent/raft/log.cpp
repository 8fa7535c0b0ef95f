// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/raft/log.h"

#include "agent/raft/check.h"

#include <algorithm>

namespace qd::raft {

Term Log::termAt(Index index) const
{
    if (index == m_boundary)
        return m_boundaryTerm;
    if (index < m_boundary || index > lastIndex())
        return 0;
    return at(index).term;
}

std::vector<Entry> Log::slice(Index from, Index to, qint64 maxBytes) const
{
    QD_INVARIANT(from > m_boundary, "a slice of the log begins after the compacted prefix");
    std::vector<Entry> out;
    qint64 bytes = 0;
    for (Index index = from; index <= std::min(to, lastIndex()); ++index) {
        const Entry &entry = at(index);
        bytes += entry.data.size();
        if (!out.empty() && bytes > maxBytes)
            break;
        out.push_back(entry);
    }
    return out;
}

void Log::append(Entry entry)
{
    QD_INVARIANT(entry.index == lastIndex() + 1, "entries are appended without a gap (R-16)");
    QD_INVARIANT(entry.term >= lastTerm(), "terms in the log never go down");
    m_entries.push_back(std::move(entry));
}

void Log::truncateFrom(Index from)
{
    QD_INVARIANT(from > m_boundary, "a compacted entry is never truncated");
    if (from <= lastIndex())
        m_entries.resize(size_t(from - m_boundary - 1));
}

void Log::compactTo(Index index)
{
    if (index <= m_boundary)
        return;
    QD_INVARIANT(index <= lastIndex(), "only what is in the log is compacted");
    const Term term = termAt(index);
    m_entries.erase(m_entries.begin(), m_entries.begin() + std::ptrdiff_t(index - m_boundary));
    m_boundary = index;
    m_boundaryTerm = term;
}

void Log::resetTo(Index index, Term term)
{
    m_entries.clear();
    m_boundary = index;
    m_boundaryTerm = term;
}

Index Log::lastNotAbove(Index index, Term term) const
{
    Index at = std::min(index, lastIndex());
    while (at > m_boundary && termAt(at) > term)
        --at;
    return at;
}

} // namespace qd::raft
