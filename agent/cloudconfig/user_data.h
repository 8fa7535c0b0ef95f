// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QByteArray>

namespace qd::cloudconfig {

/// What a platform gave the node to begin with (ch7 2.2).
enum class UserDataKind {
    Empty,
    CloudConfig, ///< first line "#cloud-config"
    Script,      ///< first line "#!..."
    Ignition,    ///< another program's: it is passed over
    Unknown
};
UserDataKind kindOf(const QByteArray &text);

/// A node's addresses; empty: not known.
struct NodeAddresses {
    QByteArray privateIpv4, publicIpv4, privateIpv6, publicIpv6;
};

/// Puts the addresses for $private_ipv4 and the like in the whole text; "\$private_ipv4" stands for
/// itself (ch7 2.4).
QByteArray substituted(const QByteArray &text, const NodeAddresses &addresses);

/// The text of gzip's data, and anything else as it is. code::corrupt: gzip's, and damaged;
/// code::limit: more than 64 MiB.
Result<QByteArray> unpacked(const QByteArray &bytes);

} // namespace qd::cloudconfig
