// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/store/store_client.h"
#include "shared/model/store_entry.h"
#include "shared/rpc/collection.h"

namespace qd::control {

/// The keys below one directory as a live collection: a read, then a watch from there. When the
/// watch has fallen out of the store's window it is read anew. Values above 64 KiB are cut for the
/// view; store.get has them whole.
class StoreCollection : public rpc::Collection<StoreEntry> {
    Q_OBJECT
public:
    StoreCollection(store::StoreClient &store, const QString &key);

private:
    void read();
    void apply(const store::Event &event);
    void put(StoreEntry entry);
    void removeBelow(const QString &key);

    store::StoreClient &m_store;
    QString m_key;
    std::unique_ptr<store::Watch> m_watch;
};

} // namespace qd::control
