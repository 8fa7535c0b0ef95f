// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/http/message.h"

namespace qd::http {

QByteArrayView Request::field(QByteArrayView name) const
{
    for (const Field &each : fields) {
        if (each.name.compare(name, Qt::CaseInsensitive) == 0)
            return each.value;
    }
    return {};
}

QByteArrayView reason(int status)
{
    struct Known {
        int status;
        const char *text;
    };
    static constexpr Known kKnown[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Request Entity Too Large"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
    };
    for (const Known &known : kKnown) {
        if (known.status == status)
            return known.text;
    }
    return "Unknown";
}

Response text(int status, QByteArrayView body)
{
    return {
        status, QByteArrayLiteral("Content-Type: text/plain; charset=utf-8\r\n"),
        body.toByteArray()};
}

} // namespace qd::http
