// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDBusConnection>
#include <optional>

namespace qd::units::bus {

/// The process at the other end of a private connection, as the kernel has it. Nothing when it
/// cannot be told.
std::optional<qint32> peerPid(const QDBusConnection &connection);

} // namespace qd::units::bus
