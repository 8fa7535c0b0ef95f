// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/fleet/store_mirror.h"

#include "shared/base/log.h"

namespace qd::fleet {

namespace {

constexpr int kReloadMs = 200;
constexpr int kKeyNotFound = 100;

bool isRemoval(const QString &action)
{
    return action == QLatin1String("delete") || action == QLatin1String("expire") ||
           action == QLatin1String("compareAndDelete");
}

} // namespace

StoreMirror::StoreMirror(store::StoreClient &store, const Keys &keys, QObject *parent)
    : QObject(parent)
    , m_store(store)
    , m_state(keys)
{
    m_reload.setSingleShot(true);
    connect(&m_reload, &QTimer::timeout, this, &StoreMirror::load);
    m_announce.setSingleShot(true);
    connect(&m_announce, &QTimer::timeout, this, [this] {
        Q_EMIT changed(std::exchange(m_decisive, false));
        settle();
    });
}

StoreMirror::~StoreMirror() = default;

void StoreMirror::start()
{
    load();
}

void StoreMirror::load()
{
    store::GetRequest request;
    request.key = m_state.keys().prefix();
    request.recursive = true;
    const auto all = m_store.getLocal(request);
    if (!all && !isEtcdError(all.error(), kKeyNotFound)) {
        m_reload.start(kReloadMs);
        return;
    }
    m_state.clear();
    if (all)
        take(all->node);
    m_index =
        all ? all->etcdIndex : all.error().detail.value(QStringLiteral("index")).toULongLong();
    store::WatchRequest watch;
    watch.key = m_state.keys().prefix();
    watch.recursive = true;
    watch.stream = true;
    watch.waitIndex = m_index + 1;
    m_watch = m_store.watch(watch, [this](const Result<store::Event> &event) { onEvent(event); });
    announce(true);
}

void StoreMirror::take(const store::Node &node)
{
    if (!node.dir)
        m_state.apply(node.key, node.value);
    for (const store::Node &child : node.children)
        take(child);
}

void StoreMirror::onEvent(const Result<store::Event> &event)
{
    if (!event) {
        // The watch is over, perhaps because its window has passed: all anew, outside its call.
        qCInfo(lcFleet).noquote() << "fleet's watch ended:" << event.error().message;
        m_reload.start(0);
        return;
    }
    m_index = std::max(m_index, event->node.modifiedIndex);
    if (isRemoval(event->action))
        announce(m_state.apply(event->node.key, std::nullopt));
    else if (!event->node.dir)
        announce(m_state.apply(event->node.key, event->node.value));
}

void StoreMirror::announce(bool decisive)
{
    m_decisive = m_decisive || decisive;
    if (!m_announce.isActive())
        m_announce.start(0);
}

void StoreMirror::whenSeen(
    quint64 index, QObject *context, std::function<void()> then, int patienceMs)
{
    m_waiters.push_back({index, context, std::move(then), true});
    if (!m_announce.isActive())
        m_announce.start(0);
    if (patienceMs <= 0)
        return;
    m_waiters.back().patient = false;
    QTimer::singleShot(patienceMs, this, [this, index] {
        for (Waiter &waiter : m_waiters) {
            if (waiter.index <= index && !waiter.patient)
                waiter.index = 0;
        }
        settle();
    });
}

void StoreMirror::settle()
{
    std::vector<Waiter> ready;
    std::erase_if(m_waiters, [&](Waiter &waiter) {
        if (waiter.index > m_index)
            return false;
        ready.push_back(std::move(waiter));
        return true;
    });
    for (const Waiter &waiter : ready) {
        if (waiter.context)
            waiter.then();
    }
}

store::WriteRequest putRequest(const QString &key, const QByteArray &value, int ttl)
{
    store::WriteRequest out;
    out.key = key;
    out.value = value;
    if (ttl > 0)
        out.ttl = ttl;
    out.ttlGiven = ttl > 0;
    return out;
}

store::WriteRequest refreshRequest(const QString &key, const QByteArray &value, int ttl)
{
    store::WriteRequest out = putRequest(key, {}, ttl);
    out.refresh = true;
    out.prevValue = value;
    return out;
}

store::WriteRequest deleteRequest(const QString &key)
{
    store::WriteRequest out;
    out.kind = store::WriteRequest::Kind::Delete;
    out.key = key;
    return out;
}

bool isEtcdError(const Error &error, int number)
{
    return error.code == store::etcdErrorCode(number);
}

} // namespace qd::fleet
