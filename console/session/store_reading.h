// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/session/cluster_api.h"

namespace qd::session {

/// Reads the stream of store.read to its end. Errors: the store's, those of the connection, and
/// code::deadline when nothing comes for `silenceMs`.
QFuture<Result<StoreAnswer>>
readEntries(Client &client, const QCborMap &params, int silenceMs = 30'000);

/// Reads the stream of store.history to its end.
QFuture<Result<StoreHistory>>
readHistory(Client &client, const QString &key, bool recursive, int silenceMs = 30'000);

} // namespace qd::session
