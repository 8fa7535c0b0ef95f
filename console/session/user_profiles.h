// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/session/profile.h"
#include "console/session/secret_store.h"

namespace qd::session {

/// A user's configuration folder, the same for window and command line: profiles in
/// DIR/profiles/NAME.json, keys in DIR/keys/NAME.key.
class UserProfiles {
public:
    /// `folder` empty: configFolder().
    explicit UserProfiles(const QString &folder = {});

    ProfileStore &store() { return m_store; }
    /// The profile of that name; with no name the only one. code::notFound; code::badInput when
    /// there are several and none was named.
    Result<Profile> choose(const QString &name) const;

private:
    FileSecretStore m_secrets;
    ProfileStore m_store;
};

} // namespace qd::session
