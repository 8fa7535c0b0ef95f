// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/http/stream.h"

#include <QSslSocket>
#include <QTimer>

namespace qd::http {

namespace {

// What may wait inside Qt before the connection is told to wait itself.
constexpr qint64 kAheadBytes = 256 * 1024;
constexpr int kFarewellMs = 5'000;

class TlsStream final : public Stream {
public:
    TlsStream(std::unique_ptr<QSslSocket> socket, Listener &listener)
        : m_socket(socket.release())
        , m_listener(listener)
        , m_alive(std::make_shared<bool>(true))
    {
        QObject::connect(m_socket, &QSslSocket::readyRead, m_socket, [this] { readOn(); });
        QObject::connect(
            m_socket, &QSslSocket::encryptedBytesWritten, m_socket, [this] { writeOn(); });
        QObject::connect(
            m_socket, &QSslSocket::disconnected, m_socket, [this] { m_listener.broken(); });
    }
    /// What was written still goes out; the socket ends by itself then.
    ~TlsStream() override
    {
        m_socket->disconnect(m_socket);
        if (m_socket->state() == QAbstractSocket::UnconnectedState) {
            m_socket->deleteLater();
            return;
        }
        QObject::connect(m_socket, &QSslSocket::disconnected, m_socket, &QSslSocket::deleteLater);
        QTimer::singleShot(kFarewellMs, m_socket, [socket = m_socket] { socket->abort(); });
        m_socket->disconnectFromHost();
    }

    qsizetype read(char *to, qsizetype most) override
    {
        if (m_socket->bytesAvailable() > 0)
            return m_socket->read(to, most);
        return m_socket->state() == QAbstractSocket::ConnectedState ? kLater : kBroken;
    }
    qsizetype write(QByteArrayView bytes) override
    {
        const qint64 room =
            kAheadBytes - m_socket->bytesToWrite() - m_socket->encryptedBytesToWrite();
        if (room <= 0)
            return kLater;
        const qint64 taken = m_socket->write(bytes.data(), std::min(room, bytes.size()));
        return taken < 0 ? kBroken : taken;
    }
    void endWriting() override { m_socket->disconnectFromHost(); }
    void want(bool reading, bool writing) override
    {
        m_writing = writing;
        const bool again = reading && !std::exchange(m_reading, reading);
        if (again && m_socket->bytesAvailable() > 0)
            QMetaObject::invokeMethod(
                m_socket, [this] { readOn(); }, Qt::QueuedConnection);
    }

private:
    void readOn()
    {
        const std::weak_ptr<bool> alive = m_alive;
        while (!alive.expired() && m_reading && m_socket->bytesAvailable() > 0)
            m_listener.readable();
    }
    void writeOn()
    {
        if (m_writing && m_socket->encryptedBytesToWrite() < kAheadBytes / 2)
            m_listener.writable();
    }

    QSslSocket *m_socket; ///< outlives this object until all is written
    Listener &m_listener;
    std::shared_ptr<bool> m_alive;
    bool m_reading = true;
    bool m_writing = false;
};

} // namespace

std::unique_ptr<Stream> tlsStream(std::unique_ptr<QSslSocket> socket, Stream::Listener &listener)
{
    return std::make_unique<TlsStream>(std::move(socket), listener);
}

} // namespace qd::http
