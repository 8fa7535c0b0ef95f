// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/http/message.h"

/// Answers in plain text, as Go's HTTP server writes them.
namespace qd::etcd {

http::Response plainError(int status, QByteArrayView body);
http::Response notFound();
/// `allowed`: the methods, separated by commas.
http::Response notAllowed(QByteArrayView allowed);

} // namespace qd::etcd
