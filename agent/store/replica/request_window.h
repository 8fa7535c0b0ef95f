// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/store/state_sum.h"

#include <QByteArray>
#include <QSet>
#include <QtEndian>
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
        m_sum += mixed(id);
        if (m_order.size() > kSize) {
            m_ids.remove(m_order.front());
            m_sum -= mixed(m_order.front());
            m_order.pop_front();
        }
        return true;
    }
    size_t size() const { return m_order.size(); }
    /// All of them in one step, as ByteWriter would write them: they are many.
    void save(QByteArray &out) const
    {
        qsizetype at = out.size();
        out.resize(at + qsizetype(m_order.size() * sizeof(quint64)));
        char *const bytes = out.data();
        for (const quint64 id : m_order) {
            qToLittleEndian(id, bytes + at);
            at += qsizetype(sizeof id);
        }
    }
    /// Changes with each id that comes or goes.
    quint64 sum() const { return m_sum; }
    void clear()
    {
        m_ids.clear();
        m_order.clear();
        m_sum = 0;
    }

private:
    QSet<quint64> m_ids; ///< a quarter of the memory of a std::unordered_set
    std::deque<quint64> m_order;
    quint64 m_sum = 0;
};

} // namespace qd::store
