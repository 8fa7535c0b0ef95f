// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace qd::http {

/// The IP address of a connected socket's other end as text; empty: it has none.
QByteArray peerAddress(int socket);

} // namespace qd::http
