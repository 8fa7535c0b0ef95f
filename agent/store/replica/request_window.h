// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSet>
#include <deque>

namespace qd::store {

/// The ids of the last writes that were applied: one that is proposed again is applied once
/// (anchors-engines.md 1.7, point 17). Part of the replicated state.
class RequestWindow {
public:
    static constexpr size_t kSize = 65'536;

    /// False when the id was there already.
    bool add(quint64 id)
    {
        if (m_ids.contains(id))
            return false;
        m_ids.insert(id);
        m_order.push_back(id);
        if (m_order.size() > kSize) {
            m_ids.remove(m_order.front());
            m_order.pop_front();
        }
        return true;
    }
    const std::deque<quint64> &ids() const { return m_order; }
    void clear()
    {
        m_ids.clear();
        m_order.clear();
    }

private:
    QSet<quint64> m_ids; ///< a quarter of the memory of a std::unordered_set
    std::deque<quint64> m_order;
};

} // namespace qd::store
