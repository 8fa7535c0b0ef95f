// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/settings.h"

#include <QStringList>

namespace qd::units {

/// Sets on a socket, or on a connection that it has taken, what the options of [Socket] ask for.
/// Gives the names of what the kernel refuses, with the reason: "TCP_NODELAY failed: ...".
QStringList setSocketOptions(int file, const ListenLine &line, const SocketSettings &socket);
/// What has to be set before an address is bound.
void setBindOptions(int file, const ListenLine &line, const SocketSettings &socket);

} // namespace qd::units
