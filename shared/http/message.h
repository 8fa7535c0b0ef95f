// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QByteArrayView>
#include <vector>

namespace qd::http {

enum class Method : quint8 { Get, Head, Post, Put, Delete, Options, Patch, Other };

/// What one server takes from strangers.
struct Limits {
    qsizetype headBytes = 64 * 1024;       ///< request line and fields: else 431
    qsizetype bodyBytes = 2 * 1024 * 1024; ///< else 413
    qsizetype connections = 16'000;        ///< else 503
    /// A client that does not read: its connection ends when so much waits for it.
    qsizetype unsentBytes = 64 * 1024 * 1024;
    int requestMs = 30'000; ///< from the first byte of a request to its last: else 408
    int idleMs = 300'000;   ///< between requests; the connection just ends
    int stalledMs = 60'000; ///< an answer of which the client takes no byte
};

class Client;

struct Field {
    QByteArrayView name;
    QByteArrayView value;
};

/// One request. Its views live until the handler returns: keep copies.
struct Request {
    Method method = Method::Other;
    QByteArrayView methodName;
    QByteArrayView path;  ///< as sent: percent-encoded
    QByteArrayView query; ///< as sent, without the question mark
    QByteArrayView body;
    std::vector<Field> fields;
    const Client *client = nullptr; ///< who sends it

    /// The first field of that name, in whatever case; a null view when there is none.
    QByteArrayView field(QByteArrayView name) const;
};

struct Response {
    int status = 200;
    /// Complete lines: "Content-Type: text/plain\r\n". The length, the date and what concerns the
    /// connection are added.
    QByteArray fields;
    QByteArray body;
};

/// "Not Found" for 404.
QByteArrayView reason(int status);
Response text(int status, QByteArrayView body);

} // namespace qd::http
