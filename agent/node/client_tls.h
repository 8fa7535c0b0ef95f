// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/node/config.h"
#include "agent/node/member_info.h"
#include "shared/http/tls_context.h"
#include "shared/security/authority.h"

#include <optional>

namespace qd::node {

/// How etcd's API is served over TLS, as the files say that etcd's flags name; nothing when they
/// name none. code::io or code::badInput with the path of what does not load.
Result<std::optional<http::TlsContext>> clientTls(const EtcdOptions &etcd);

/// As clientTls(); for --auto-tls with a certificate of the cluster's authority that is made now,
/// for this member's addresses. Its key is never on disk.
Result<std::optional<http::TlsContext>>
memberTls(const Config &config, const MemberInfo &self, const security::Authority &authority);

} // namespace qd::node
