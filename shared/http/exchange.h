// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QSslConfiguration>
#include <QSslSocket>
#include <QTimer>
#include <functional>
#include <optional>

namespace qd::http {

/// Takes an answer apart as it comes: its head, then its body without the chunks' frames. Pure.
class AnswerReader {
public:
    struct Head {
        int status = 0;
        /// Complete lines, without those that concern the connection or the length.
        QByteArray fields;
        qint64 length = -1; ///< -1: not said
    };
    explicit AnswerReader(bool headOnly)
        : m_headOnly(headOnly)
    {
    }
    /// More of the body, which `head()` precedes; code::badInput: no HTTP.
    Result<QByteArray> feed(QByteArrayView bytes);
    bool hasHead() const { return m_hasHead; }
    const Head &head() const { return m_head; }
    bool isComplete() const { return m_complete; }
    /// The end of the connection; whether the answer was whole.
    bool ended() const { return m_complete || (m_hasHead && !m_chunked && m_head.length < 0); }

private:
    Result<void> readHead();
    Result<QByteArray> readBody();
    Result<QByteArray> readChunks();

    bool m_headOnly;
    QByteArray m_buffer;
    Head m_head;
    bool m_hasHead = false;
    bool m_chunked = false;
    bool m_complete = false;
    qint64 m_left = 0; ///< of the body, or of the present chunk with its line's end
};

/// One request to a server on a connection of its own, and its answer as it comes.
class Exchange final : public QObject {
    Q_OBJECT
public:
    struct Times {
        int dialMs = 1'000;  ///< until it is connected, TLS included
        int writeMs = 5'000; ///< while the server takes nothing of the request
        int readMs = 0;      ///< without a byte; 0 = for ever
    };
    struct Ears {
        std::function<void(const AnswerReader::Head &)> head;
        std::function<void(const QByteArray &)> part;
        /// Once. An error before the head: nobody has answered.
        std::function<void(Result<void>)> end;
    };
    struct Place {
        QString host;
        quint16 port = 0;
        /// Set: over TLS, and the server's certificate must be for that host.
        std::optional<QSslConfiguration> tls = {};
    };
    /// `request` is complete, its method's name first. The exchange ends with the object.
    Exchange(const Place &place, const QByteArray &request, const Times &times, Ears ears);
    ~Exchange() override;

private:
    void send();
    void sent();
    void read();
    void finish(const Result<void> &how);

    QSslSocket m_socket;
    QTimer m_limit;
    QByteArray m_request;
    Times m_times;
    Ears m_ears;
    AnswerReader m_reader;
    bool m_headTold = false;
};

} // namespace qd::http
