// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/store/store_client.h"

namespace qd::node {

/// The store as a port without authentication may show it: the cluster's own keys under /_qd (the
/// names of join tokens) can neither be read nor written there. Whoever could write one would make
/// himself an admin.
class PublicStore final : public store::StoreClient {
public:
    /// The store must outlive it.
    explicit PublicStore(store::StoreClient &store)
        : m_store(store)
    {
    }
    void get(const store::GetRequest &request, store::EventHandler done) override;
    void write(const store::WriteRequest &request, store::EventHandler done) override;
    std::unique_ptr<store::Watch>
    watch(const store::WatchRequest &request, store::WatchHandler handler) override;
    Result<store::Event> getLocal(const store::GetRequest &request) const override;
    Result<quint64>
    walkLocal(const store::GetRequest &request, store::NodeVisitor &visitor) const override;
    Result<store::History> history(const QString &key, bool recursive) const override;
    bool isLeader() const override { return m_store.isLeader(); }

private:
    /// Answers with etcd's error 110, later, as the seam promises.
    void refuse(store::EventHandler done);
    store::StoreClient &m_store;
};

} // namespace qd::node
