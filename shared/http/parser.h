// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/http/message.h"

#include <memory>

namespace qd::http {

/// Reads one request from the front of a buffer that grows. Beyond the grammar it checks what
/// leads servers and proxies to disagree: exactly one Host, no folded fields, no second length.
class RequestParser {
public:
    enum class State { NeedMore, Complete, Failed };

    explicit RequestParser(const Limits &limits);
    ~RequestParser();
    RequestParser(const RequestParser &) = delete;
    RequestParser &operator=(const RequestParser &) = delete;

    /// `buffer` begins with what the last call was given, and may have moved.
    State feed(QByteArrayView buffer);
    /// The client waits for a word before it sends the body (Expect: 100-continue). Says so once.
    bool takeExpectsContinue();
    /// When complete: how many bytes of the buffer the request was.
    qsizetype size() const;
    /// When complete: the request; its views point into `buffer`.
    Request &request(QByteArrayView buffer);
    bool keepAlive() const;
    bool isHttp11() const;
    /// When failed: what to answer.
    int status() const;
    QByteArray complaint() const;
    /// Ready for the next request.
    void reset();

private:
    class Machine; // Beast's headers stay in one source file
    std::unique_ptr<Machine> m_machine;
    Limits m_limits;
    Request m_request;
};

} // namespace qd::http
