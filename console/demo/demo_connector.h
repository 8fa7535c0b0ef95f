// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/models/connector.h"
#include "demo_client.h"
#include "shared/base/clock.h"

#include <QPointer>

namespace qd::demo {

/// Time as a demo wants it: stands still until it is moved.
class DemoClock final : public Clock {
public:
    qint64 monotonicMs() const override { return m_nowMs; }
    qint64 wallUs() const override { return DemoData::moment().toMSecsSinceEpoch() * 1000; }
    void advance(qint64 ms) { m_nowMs += ms; }

private:
    qint64 m_nowMs = 10'000'000;
};

/// Runs no script: prints what a short one would, and stops when told to.
class DemoScriptRunner final : public models::ScriptRunner {
    Q_OBJECT
public:
    using ScriptRunner::ScriptRunner;
    void start(const QString &text, const QString &fileName) override;
    void stop() override;

private:
    bool m_running = false;
};

/// Profiles and pairing without a cluster. A pairing's token is taken when it begins with "qd1.".
class DemoConnector final : public models::Connector {
public:
    explicit DemoConnector(QString kind)
        : m_kind(std::move(kind))
    {
    }
    QList<models::ProfileEntry> profiles() const override { return m_profiles; }
    Result<std::unique_ptr<session::Client>> open(const QString &profile) override;
    void forget(const QString &profile) override;
    void beginPairing(
        const QString &token, const QString &address,
        std::function<void(const Result<QString> &)> done) override;
    void confirmPairing(
        const QString &profileName, std::function<void(const Result<QString> &)> done) override;
    void cancelPairing() override {}
    std::unique_ptr<models::ScriptRunner> scriptRunner(const QString &profile) override;

    /// The client that was opened last; null when it is gone.
    DemoClient *client() const { return m_client; }
    DemoClock &clock() { return m_clock; }
    void setKind(const QString &kind) { m_kind = kind; }
    void clearProfiles() { m_profiles.clear(); }

private:
    DemoClock m_clock;
    QString m_kind;
    QString m_pairingAddress;
    QList<models::ProfileEntry> m_profiles{
        {QStringLiteral("harbour"), QStringLiteral("harbour"), QStringLiteral("127.0.0.11")},
        {QStringLiteral("staging"), QStringLiteral("quay-staging"),
         QStringLiteral("10.20.0.4:7443")}};
    QPointer<DemoClient> m_client;
};

} // namespace qd::demo
