// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/key_request.h"
#include "shared/http/parser.h"
#include "shared/http/url.h"
#include "tests/fuzz/target.h"

namespace qd::fuzz {
namespace {

QByteArray tellOf(const http::Request &request)
{
    QByteArray out = request.methodName.toByteArray() + ' ' + request.path.toByteArray() + '?' +
                     request.query.toByteArray() + ' ' + request.body.toByteArray();
    for (const http::Field &field : request.fields)
        out += '|' + field.name.toByteArray() + '=' + field.value.toByteArray();
    return out;
}

/// Every request of a connection on which bytes come in pieces of that size.
QByteArray requestsOf(const QByteArray &stream, qsizetype piece, QByteArray *way)
{
    http::RequestParser parser({512, 4096});
    QByteArray buffer;
    QByteArray out;
    for (qsizetype at = 0; at < stream.size(); at += piece) {
        buffer += stream.mid(at, piece);
        while (!buffer.isEmpty()) {
            const auto state = parser.feed(buffer);
            if (state == http::RequestParser::State::NeedMore)
                break;
            if (state == http::RequestParser::State::Failed) {
                *way += QByteArray::number(parser.status()) + ' ' + parser.complaint();
                return out + '!'; // which of two faults is named may depend on what is there yet
            }
            const http::Request &request = parser.request(buffer);
            out += tellOf(request) + '\n';
            *way += request.methodName.toByteArray().left(6) + (parser.keepAlive() ? " k" : " c") +
                    QByteArray::number(qulonglong(request.fields.size())) + ' ';
            // As the service does with what it is sent: whatever it is, there is an answer.
            if (const auto key = http::percentDecoded(request.path)) {
                const auto asked = etcd::readKeyRequest(request, *key);
                *way +=
                    asked
                        ? QByteArray::number(qulonglong(asked->what.index()))
                        : asked.error().code.toUtf8() +
                              asked.error().detail.value(QStringLiteral("cause")).left(30).toUtf8();
            }
            buffer.remove(0, parser.size());
            if (!parser.keepAlive())
                return out + "closed";
            parser.reset();
        }
    }
    return out;
}

Finding readRequests(const QByteArray &input)
{
    QByteArray way;
    QByteArray ignored;
    const QByteArray whole = requestsOf(input, std::max<qsizetype>(1, input.size()), &way);
    for (const qsizetype piece : {1, 11}) {
        const QByteArray pieces = requestsOf(input, piece, &ignored);
        // What is malformed shows at once, or when the head has ended.
        const bool waits = whole.startsWith(pieces) && whole.mid(pieces.size()).startsWith('!');
        if (pieces != whole && !waits)
            return {
                QStringLiteral("in pieces of %1 it is \"%2\", whole \"%3\"")
                    .arg(piece)
                    .arg(QString::fromLatin1(pieces), QString::fromLatin1(whole)),
                way};
    }
    return {{}, way.left(120)};
}

QByteArrayList requests()
{
    const QByteArray head = " HTTP/1.1\r\nHost: a\r\n";
    const QByteArray form = "Content-Type: application/x-www-form-urlencoded\r\n";
    return {
        "GET /v2/keys/a?recursive=true&sorted=false&wait=true&waitIndex=7&stream=true" + head +
            "\r\n",
        "PUT /v2/keys/a%2Fb?prevExist=true" + head + form +
            "Content-Length: 23\r\n\r\nvalue=a+b%20c&ttl=5&x=y",
        "POST /v2/keys/q" + head + form +
            "Transfer-Encoding: chunked\r\n\r\n5\r\nvalue\r\n2\r\n=1\r\n0\r\n\r\n",
        "DELETE /v2/keys/a?dir=true&prevValue=x&prevIndex=12" + head + "Connection: close\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\nGET /version HTTP/1.1\r\nHost: b\r\nExpect: 100-continue\r\n\r\n"};
}

Finding readForm(const QByteArray &input)
{
    http::Form form;
    const auto added = form.add(input);
    const QByteArray clean = http::cleanedPath(input);
    if (http::cleanedPath(clean) != clean)
        return {QStringLiteral("a cleaned path is not clean"), {}};
    const QByteArray slashed = clean + '/';
    if (slashed.contains("/../") || slashed.contains("/./"))
        return {QStringLiteral("dots are left in a cleaned path"), {}};
    const auto back = http::percentDecoded(http::percentEncodedPath(input));
    if (!back || *back != input)
        return {QStringLiteral("what was encoded is not decoded"), {}};
    const auto decoded = http::percentDecoded(input, true);
    return {
        {},
        (added ? QByteArray("+") : added.error().message.left(30).toUtf8()) +
            (decoded ? "" : decoded.error().message.left(30).toUtf8()) +
            QByteArray::number(clean.count('/'))};
}

} // namespace

Target httpRequestTarget()
{
    return {"http-request", requests, readRequests};
}

Target formTarget()
{
    const auto seeds = [] {
        return QByteArrayList{
            "value=a+b%20c&ttl=5&prevExist=true", "/a//b/../c/./d/", "%zz=%4&&=;a=b;c",
            "a=%E2%82%AC"};
    };
    return {"form", seeds, readForm};
}

} // namespace qd::fuzz
