// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/watch_answer.h"

#include "agent/etcd/event_json.h"

namespace qd::etcd {

const QByteArray &EventTexts::of(const store::Event &event)
{
    if (m_index != event.node.modifiedIndex) {
        m_index = event.node.modifiedIndex;
        m_text = eventJson(event);
    }
    return m_text;
}

void WatchAnswer::start(store::StoreClient &store, store::WatchRequest request)
{
    m_stream = request.stream;
    request.stands = [self = weak_from_this()] {
        if (const auto alive = self.lock())
            alive->sendHead();
    };
    m_answer.hold(shared_from_this());
    m_watch = store.watch(request, [self = weak_from_this()](const Result<store::Event> &event) {
        if (const auto alive = self.lock())
            alive->onEvent(event);
    });
}

void WatchAnswer::sendHead()
{
    if (std::exchange(m_begun, true))
        return;
    m_answer.begin(200, std::exchange(m_fields, {}));
}

void WatchAnswer::onEvent(const Result<store::Event> &event)
{
    if (!event && !m_begun) {
        const KeyError error = keyError(event.error());
        m_answer.send(
            {error.status, m_errorFields + "X-Etcd-Index: " + error.index + "\r\n", error.body});
        return;
    }
    sendHead();
    if (event)
        m_answer.part(m_texts->of(*event));
    if (!event || !m_stream)
        m_answer.end();
}

} // namespace qd::etcd
