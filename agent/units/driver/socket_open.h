// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/settings.h"
#include "shared/base/result.h"

namespace qd::units {

/// Opens what one line of [Socket] says; the caller closes it. Error: code::io, the system's words.
Result<int> openListenLine(const ListenLine &line, const SocketSettings &socket);
/// Removes the file, or the queue, that the line has made.
void removeListenLine(const ListenLine &line);
/// Throws away what waits: messages, bytes, connections.
void flushListenLine(int file, const ListenLine &line);

} // namespace qd::units
