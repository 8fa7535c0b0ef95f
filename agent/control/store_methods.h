// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/store/store_client.h"
#include "shared/model/store_entry.h"
#include "shared/rpc/methods.h"

namespace qd::control {

/// store.get, store.read, store.history, store.set, store.delete, store.watch. Keys under /_qd
/// (tokens) are for admins.
void addStoreMethods(rpc::Methods &methods, store::StoreClient &store);

StoreEntry entryOf(const store::Node &node);
/// The node's descendants, flat and in order.
QList<StoreEntry> descendants(const store::Node &node);
/// Absolute, without empty, "." and ".." segments.
QString canonicalKey(const QString &key);

} // namespace qd::control
