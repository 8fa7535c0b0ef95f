// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>

namespace qd::scripting {

/// A value that the client's thread owes the script's. A call of a script looks synchronous because
/// `take` halts the script's own thread, which has nothing else to do; no other thread may call it.
template <class T>
class Handover {
public:
    /// Once.
    void give(T value)
    {
        const std::lock_guard lock(m_mutex);
        m_value = std::move(value);
        m_given.notify_all();
    }
    T take()
    {
        std::unique_lock lock(m_mutex);
        m_given.wait(lock, [this] { return m_value.has_value(); });
        return std::move(*m_value);
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_given;
    std::optional<T> m_value;
};

} // namespace qd::scripting
