// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/store/store_client.h"
#include "shared/http/answer.h"

namespace qd::etcd {

/// What the watchers of this member are told: the thousand that hear of one event share its text.
class EventTexts {
public:
    const QByteArray &of(const store::Event &event);

private:
    quint64 m_index = 0; ///< of the event: each of a store has one of its own
    QByteArray m_text;
};

/// A watch that a client holds open. The connection owns it: when the client leaves, the watch
/// ends.
class WatchAnswer : public std::enable_shared_from_this<WatchAnswer> {
public:
    /// `fields` are those of the answer, as of the moment when the watch was set up.
    WatchAnswer(
        const http::Answer &answer, const std::shared_ptr<EventTexts> &texts,
        const QByteArray &fields, const QByteArray &errorFields)
        : m_answer(answer)
        , m_texts(texts)
        , m_fields(fields)
        , m_errorFields(errorFields)
    {
    }

    void start(store::StoreClient &store, store::WatchRequest request);

private:
    /// Tells the client that the watch stands; an error can no longer be its answer then.
    void sendHead();
    void onEvent(const Result<store::Event> &event);

    http::Answer m_answer;
    std::shared_ptr<EventTexts> m_texts;
    QByteArray m_fields; ///< until they are sent
    QByteArray m_errorFields;
    bool m_stream = false;
    bool m_begun = false;
    std::unique_ptr<store::Watch> m_watch;
};

} // namespace qd::etcd
