// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/fleet/presence.h"

#include "agent/fleet/store_mirror.h"
#include "shared/base/log.h"

namespace qd::fleet {

namespace {
/// So often it looks whether to renew, to try again, to give up: well within what is left then.
constexpr int kLooksPerTtl = 24;
constexpr int kMostRestMs = 500;
} // namespace

Presence::Presence(
    store::StoreClient &store, const Keys &keys, MachineDocument self, int ttlSeconds,
    const Clock &clock, QObject *parent)
    : QObject(parent)
    , m_store(store)
    , m_keys(keys)
    , m_self(std::move(self))
    , m_ttl(ttlSeconds)
    , m_clock(clock)
{
    m_timer.setInterval(std::clamp(m_ttl * 1000 / kLooksPerTtl, 20, kMostRestMs));
    connect(&m_timer, &QTimer::timeout, this, &Presence::tick);
}

void Presence::start()
{
    m_validFromMs = m_clock.monotonicMs();
    m_timer.start();
    beat();
}

void Presence::setSelf(const MachineDocument &self)
{
    m_self = self;
    beat();
}

void Presence::setAble(bool able)
{
    m_able = able;
    if (m_able && m_timer.isActive())
        beat();
}

void Presence::tick()
{
    const qint64 now = m_clock.monotonicMs();
    const qint64 age = now - m_validFromMs;
    // A process that was stopped for a while has not tried yet: it tries before it gives up.
    const bool tried = !m_able || m_failed || (m_inFlight && now - m_sentMs > ttlMs() / 4);
    if (age >= fenceMs() && tried && !std::exchange(m_saidLost, true)) {
        m_there = false;
        if (m_able)
            qCWarning(lcFleet) << "the machine's presence could not be renewed for" << age / 1000
                               << "s: its units are stopped, others may run them now";
        else
            qCWarning(lcFleet) << "no unit engine for" << age / 1000
                               << "s: this machine gets no units until there is one";
        Q_EMIT lost();
    }
    if (!m_there || m_failed || age >= renewalMs())
        beat();
}

void Presence::beat()
{
    if (m_inFlight || m_left || !m_able)
        return;
    m_inFlight = true;
    const qint64 sent = m_clock.monotonicMs();
    m_sentMs = sent;
    const QByteArray document = encode(m_self);
    const QString key = m_keys.machineObject(m_self.id);
    const store::WriteRequest request = m_there && document == m_written
                                            ? refreshRequest(key, document, m_ttl)
                                            : putRequest(key, document, m_ttl);
    const QPointer<Presence> self(this);
    m_store.write(request, [self, sent, document](const Result<store::Event> &event) {
        if (!self)
            return;
        self->m_inFlight = false;
        self->m_failed = !event;
        if (!event) {
            qCDebug(lcFleet).noquote() << "presence:" << event.error().text();
            // A store that answers so has forgotten the machine: it is to hear of it whole.
            if (event.error().code.startsWith(QLatin1String("etcd.")) &&
                !std::exchange(self->m_written, {}).isEmpty())
                self->beat();
            return;
        }
        self->m_written = document;
        self->m_validFromMs = sent;
        self->m_saidLost = false;
        if (!std::exchange(self->m_there, true))
            Q_EMIT self->there(event->node.modifiedIndex);
    });
}

void Presence::leave(std::function<void()> done)
{
    m_left = true;
    m_timer.stop();
    m_store.write(
        deleteRequest(m_keys.machineObject(m_self.id)),
        [done = std::move(done)](const Result<store::Event> &) { done(); });
}

} // namespace qd::fleet
