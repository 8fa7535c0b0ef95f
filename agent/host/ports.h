// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QString>
#include <sys/types.h>

namespace qd::host {

/// The ports of every node: etcd's API, raft, control (architecture.md 2).
inline constexpr quint16 kEtcdPort = 2379;
inline constexpr quint16 kPeerPort = 2380;
inline constexpr quint16 kControlPort = 7443;

/// code::taken with the holder's name when one of a node's ports on `address` is in use.
Result<void> requireFree(const QString &address);

inline const QString kTaken = QStringLiteral("taken");

/// Whether the agent at `address` answers GET /health with true. Blocks for at most a second.
bool answersHealthy(const QString &address);

/// The child of `parent` whose program has that name; 0 when there is none.
pid_t childNamed(pid_t parent, const QString &name);

} // namespace qd::host
