// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/raft/types.h"

namespace qd::raft {

/// The log in memory, from just after the compacted prefix to the last entry. Answers the term of
/// the boundary itself, so that a fully compacted log is not an empty one.
class Log {
public:
    Log(Index boundary, Term boundaryTerm)
        : m_boundary(boundary)
        , m_boundaryTerm(boundaryTerm)
    {
    }

    Index firstIndex() const { return m_boundary + 1; }
    Index lastIndex() const { return m_boundary + Index(m_entries.size()); }
    Term lastTerm() const { return termAt(lastIndex()); }
    /// The boundary and everything after it has a term here; 0 for anything else.
    Term termAt(Index index) const;
    bool matches(Index index, Term term) const
    {
        return index >= m_boundary && index <= lastIndex() && termAt(index) == term;
    }
    /// Term first, then index.
    bool isUpToDate(Index index, Term term) const
    {
        return term > lastTerm() || (term == lastTerm() && index >= lastIndex());
    }
    const Entry &at(Index index) const { return m_entries.at(size_t(index - m_boundary - 1)); }
    /// Entries from `from` to `to` inclusive, at least one, then at most `maxBytes` of data.
    std::vector<Entry> slice(Index from, Index to, qint64 maxBytes) const;

    void append(Entry entry);
    /// Drops `from` and everything after it.
    void truncateFrom(Index from);
    /// Drops everything up to and with `index`, which must be in the log.
    void compactTo(Index index);
    /// Forgets everything: the log now begins after a snapshot.
    void resetTo(Index index, Term term);
    /// The highest index not above `index` whose term is not above `term`.
    Index lastNotAbove(Index index, Term term) const;

private:
    Index m_boundary;
    Term m_boundaryTerm;
    std::vector<Entry> m_entries;
};

} // namespace qd::raft
