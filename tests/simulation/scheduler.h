// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/clock.h"

#include <functional>
#include <queue>
#include <vector>

namespace qd::sim {

/// Virtual time, and one heap of events ordered by (time, sequence). The trace hash says what
/// happened in which order: the same seed gives the same hash.
class Scheduler final : public Clock {
public:
    qint64 nowUs() const { return m_now; }
    qint64 monotonicMs() const override { return m_now / 1000; }
    qint64 wallUs() const override { return m_now; }

    void after(qint64 us, quint64 label, std::function<void()> what)
    {
        m_heap.push_back({m_now + us, ++m_sequence, label, std::move(what)});
        std::push_heap(m_heap.begin(), m_heap.end(), Later());
    }
    /// False when nothing is left, or nothing before `untilUs`: then that is the time.
    bool step(qint64 untilUs)
    {
        if (m_heap.empty() || m_heap.front().at > untilUs) {
            m_now = untilUs;
            return false;
        }
        std::pop_heap(m_heap.begin(), m_heap.end(), Later());
        const Event event = std::move(m_heap.back());
        m_heap.pop_back();
        m_now = event.at;
        ++m_events;
        note(quint64(event.at));
        note(event.label);
        event.what();
        return true;
    }
    void note(quint64 value) { m_hash = (m_hash ^ value) * 0x9e3779b97f4a7c15ULL ^ (m_hash >> 29); }
    quint64 traceHash() const { return m_hash; }
    quint64 events() const { return m_events; }

private:
    struct Event {
        qint64 at = 0;
        quint64 sequence = 0;
        quint64 label = 0;
        std::function<void()> what;
    };
    struct Later {
        bool operator()(const Event &a, const Event &b) const
        {
            return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
        }
    };

    qint64 m_now = 0;
    quint64 m_sequence = 0;
    quint64 m_events = 0;
    quint64 m_hash = 1;
    std::vector<Event> m_heap;
};

} // namespace qd::sim
