// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QtGlobal>
#include <deque>
#include <unordered_set>

namespace qd::store {

/// The ids of the last writes that were applied: one that is proposed again is applied once
/// (anchors-engines.md 1.7, point 17). Part of the replicated state.
class RequestWindow {
public:
    static constexpr size_t kSize = 65'536;

    /// False when the id was there already.
    bool add(quint64 id)
    {
        if (!m_ids.insert(id).second)
            return false;
        m_order.push_back(id);
        if (m_order.size() > kSize) {
            m_ids.erase(m_order.front());
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
    std::unordered_set<quint64> m_ids;
    std::deque<quint64> m_order;
};

} // namespace qd::store
