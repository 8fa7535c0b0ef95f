// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>
#include <vector>

namespace qd::models {

/// What a filter looks at, a text a row, one after another in one piece of memory: a search through
/// 100,000 rows then runs at the speed of memory, not of pointers. Texts that are replaced leave
/// holes; when these are half of it, the rest moves together.
class SearchTexts {
public:
    void clear()
    {
        m_bytes.clear();
        m_spans.clear();
        m_used = 0;
    }
    void reserve(size_t rows) { m_spans.reserve(rows); }
    void set(size_t row, QByteArrayView text)
    {
        if (row >= m_spans.size())
            m_spans.resize(row + 1);
        Span &span = m_spans[row];
        m_used += size_t(text.size()) - span.size;
        if (size_t(text.size()) > span.size) {
            span.from = m_bytes.size();
            m_bytes.resize(span.from + size_t(text.size()));
        }
        span.size = size_t(text.size());
        std::copy(text.begin(), text.end(), m_bytes.begin() + qptrdiff(span.from));
        if (m_bytes.size() > kSmall && m_bytes.size() > m_used * 2)
            pack();
    }
    QByteArrayView at(size_t row) const
    {
        return {m_bytes.data() + m_spans[row].from, qsizetype(m_spans[row].size)};
    }
    size_t bytes() const { return m_bytes.size(); }

private:
    static constexpr size_t kSmall = 1 << 16;
    struct Span {
        size_t from = 0;
        size_t size = 0;
    };
    void pack()
    {
        std::vector<char> packed;
        packed.reserve(m_used);
        for (Span &span : m_spans) {
            const auto from = m_bytes.begin() + qptrdiff(span.from);
            span.from = packed.size();
            packed.insert(packed.end(), from, from + qptrdiff(span.size));
        }
        m_bytes = std::move(packed);
    }

    std::vector<char> m_bytes;
    std::vector<Span> m_spans;
    size_t m_used = 0;
};

} // namespace qd::models
