// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/session/client.h"
#include "script_runner.h"

#include <functional>
#include <memory>

namespace qd::models {

struct ProfileEntry {
    QString name;
    QString clusterName;
    QString address; ///< the first one that is tried
};

/// Where a window's clients come from: the user's profiles and pairing, or a test's invention.
class Connector {
public:
    virtual ~Connector() = default;

    virtual QList<ProfileEntry> profiles() const = 0;
    /// A client that has begun to connect.
    virtual Result<std::unique_ptr<session::Client>> open(const QString &profile) = 0;
    virtual void forget(const QString &profile) = 0;

    /// Connects and answers with the authority's fingerprint; no secret has left.
    virtual void beginPairing(
        const QString &token, const QString &address,
        std::function<void(const Result<QString> &)> done) = 0;
    /// The user has agreed: asks for a certificate and answers with the new profile's name.
    virtual void confirmPairing(
        const QString &profileName, std::function<void(const Result<QString> &)> done) = 0;
    virtual void cancelPairing() = 0;

    /// What runs scripts against the profile's cluster; null when there is nothing that could.
    virtual std::unique_ptr<ScriptRunner> scriptRunner(const QString &profile) = 0;
};

} // namespace qd::models
