// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/http/exchange.h"

#include <QPointer>
#include <array>

namespace qd::http {

namespace {

constexpr qsizetype kMaxHead = 64 * 1024;
constexpr qsizetype kMaxChunkLine = 1024;

tl::unexpected<Error> noHttp(const char *what)
{
    return fail(code::badInput, QStringLiteral("the answer is no HTTP: ") + QLatin1String(what));
}

/// What is between two neighbours, and no matter of those behind them.
bool concernsConnection(const QByteArray &name)
{
    static constexpr std::array<const char *, 6> kNames{
        "connection", "keep-alive", "transfer-encoding", "content-length", "date", "trailer"};
    return std::any_of(
        kNames.begin(), kNames.end(), [&name](const char *each) { return name == each; });
}

} // namespace

Result<QByteArray> AnswerReader::feed(QByteArrayView bytes)
{
    m_buffer.append(bytes);
    if (!m_hasHead) {
        if (const auto read = readHead(); !read)
            return fail(read.error());
    }
    return m_hasHead ? readBody() : QByteArray();
}

Result<void> AnswerReader::readHead()
{
    const qsizetype end = m_buffer.indexOf("\r\n\r\n");
    if (end < 0)
        return m_buffer.size() > kMaxHead ? noHttp("its head does not end") : Result<void>();
    QByteArray head = m_buffer.left(end + 2);
    m_buffer.remove(0, end + 4);
    const qsizetype first = head.indexOf("\r\n");
    const QByteArray status = head.left(first);
    if (!status.startsWith("HTTP/1.") || status.size() < 12)
        return noHttp("its first line");
    m_head = {};
    m_head.status = status.mid(9, 3).toInt();
    for (qsizetype at = first + 2; at < head.size();) {
        const qsizetype eol = head.indexOf("\r\n", at);
        const QByteArray line = head.mid(at, eol - at);
        at = eol + 2;
        const qsizetype colon = line.indexOf(':');
        if (colon <= 0)
            return noHttp("a field without a name");
        const QByteArray name = line.left(colon).toLower();
        const QByteArray value = line.mid(colon + 1).trimmed();
        if (name == "content-length")
            m_head.length = value.toLongLong();
        else if (name == "transfer-encoding")
            m_chunked = value.toLower() == "chunked";
        if (!concernsConnection(name))
            m_head.fields.append(line).append("\r\n");
    }
    if (m_head.status / 100 == 1) // another head follows
        return readHead();
    m_hasHead = true;
    m_left = m_chunked ? 0 : m_head.length;
    const bool bodiless = m_headOnly || m_head.status == 204 || m_head.status == 304;
    m_complete = bodiless || (!m_chunked && m_head.length == 0);
    return {};
}

Result<QByteArray> AnswerReader::readBody()
{
    if (m_complete)
        return QByteArray();
    if (m_chunked)
        return readChunks();
    if (m_head.length < 0)
        return std::exchange(m_buffer, {});
    QByteArray out = m_buffer.left(m_left);
    m_buffer.remove(0, out.size());
    m_left -= out.size();
    m_complete = m_left == 0;
    return out;
}

Result<QByteArray> AnswerReader::readChunks()
{
    QByteArray out;
    while (!m_complete) {
        if (m_left > 2) {
            const QByteArray piece = m_buffer.left(m_left - 2);
            if (piece.isEmpty())
                break;
            out.append(piece);
            m_buffer.remove(0, piece.size());
            m_left -= piece.size();
        } else if (m_left > 0) {
            if (m_buffer.size() < m_left)
                break;
            m_buffer.remove(0, m_left); // the end of the chunk's line
            m_left = 0;
        } else {
            const qsizetype eol = m_buffer.indexOf("\r\n");
            if (eol < 0 && m_buffer.size() > kMaxChunkLine)
                return noHttp("a chunk without a length");
            if (eol < 0)
                break;
            bool ok = false;
            const QByteArray size = m_buffer.left(eol).split(';').first().trimmed();
            const qint64 length = size.toLongLong(&ok, 16);
            if (!ok || length < 0)
                return noHttp("a chunk without a length");
            m_buffer.remove(0, eol + 2);
            m_complete = length == 0;
            m_left = length + 2;
        }
    }
    return out;
}

Exchange::Exchange(const Place &place, const QByteArray &request, const Times &times, Ears ears)
    : m_request(request)
    , m_times(times)
    , m_ears(std::move(ears))
    , m_reader(request.startsWith("HEAD "))
{
    m_limit.setSingleShot(true);
    connect(&m_limit, &QTimer::timeout, this, [this] {
        finish(fail(code::deadline, QStringLiteral("no answer in time")));
    });
    connect(&m_socket, &QSslSocket::readyRead, this, &Exchange::read);
    connect(&m_socket, &QTcpSocket::errorOccurred, this, [this](QAbstractSocket::SocketError why) {
        if (why == QAbstractSocket::RemoteHostClosedError)
            read();
        finish(m_reader.ended() ? Result<void>() : fail(code::unreachable, m_socket.errorString()));
    });
    m_limit.start(times.dialMs);
    if (place.tls) {
        connect(&m_socket, &QSslSocket::encrypted, this, &Exchange::send);
        connect(&m_socket, &QSslSocket::encryptedBytesWritten, this, &Exchange::sent);
        m_socket.setSslConfiguration(*place.tls);
        m_socket.connectToHostEncrypted(place.host, place.port);
    } else {
        connect(&m_socket, &QSslSocket::connected, this, &Exchange::send);
        connect(&m_socket, &QSslSocket::bytesWritten, this, &Exchange::sent);
        m_socket.connectToHost(place.host, place.port);
    }
}

void Exchange::send()
{
    m_limit.start(m_times.writeMs);
    m_socket.setSocketOption(QAbstractSocket::LowDelayOption, 1);
    m_socket.write(m_request);
}

/// A part of the request has gone out.
void Exchange::sent()
{
    if (m_socket.bytesToWrite() > 0 || m_socket.encryptedBytesToWrite() > 0)
        return m_limit.start(m_times.writeMs);
    m_limit.stop();
    if (m_times.readMs > 0)
        m_limit.start(m_times.readMs);
}

Exchange::~Exchange()
{
    m_socket.disconnect(this);
    m_socket.abort();
}

void Exchange::read()
{
    const auto part = m_reader.feed(m_socket.readAll());
    if (!part)
        return finish(fail(part.error()));
    if (m_times.readMs > 0)
        m_limit.start(m_times.readMs);
    const QPointer<Exchange> alive(this); // an ear may end it
    const auto ears = m_ears;
    const bool complete = m_reader.isComplete();
    if (m_reader.hasHead() && !std::exchange(m_headTold, m_reader.hasHead()) && ears.head)
        ears.head(m_reader.head());
    if (alive && !part->isEmpty() && ears.part)
        ears.part(*part);
    if (alive && complete)
        finish({});
}

/// The last thing that happens to it.
void Exchange::finish(const Result<void> &how)
{
    m_limit.stop();
    m_socket.disconnect(this);
    m_socket.abort();
    if (const auto end = std::exchange(m_ears.end, {}))
        end(how);
}

} // namespace qd::http
