// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"
#include "shared/model/store_entry.h"

#include <QJsonObject>
#include <QList>
#include <optional>

namespace qd::session {

/// A change of the store, as store.watch and store.history tell it.
struct StoreEvent {
    QString action; ///< set, create, update, delete, compareAndSwap, compareAndDelete, expire
    StoreEntry entry;
    std::optional<StoreEntry> previous;
    qint64 index = 0;
};

Result<StoreEvent> storeEventOf(const QJsonObject &line);

/// The changes of a key that the store still knows: it keeps the last 1,000 of all keys.
struct StoreHistory {
    qint64 from = 0; ///< nothing before this index is known; 0 = nothing has happened yet
    qint64 to = 0;
    QList<StoreEvent> events; ///< oldest first
};

} // namespace qd::session
