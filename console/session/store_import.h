// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/session/store_file.h"

namespace qd::session {

/// Reads what is below `target` and says what the import would do. A key that is not there is an
/// empty store.
QFuture<Result<QList<ImportStep>>>
plannedImport(Client &client, const StoreFile &file, const QString &target);

struct ImportFailure {
    QString key;
    Error error;
};
struct ImportOutcome {
    int written = 0;
    QList<ImportFailure> failures; ///< the key was not as the plan saw it, or cannot be written
};

/// {steps: [{key, state, why?}], written, failed: [{key, why}]}
QJsonObject importJson(const QList<ImportStep> &plan, const ImportOutcome &outcome);

/// Writes what is new or changed, one after the other. A key that is no longer as the plan saw it
/// stays as it is and is a failure; the others are written all the same. An error: the cluster
/// could not be asked any more.
QFuture<Result<ImportOutcome>> runImport(Client &client, const QList<ImportStep> &plan);

} // namespace qd::session
