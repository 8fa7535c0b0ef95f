// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/models/connector.h"
#include "console/session/pairing.h"
#include "console/session/user_profiles.h"

namespace qd::window {

/// Clients of real clusters: the profiles of a configuration folder, and pairing into it.
class RemoteConnector final : public models::Connector {
public:
    /// `folder`: as of `--config`; `scriptProgram`: qdctl, which runs scripts.
    RemoteConnector(QString folder, QString scriptProgram);

    QList<models::ProfileEntry> profiles() const override;
    Result<std::unique_ptr<session::Client>> open(const QString &profile) override;
    void forget(const QString &profile) override;
    void beginPairing(
        const QString &token, const QString &address,
        std::function<void(const Result<QString> &)> done) override;
    void confirmPairing(
        const QString &profileName, std::function<void(const Result<QString> &)> done) override;
    void cancelPairing() override { m_pairing.reset(); }
    std::unique_ptr<models::ScriptRunner> scriptRunner(const QString &profile) override;

private:
    /// A name that stands for another cluster is not taken from it.
    Result<void> requireFree(const QString &name) const;
    Result<QString> keep(const Result<session::Paired> &paired);

    QString m_folder;
    QString m_scriptProgram;
    std::shared_ptr<session::UserProfiles> m_profiles;
    std::unique_ptr<session::Pairing> m_pairing;
    QByteArray m_fingerprint; ///< of the authority that is being paired with
};

} // namespace qd::window
