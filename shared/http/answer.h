// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/http/message.h"

#include <functional>
#include <memory>

namespace qd::http {

class Connection;

/// The way back to who asked. A small value that may be kept as long as one likes: when the client
/// has left, or the answer is complete, every call does nothing.
class Answer {
public:
    Answer() = default;
    Answer(std::weak_ptr<Connection> connection, quint64 number)
        : m_connection(std::move(connection))
        , m_number(number)
    {
    }

    /// The whole answer.
    void send(const Response &response) const;

    /// An answer in parts: its head goes out at once, then every part as it comes.
    void begin(int status, const QByteArray &fields) const;
    void part(QByteArrayView bytes) const;
    void end() const;
    /// Cuts the answer short; the client sees that it is not whole.
    void abort() const;

    /// Complete lines that the head of this answer has beside its own.
    void also(const QByteArray &fields) const;

    /// Keeps `owned` until the answer is complete or the client has left, whichever is first: the
    /// way to let go of what feeds a held answer. Without it, a client that has only stopped
    /// sending still gets its answer.
    void hold(std::shared_ptr<void> owned) const;
    bool isOpen() const;

private:
    std::weak_ptr<Connection> m_connection;
    quint64 m_number = 0;
};

/// Called for each request; must not block. The request lives only as long as the call.
using Handler = std::function<void(const Request &, const Answer &)>;

} // namespace qd::http
