// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/session/client.h"

namespace qd::session {

struct Snapshot {
    qint64 revision = 0;
    QList<QCborMap> rows;
};

/// The rows of a live collection as they are now. However many there are: unlike the answer of a
/// call they need not fit into one frame. Errors: the collection's, code::unreachable when the
/// connection is lost meanwhile, code::deadline.
QFuture<Result<Snapshot>> snapshot(
    Client &client, const QString &collection, const QCborMap &params = {},
    int deadlineMs = 30'000);

} // namespace qd::session
