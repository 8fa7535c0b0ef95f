// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/http/answer.h"
#include "shared/http/parser.h"
#include "shared/http/stream.h"

namespace qd::http {

/// What all connections of a server share.
class ConnectionHost {
public:
    virtual ~ConnectionHost() = default;
    virtual const Limits &limits() const = 0;
    virtual const Handler &handler() const = 0;
    /// Milliseconds that never go back.
    virtual qint64 nowMs() const = 0;
    /// The Date field as a complete line.
    virtual QByteArrayView dateLine() = 0;
    /// A buffer for reading that no call keeps.
    virtual std::vector<char> &scratch() = 0;
    /// Calls flush() of the connection at the end of this round.
    virtual void flushLater(const std::shared_ptr<Connection> &connection) = 0;
    virtual void ended(Connection &connection) = 0;
};

/// One client. It handles one request at a time; what the client sends meanwhile waits in its
/// buffer, so that answers keep the order of the requests.
class Connection final : public std::enable_shared_from_this<Connection>, Stream::Listener {
public:
    explicit Connection(ConnectionHost &host);
    ~Connection() override;

    Stream::Listener &listener() { return *this; }
    void start(std::unique_ptr<Stream> stream);
    void refuse(const Response &response);
    /// Ends what has outlived its time limit.
    void checkTime(qint64 nowMs);
    void flush();
    void close();

    // For Answer; `number` tells an old answer from the present one.
    void send(quint64 number, const Response &response);
    void begin(quint64 number, int status, const QByteArray &fields);
    void part(quint64 number, QByteArrayView bytes);
    void end(quint64 number);
    void abort(quint64 number);
    void also(quint64 number, const QByteArray &fields);
    void hold(quint64 number, std::shared_ptr<void> owned);
    bool isOpen(quint64 number) const { return m_answering && number == m_number; }

private:
    void readable() override;
    void writable() override;
    void halfClosed() override;
    void broken() override;

    void process();
    void handleOne();
    void turnAway();
    void finish();
    bool linger();
    void writeHead(int status, const QByteArray &fields);
    void want();
    bool write(const QByteArray &bytes, qsizetype &at);
    bool isWritten() const { return m_outAt == m_out.size() && m_bodyAt == m_body.size(); }

    ConnectionHost &m_host;
    std::unique_ptr<Stream> m_stream;
    RequestParser m_parser;
    QByteArray m_in;
    QByteArray m_out;
    qsizetype m_outAt = 0;
    QByteArray m_body; ///< a large one goes behind m_out, and is not copied
    qsizetype m_bodyAt = 0;
    std::shared_ptr<void> m_held;
    QByteArray m_also; ///< fields for the head of the present answer
    quint64 m_number = 0;
    qint64 m_sinceMs = 0;     ///< the present request's first byte, or the end of the last one
    qint64 m_progressMs = 0;  ///< when the client last took a byte
    bool m_answering = false; ///< a request waits for its answer
    bool m_inHandler = false;
    bool m_streaming = false; ///< its head is out, parts follow
    bool m_chunked = false;
    bool m_http10 = false; ///< the present request is of that version
    bool m_headOnly = false;
    bool m_keepAlive = true;
    bool m_noMoreInput = false;
    bool m_lingers = false;   ///< the client may still be sending when we close
    bool m_lingering = false; ///< waits for the client's end
    bool m_closing = false;   ///< ends when all is written
};

} // namespace qd::http
