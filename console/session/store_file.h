// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/session/cluster_api.h"

/// A subtree of the store as a file of JSON, and what it would take to bring it into a store.
/// Without I/O.
namespace qd::session {

struct StoreFile {
    QString key;      ///< where it was exported from
    qint64 index = 0; ///< of the store, then
    /// Keys relative to `key`; an empty one is `key` itself. Parents stand before their children.
    QList<StoreEntry> entries;
};

/// What was read of a key, recursively. Hidden keys are not read, and so are not in the file.
StoreFile storeFileOf(const StoreAnswer &read);
QByteArray toText(const StoreFile &file);
/// Error code::badInput with what is wrong where.
Result<StoreFile> storeFileFrom(const QByteArray &text);

/// One key of an import.
struct ImportStep {
    enum class State { New, Changed, Same, Blocked };
    State state = State::Same;
    StoreEntry wanted; ///< with its whole key
    qint64 seenIndex = 0;
    QString why; ///< it is blocked
};

/// new, changed, same, blocked.
QString stateText(ImportStep::State state);

/// What an import below `target` would do to what is there now (`there`: read recursively). What
/// is there and not in the file stays as it is.
QList<ImportStep>
planImport(const StoreFile &file, const QString &target, const QList<StoreEntry> &there);

/// The write of a step that is new or changed: it fails if the key is no longer as it was seen.
StoreWrite writeOf(const ImportStep &step);

struct ImportCount {
    int fresh = 0;
    int changed = 0;
    int same = 0;
    int blocked = 0;
    int writes() const { return fresh + changed; }
};
ImportCount countOf(const QList<ImportStep> &plan);

} // namespace qd::session
