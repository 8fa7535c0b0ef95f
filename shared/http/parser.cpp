// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/http/parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <optional>

namespace qd::http {

namespace beast = boost::beast;
using beast::string_view;

namespace {

constexpr auto kFolded = "folded header fields are not accepted";

struct Span {
    qsizetype at = 0;
    qsizetype size = 0;

    QByteArrayView in(QByteArrayView buffer) const { return buffer.sliced(at, size); }
};

Method methodOf(beast::http::verb verb)
{
    switch (verb) {
    case beast::http::verb::get:
        return Method::Get;
    case beast::http::verb::head:
        return Method::Head;
    case beast::http::verb::post:
        return Method::Post;
    case beast::http::verb::put:
        return Method::Put;
    case beast::http::verb::delete_:
        return Method::Delete;
    case beast::http::verb::options:
        return Method::Options;
    case beast::http::verb::patch:
        return Method::Patch;
    default:
        return Method::Other;
    }
}

} // namespace

/// Notes where in the buffer everything stands. Asserts nothing about the buffer's place: it may
/// move between two calls.
class RequestParser::Machine final : public beast::http::basic_parser<true> {
public:
    explicit Machine(const Limits &limits)
    {
        eager(true);
        header_limit(std::uint32_t(limits.headBytes));
        body_limit(std::uint64_t(limits.bodyBytes));
    }

    State feed(QByteArrayView buffer)
    {
        m_base = buffer.data();
        m_size = buffer.size();
        while (m_status == 0 && !is_done() && consumed < buffer.size() && !waitsForChunk()) {
            beast::error_code error;
            const auto used =
                put(boost::asio::const_buffer(
                        buffer.data() + consumed, std::size_t(buffer.size() - consumed)),
                    error);
            consumed += qsizetype(used);
            if (error == beast::http::error::need_more)
                break;
            if (error)
                failed(error);
            else if (used == 0)
                break;
        }
        if (m_status == 0 && !is_header_done() && buffer.size() > headLimit)
            complain(431, "the head of the request is too long");
        if (m_status != 0)
            return State::Failed;
        return is_done() ? State::Complete : State::NeedMore;
    }

    qsizetype headLimit = 0;
    qsizetype consumed = 0;
    Method method = Method::Other;
    Span methodName;
    Span target;
    Span body;
    QByteArray chunks; ///< the body when it came in chunks
    std::vector<std::pair<Span, Span>> fields;
    bool http11 = true;
    bool expectsContinue = false;
    int m_status = 0;
    QByteArray m_complaint;

private:
    void complain(int status, const char *text)
    {
        if (m_status != 0)
            return;
        m_status = status;
        m_complaint = text;
    }

    void failed(const beast::error_code &error)
    {
        if (error == beast::http::error::header_limit)
            complain(431, "the head of the request is too long");
        else if (error == beast::http::error::body_limit)
            complain(413, "the body of the request is too long");
        else if (error == beast::http::error::bad_version && namesVersion())
            complain(505, "this server speaks HTTP/1.0 and HTTP/1.1");
        else
            complain(400, "malformed request");
    }

    /// No body in chunks ends with fewer bytes than "0", an empty line and their ends. Beast takes
    /// it for granted that they are there when it looks at a last chunk for the second time, and
    /// ends the program when they are not.
    bool waitsForChunk() const
    {
        return is_header_done() && chunked() &&
               m_size - consumed < qsizetype(sizeof "0\r\n\r\n" - 1);
    }

    /// Whether the first line is whole, and its third and last word a version.
    bool namesVersion() const
    {
        const QByteArrayView buffer(m_base, m_size);
        const QByteArrayView line = buffer.first(std::max<qsizetype>(0, buffer.indexOf('\n')));
        const qsizetype third = line.lastIndexOf(' ') + 1;
        return line.endsWith('\r') && std::count(line.begin(), line.end(), ' ') == 2 &&
               line.sliced(third).startsWith("HTTP/");
    }

    /// A line of the head that begins with a blank.
    bool hasFoldedField() const
    {
        const QByteArrayView buffer(m_base, m_size);
        qsizetype end = buffer.indexOf('\n');
        while (end >= 0 && end + 1 < m_size && buffer[end + 1] != '\r') {
            if (buffer[end + 1] == ' ' || buffer[end + 1] == '\t')
                return true;
            end = buffer.indexOf('\n', end + 1);
        }
        return false;
    }
    bool inBuffer(const char *at) const { return at >= m_base && at <= m_base + m_size; }
    Span span(string_view text) const
    {
        return {qsizetype(text.data() - m_base), qsizetype(text.size())};
    }
    void stop(beast::error_code &error) { error = beast::http::error::bad_value; }

    void on_request_impl(
        beast::http::verb verb, string_view name, string_view where, int version,
        beast::error_code &error) override
    {
        method = methodOf(verb);
        methodName = span(name);
        target = span(where);
        http11 = version >= 11;
        if (version < 10 || version > 11)
            error = beast::http::error::bad_version;
    }
    void on_response_impl(int, string_view, int, beast::error_code &) override {}
    void on_field_impl(
        beast::http::field field, string_view name, string_view value,
        beast::error_code &error) override
    {
        if (is_header_done())
            return; // fields after a chunked body say nothing that we use
        // A folded value was put together elsewhere. Proxies disagree about those.
        if (!inBuffer(value.data()) && !value.empty()) {
            complain(400, kFolded);
            return stop(error);
        }
        if (field == beast::http::field::host && ++m_hosts > 1) {
            complain(400, "too many Host headers");
            return stop(error);
        }
        // What is not understood has an end that cannot be known.
        if (field == beast::http::field::transfer_encoding &&
            (++m_encodings > 1 || !beast::iequals(value, "chunked"))) {
            complain(501, "the only transfer encoding known is chunked");
            return stop(error);
        }
        if (field == beast::http::field::expect) {
            if (!beast::iequals(value, "100-continue")) {
                complain(417, "the only expectation known is 100-continue");
                return stop(error);
            }
            expectsContinue = true;
        }
        fields.emplace_back(span(name), value.empty() ? Span{} : span(value));
    }
    void on_header_impl(beast::error_code &error) override
    {
        if (http11 && m_hosts == 0)
            complain(400, "missing required Host header");
        else if (hasFoldedField())
            complain(400, kFolded);
        else
            return;
        stop(error);
    }
    void on_body_init_impl(boost::optional<std::uint64_t> const &, beast::error_code &) override {}
    std::size_t on_body_impl(string_view part, beast::error_code &) override
    {
        const Span at = span(part);
        if (body.size == 0)
            body.at = at.at;
        body.size += at.size;
        return part.size();
    }
    void on_chunk_header_impl(std::uint64_t, string_view, beast::error_code &) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view part, beast::error_code &) override
    {
        chunks.append(part.data(), qsizetype(part.size()));
        return part.size();
    }
    void on_finish_impl(beast::error_code &) override {}

    const char *m_base = nullptr;
    qsizetype m_size = 0;
    int m_hosts = 0;
    int m_encodings = 0;
};

RequestParser::RequestParser(const Limits &limits)
    : m_limits(limits)
{
    reset();
}

RequestParser::~RequestParser() = default;

void RequestParser::reset()
{
    m_machine = std::make_unique<Machine>(m_limits);
    m_machine->headLimit = m_limits.headBytes;
}

RequestParser::State RequestParser::feed(QByteArrayView buffer)
{
    return m_machine->feed(buffer);
}

bool RequestParser::takeExpectsContinue()
{
    return m_machine->is_header_done() && std::exchange(m_machine->expectsContinue, false);
}

qsizetype RequestParser::size() const
{
    return m_machine->consumed;
}

Request &RequestParser::request(QByteArrayView buffer)
{
    m_request.method = m_machine->method;
    m_request.methodName = m_machine->methodName.in(buffer);
    QByteArrayView target = m_machine->target.in(buffer);
    // The absolute form that proxies use: http://host/path
    if (!target.startsWith('/')) {
        const qsizetype scheme = target.indexOf("://");
        if (scheme >= 0) {
            qsizetype end = scheme + 3; // of the host
            while (end < target.size() && target[end] != '/' && target[end] != '?')
                ++end;
            target = target.sliced(end);
        }
    }
    const qsizetype question = target.indexOf('?');
    m_request.path = question < 0 ? target : target.first(question);
    m_request.query = question < 0 ? QByteArrayView() : target.sliced(question + 1);
    m_request.body =
        m_machine->chunked() ? QByteArrayView(m_machine->chunks) : m_machine->body.in(buffer);
    m_request.fields.clear();
    for (const auto &[name, value] : m_machine->fields)
        m_request.fields.push_back({name.in(buffer), value.in(buffer)});
    return m_request;
}

bool RequestParser::keepAlive() const
{
    return m_machine->keep_alive();
}

bool RequestParser::isHttp11() const
{
    return m_machine->http11;
}

int RequestParser::status() const
{
    return m_machine->m_status;
}

QByteArray RequestParser::complaint() const
{
    return m_machine->m_complaint;
}

} // namespace qd::http
