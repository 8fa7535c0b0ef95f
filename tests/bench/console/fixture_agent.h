// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/models/connector.h"
#include "console/session/pairing.h"

#include <QProcess>
#include <QTemporaryDir>

namespace qd::bench {

/// A real agent, `quarterdeckd run --fixture units:N`, in a process of its own with a cluster made
/// for it; this console pairs with it and connects over TLS as any other.
class FixtureAgent final : public models::Connector {
public:
    explicit FixtureAgent(int units)
        : m_units(units)
    {
    }
    ~FixtureAgent() override;

    /// Makes the cluster, starts the agent and pairs with it.
    Result<void> start();

    QList<models::ProfileEntry> profiles() const override { return {}; }
    Result<std::unique_ptr<session::Client>> open(const QString &profile) override;
    void forget(const QString &) override {}
    void beginPairing(
        const QString &, const QString &, std::function<void(const Result<QString> &)>) override
    {
    }
    void confirmPairing(const QString &, std::function<void(const Result<QString> &)>) override {}
    void cancelPairing() override {}
    std::unique_ptr<models::ScriptRunner> scriptRunner(const QString &) override { return nullptr; }

private:
    QStringList arguments(const QString &verb) const;
    Result<QString> run(const QStringList &arguments) const;
    Result<void> pair(const QString &token);

    int m_units;
    QTemporaryDir m_folder;
    QString m_address;
    QProcess m_agent;
    session::Paired m_paired;
};

} // namespace qd::bench
