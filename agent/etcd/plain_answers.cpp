// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/plain_answers.h"

namespace qd::etcd {

http::Response plainError(int status, QByteArrayView body)
{
    http::Response out = http::text(status, body);
    out.fields += "X-Content-Type-Options: nosniff\r\n";
    out.body += '\n';
    return out;
}

http::Response notFound()
{
    return plainError(404, "404 page not found");
}

http::Response notAllowed(QByteArrayView allowed)
{
    http::Response out = plainError(405, "Method Not Allowed");
    out.fields.append("Allow: ").append(allowed).append("\r\n");
    return out;
}

} // namespace qd::etcd
