// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/rpc/frame.h"
#include "shared/rpc/stream.h"

#include <QElapsedTimer>
#include <QHash>
#include <QMap>
#include <QSslSocket>
#include <QTimer>
#include <functional>
#include <memory>

namespace qd::rpc {

struct Limits {
    int frameBytes = kFrameBytes;
    int callsInFlight = 128;
    int subscriptions = 64;
    int streamCredit = 256 * 1024;
    int chunkBytes = 64 * 1024;
    int pingMs = 5'000;
    int deadMs = 15'000;
};

using Answer = std::function<void(Result<QCborMap>)>;

/// One end of a control connection after its TLS handshake: frames, calls with deadlines, streams,
/// pings. Both programs use it; the server's side gets what is not an answer through `setIncoming`.
class Connection : public QObject {
    Q_OBJECT
public:
    explicit Connection(
        std::unique_ptr<QSslSocket> socket, const Limits &limits = {}, QObject *parent = nullptr);
    ~Connection() override;

    const Limits &limits() const { return m_limits; }
    QSslSocket &socket() { return *m_socket; }
    bool isOpen() const { return m_open; }

    /// Asks; `done` is called exactly once, with code::deadline after `deadlineMs` (0 = none) and
    /// code::unknownOutcome when the connection is lost first. `extra` joins the frame (node, as).
    /// The id is for `cancel`.
    qint64 call(
        const QString &method, const QCborMap &params, int deadlineMs, Answer done,
        const QCborMap &extra = {});
    /// Forgets the call (`done` gets code::cancelled) and tells the peer.
    void cancel(qint64 id);
    /// Asks for a stream: the answer says whether it was opened. `answered` may be empty.
    std::shared_ptr<Stream> open(
        const QString &method, const QCborMap &params, int deadlineMs, Answer answered,
        const QCborMap &extra = {});
    /// The stream of a call that the peer has made.
    std::shared_ptr<Stream> acceptStream(qint64 id);

    /// Calls, cancels and subscription frames of the peer. A false result closes the connection.
    using Incoming = std::function<bool(const QCborMap &)>;
    void setIncoming(Incoming incoming) { m_incoming = std::move(incoming); }
    /// Called whenever the socket has room, for what is made on demand (pages, deltas). True: it
    /// has sent something and wants to be called again.
    void setProducer(std::function<bool()> producer) { m_producer = std::move(producer); }

    void send(const QCborMap &frame);
    void sendEncoded(const QByteArray &frame);
    void pumpSoon();
    /// Sends what waits in the socket, then closes; `closed` reports `why`.
    void close(const Error &why);

Q_SIGNALS:
    /// Once, when the connection is over.
    void closed(const qd::Error &why);

private:
    friend class Stream;
    struct Pending {
        Answer done;
        QTimer *deadline = nullptr;
        QString method;
    };

    void readFrames();
    bool handle(const QCborMap &frame);
    void settle(qint64 id, Result<QCborMap> result);
    void pump();
    void beat();
    void forgetStream(qint64 id) { m_streams.remove(id); }
    std::shared_ptr<Stream> makeStream(qint64 id);

    std::unique_ptr<QSslSocket> m_socket;
    Limits m_limits;
    FrameReader m_reader;
    QHash<qint64, Pending> m_pending;
    QMap<qint64, Stream *> m_streams;
    qint64 m_lastStream = 0; ///< whose turn was last
    qint64 m_nextId = 1;
    Incoming m_incoming;
    std::function<bool()> m_producer;
    QTimer m_beat;
    QElapsedTimer m_heard;
    bool m_pumpQueued = false;
    bool m_open = true;
};

} // namespace qd::rpc
