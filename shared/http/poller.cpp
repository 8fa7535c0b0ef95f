// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/http/poller.h"

#include <array>
#include <sys/epoll.h>
#include <unistd.h>

namespace qd::http {

namespace {

constexpr int kBatch = 512;

} // namespace

Poller::Poller()
    : m_set(epoll_create1(EPOLL_CLOEXEC))
{
    if (m_set < 0)
        return;
    m_notifier = std::make_unique<QSocketNotifier>(m_set, QSocketNotifier::Read);
    QObject::connect(
        m_notifier.get(), &QSocketNotifier::activated, m_notifier.get(), [this] { dispatch(); });
}

Poller::~Poller()
{
    m_notifier.reset();
    if (m_set >= 0)
        ::close(m_set);
}

quint32 Poller::add(int socket, quint32 events, Watcher &watcher)
{
    if (m_free.empty()) {
        m_free.push_back(quint32(m_slots.size()));
        m_slots.emplace_back();
    }
    const quint32 number = m_free.back();
    m_free.pop_back();
    Slot &slot = m_slots[number];
    slot.socket = socket;
    slot.events = events;
    slot.watcher = &watcher;
    control(EPOLL_CTL_ADD, number);
    return number;
}

void Poller::change(quint32 number, quint32 events)
{
    if (m_slots[number].events == events)
        return;
    m_slots[number].events = events;
    control(EPOLL_CTL_MOD, number);
}

void Poller::remove(quint32 number)
{
    Slot &slot = m_slots[number];
    control(EPOLL_CTL_DEL, number);
    slot.watcher = nullptr;
    slot.socket = -1;
    ++slot.generation; // what this round has still to say of it is void
    m_free.push_back(number);
}

void Poller::control(int operation, quint32 number)
{
    const Slot &slot = m_slots[number];
    epoll_event event = {};
    event.events = slot.events;
    event.data.u64 = quint64(slot.generation) << 32 | number;
    // It can fail only for want of memory; the connection then ends by its time limit.
    epoll_ctl(m_set, operation, slot.socket, &event);
}

void Poller::dispatch()
{
    std::array<epoll_event, kBatch> events;
    const int count = epoll_wait(m_set, events.data(), kBatch, 0);
    for (int i = 0; i < count; ++i) {
        const auto number = quint32(events[size_t(i)].data.u64);
        const auto generation = quint32(events[size_t(i)].data.u64 >> 32);
        const Slot &slot = m_slots[number];
        if (slot.watcher != nullptr && slot.generation == generation)
            slot.watcher->ready(events[size_t(i)].events);
    }
}

} // namespace qd::http
