// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/http/connection.h"

#include <charconv>

namespace qd::http {

namespace {

constexpr qsizetype kSpareBytes = 64 * 1024;
constexpr int kLingerMs = 2'000;
constexpr int kHandshakeMs = 5'000;

/// Keeps the memory for the next one, unless it is much.
void empty(QByteArray &buffer)
{
    if (buffer.capacity() > kSpareBytes)
        buffer = QByteArray();
    else
        buffer.resize(0);
}

/// How long the next part is, in chunked coding.
void appendSize(QByteArray &out, qsizetype size)
{
    char digits[16];
    const auto end = std::to_chars(digits, digits + sizeof digits, size, 16).ptr;
    out.append(digits, end - digits).append("\r\n");
}

} // namespace

Connection::Connection(ConnectionHost &host)
    : m_host(host)
    , m_parser(host.limits())
{
}

Connection::~Connection() = default;

void Connection::start(std::unique_ptr<Stream> stream)
{
    m_stream = std::move(stream);
    m_sinceMs = m_progressMs = m_host.nowMs();
}

void Connection::refuse(const Response &response)
{
    m_lingers = true;
    m_answering = true;
    m_keepAlive = false;
    send(m_number, response);
}

void Connection::readable()
{
    const auto self = shared_from_this();
    std::vector<char> &scratch = m_host.scratch();
    const qsizetype count = m_stream->read(scratch.data(), qsizetype(scratch.size()));
    if (count == Stream::kLater)
        return;
    if (count == Stream::kBroken)
        return close();
    if (count == 0)
        return halfClosed();
    if (m_closing)
        return; // it is only waited for its end
    if (m_in.isEmpty())
        m_sinceMs = m_host.nowMs();
    m_in.append(scratch.data(), count);
    process();
}

void Connection::halfClosed()
{
    const auto self = shared_from_this();
    m_noMoreInput = true;
    // A held answer may never come: it is not kept for someone who seems to have left.
    if (m_held || m_lingering)
        return close();
    process();
}

void Connection::broken()
{
    close();
}

void Connection::close()
{
    const auto self = shared_from_this();
    if (!m_stream)
        return;
    m_answering = false;
    ++m_number;
    m_stream.reset();
    m_host.ended(*this);
    const auto held = std::exchange(m_held, nullptr); // goes last: it may call back
}

void Connection::process()
{
    if (m_inHandler)
        return;
    while (m_stream && !m_answering && !m_closing && !m_in.isEmpty() && m_body.isEmpty()) {
        // A blank line before a request is forgiven (RFC 9112 2.2).
        if (m_parser.size() == 0 && m_in.startsWith("\r\n")) {
            m_in.remove(0, 2);
            continue;
        }
        const auto state = m_parser.feed(m_in);
        if (state == RequestParser::State::Failed) {
            turnAway();
            break;
        }
        if (m_parser.takeExpectsContinue() && state == RequestParser::State::NeedMore)
            m_out.append("HTTP/1.1 100 Continue\r\n\r\n");
        if (state == RequestParser::State::NeedMore)
            break;
        handleOne();
    }
    if (m_noMoreInput && !m_answering && m_body.isEmpty())
        m_closing = true;
    flush();
}

void Connection::handleOne()
{
    Request &request = m_parser.request(m_in);
    request.client = m_stream.get();
    m_answering = true;
    m_streaming = false;
    m_headOnly = request.method == Method::Head;
    m_chunked = m_parser.isHttp11();
    m_http10 = !m_chunked;
    m_keepAlive = m_parser.keepAlive();
    m_inHandler = true;
    m_host.handler()(request, Answer(weak_from_this(), m_number));
    m_inHandler = false;
    if (m_parser.size() >= m_in.size())
        empty(m_in);
    else
        m_in.remove(0, m_parser.size());
    m_parser.reset();
    m_sinceMs = m_host.nowMs();
}

/// What does not parse is answered, and nothing after it can be trusted.
void Connection::turnAway()
{
    m_answering = true;
    m_keepAlive = false;
    m_headOnly = false;
    m_also.clear();
    m_http10 = false;
    m_streaming = false;
    QByteArray body = QByteArray::number(m_parser.status());
    body.append(' ').append(reason(m_parser.status())).append(": ").append(m_parser.complaint());
    m_lingers = true;
    m_inHandler = true; // no further request
    send(m_number, text(m_parser.status(), body));
    m_inHandler = false;
}

void Connection::writeHead(int status, const QByteArray &fields)
{
    m_out.append(m_http10 ? "HTTP/1.0 " : "HTTP/1.1 ")
        .append(QByteArray::number(status))
        .append(' ');
    m_out.append(reason(status)).append("\r\n").append(fields);
    m_out.append(m_also).append(m_host.dateLine());
    // Each version is told only what it would not expect.
    if (m_keepAlive && m_http10)
        m_out.append("Connection: keep-alive\r\n");
    else if (!m_keepAlive && !m_http10)
        m_out.append("Connection: close\r\n");
}

void Connection::send(quint64 number, const Response &response)
{
    if (!isOpen(number) || m_streaming)
        return;
    writeHead(response.status, response.fields);
    if (response.status != 204 && response.status != 304)
        m_out.append("Content-Length: ")
            .append(QByteArray::number(response.body.size()))
            .append("\r\n");
    m_out.append("\r\n");
    if (!m_headOnly && response.body.size() > kSpareBytes)
        m_body = response.body;
    else if (!m_headOnly)
        m_out.append(response.body);
    finish();
}

void Connection::begin(quint64 number, int status, const QByteArray &fields)
{
    if (!isOpen(number) || m_streaming)
        return;
    m_streaming = true;
    if (!m_chunked)
        m_keepAlive = false; // HTTP/1.0: the end of the connection is the end of the answer
    writeHead(status, fields);
    m_out.append(m_chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n");
    m_host.flushLater(shared_from_this());
}

void Connection::part(quint64 number, QByteArrayView bytes)
{
    if (!isOpen(number) || !m_streaming || bytes.isEmpty() || m_headOnly)
        return;
    if (m_chunked)
        appendSize(m_out, bytes.size());
    m_out.append(bytes);
    if (m_chunked)
        m_out.append("\r\n");
    if (m_out.size() - m_outAt > m_host.limits().unsentBytes)
        return close();
    m_host.flushLater(shared_from_this());
}

void Connection::end(quint64 number)
{
    if (!isOpen(number) || !m_streaming)
        return;
    if (m_chunked && !m_headOnly)
        m_out.append("0\r\n\r\n");
    finish();
}

void Connection::abort(quint64 number)
{
    if (isOpen(number))
        close();
}

void Connection::also(quint64 number, const QByteArray &fields)
{
    if (isOpen(number))
        m_also.append(fields);
}

void Connection::hold(quint64 number, std::shared_ptr<void> owned)
{
    if (!isOpen(number))
        return;
    m_held = std::move(owned);
    if (m_noMoreInput)
        close();
}

/// The answer is complete: on to the next request.
void Connection::finish()
{
    const auto self = shared_from_this();
    m_answering = false;
    m_streaming = false;
    m_also.clear();
    ++m_number;
    m_sinceMs = m_host.nowMs();
    if (!m_keepAlive)
        m_closing = true;
    const auto held = std::exchange(m_held, nullptr);
    if (!m_inHandler)
        process();
}

void Connection::flush()
{
    const auto self = shared_from_this();
    if (!m_stream)
        return;
    if (!write(m_out, m_outAt) || (m_outAt == m_out.size() && !write(m_body, m_bodyAt)))
        return close();
    if (isWritten()) {
        if (m_closing && !linger())
            return close();
        empty(m_out);
        m_outAt = 0;
        const bool waited = !std::exchange(m_body, {}).isEmpty();
        m_bodyAt = 0;
        if (waited && !m_inHandler)
            return process(); // what has come behind a large answer
    }
    want();
}

/// As much as the client takes now; false when there is no client any more.
bool Connection::write(const QByteArray &bytes, qsizetype &at)
{
    while (at < bytes.size()) {
        const qsizetype count = m_stream->write(QByteArrayView(bytes).sliced(at));
        if (count == Stream::kLater)
            break;
        if (count == Stream::kBroken)
            return false;
        at += count;
        m_progressMs = m_host.nowMs();
    }
    return true;
}

/// Closing while the client still sends would cost it our last words: the kernel then resets the
/// connection. So its end is awaited, for a while.
bool Connection::linger()
{
    if (!m_lingers || m_noMoreInput)
        return false;
    if (!m_lingering) {
        m_lingering = true;
        m_sinceMs = m_host.nowMs();
        m_stream->endWriting();
    }
    return true;
}

void Connection::writable()
{
    flush();
}

void Connection::want()
{
    // One that sends ahead of its answers waits in the kernel's buffer.
    const qsizetype most = m_host.limits().headBytes + m_host.limits().bodyBytes;
    const bool reading =
        !m_noMoreInput && (!m_closing || m_lingering) && !(m_answering && m_in.size() > most);
    m_stream->want(reading, !isWritten());
}

void Connection::checkTime(qint64 nowMs)
{
    const Limits &limits = m_host.limits();
    if (m_lingering) {
        if (nowMs - m_sinceMs > kLingerMs)
            close();
    } else if (m_stream && !m_stream->isReady()) {
        if (nowMs - m_sinceMs > std::min(kHandshakeMs, limits.requestMs))
            close();
    } else if (!isWritten()) {
        if (nowMs - m_progressMs > limits.stalledMs)
            close();
    } else if (m_answering) {
        return; // the handler takes its time
    } else if (m_in.isEmpty()) {
        if (nowMs - m_sinceMs > limits.idleMs)
            close();
    } else if (nowMs - m_sinceMs > limits.requestMs) {
        refuse(text(408, "408 Request Timeout: the request did not arrive in time"));
    }
}

} // namespace qd::http
