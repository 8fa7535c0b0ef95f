// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/store/store_client.h"
#include "shared/http/message.h"

#include <variant>

namespace qd::etcd {

/// A request to /v2/keys, understood.
struct KeyRequest {
    std::variant<store::GetRequest, store::WriteRequest, store::WatchRequest> what;
    bool bare = false; ///< noValueOnSuccess: answer with the action alone

    /// It is about a whole subtree.
    bool recursive() const
    {
        return std::visit([](const auto &each) { return each.recursive; }, what);
    }
};

/// Parameters stand in the query and in the form body; the body wins (peer-contracts.md 1.2).
/// `key` is the path below /v2/keys, decoded. Errors are etcd's, with index 0.
Result<KeyRequest> readKeyRequest(const http::Request &request, QByteArrayView key);

} // namespace qd::etcd
