// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QSocketNotifier>
#include <QtGlobal>
#include <memory>
#include <vector>

namespace qd::http {

/// Readiness of many sockets through one epoll set, itself one notifier of Qt's event loop: a held
/// connection costs nothing while it is idle, and all that is ready is handled in one round.
class Poller {
public:
    class Watcher {
    public:
        virtual ~Watcher() = default;
        /// `events` as of epoll: EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR.
        virtual void ready(quint32 events) = 0;
    };

    Poller();
    ~Poller();
    Poller(const Poller &) = delete;
    Poller &operator=(const Poller &) = delete;

    /// False when the kernel gave no set: nothing can be polled.
    bool isValid() const { return m_set >= 0; }
    /// A number that stands for the socket in the other calls. The watcher must be removed before
    /// it goes.
    quint32 add(int socket, quint32 events, Watcher &watcher);
    void change(quint32 number, quint32 events);
    void remove(quint32 number);

private:
    struct Slot {
        int socket = -1;
        quint32 generation = 0;
        quint32 events = 0;
        Watcher *watcher = nullptr;
    };
    void dispatch();
    void control(int operation, quint32 number);

    int m_set = -1;
    std::unique_ptr<QSocketNotifier> m_notifier;
    std::vector<Slot> m_slots;
    std::vector<quint32> m_free;
};

} // namespace qd::http
