// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/session/store_events.h"

#include "shared/codec/codec.h"

namespace qd::session {

Result<StoreEvent> storeEventOf(const QJsonObject &line)
{
    StoreEvent out;
    out.action = line.value(QLatin1String("action")).toString();
    const auto entry = codec::fromJson<StoreEntry>(line.value(QLatin1String("entry")).toObject());
    if (!entry)
        return fail(entry.error());
    if (entry->key.isEmpty())
        return fail(code::badInput, QStringLiteral("An event of the store names no key."));
    out.entry = *entry;
    out.index = line.value(QLatin1String("index")).toInteger(entry->modifiedIndex);
    if (const QJsonValue before = line.value(QLatin1String("previous")); before.isObject()) {
        const auto previous = codec::fromJson<StoreEntry>(before.toObject());
        if (!previous)
            return fail(previous.error());
        out.previous = *previous;
    }
    return out;
}

} // namespace qd::session
