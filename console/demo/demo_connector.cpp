// SPDX-License-Identifier: GPL-3.0-or-later
#include "demo_connector.h"

namespace qd::demo {

Result<std::unique_ptr<session::Client>> DemoConnector::open(const QString &)
{
    auto client = std::make_unique<DemoClient>(m_kind);
    m_client = client.get();
    return std::unique_ptr<session::Client>(std::move(client));
}

void DemoConnector::forget(const QString &profile)
{
    m_profiles.removeIf([&profile](const auto &entry) { return entry.name == profile; });
}

void DemoConnector::beginPairing(
    const QString &token, const QString &address, std::function<void(const Result<QString> &)> done)
{
    m_pairingAddress = address;
    if (!token.startsWith(QLatin1String("qd1."))) {
        done(fail(code::badInput, QStringLiteral("This is not a join token: it begins with qd1.")));
        return;
    }
    done(QStringLiteral("3f9a 0c71 5be2 d864 91aa 70fe 2c3d 8b15 "
                        "e60f 47b9 a2c8 1d53 f7e4 0b96 6a38 d201"));
}

void DemoConnector::confirmPairing(
    const QString &profileName, std::function<void(const Result<QString> &)> done)
{
    const QString name = profileName.isEmpty() ? QStringLiteral("harbour-2") : profileName;
    m_profiles.append({name, QStringLiteral("harbour"), m_pairingAddress});
    done(name);
}

std::unique_ptr<models::ScriptRunner> DemoConnector::scriptRunner(const QString &)
{
    return std::make_unique<DemoScriptRunner>();
}

void DemoScriptRunner::start(const QString &text, const QString &fileName)
{
    m_running = true;
    Q_EMIT output(QStringLiteral("name    address     state  role"), Kind::Print);
    Q_EMIT output(QStringLiteral("node-1  127.0.0.11  Ready  Follower"), Kind::Print);
    Q_EMIT output(QStringLiteral("node-2  127.0.0.12  Ready  Leader"), Kind::Print);
    Q_EMIT output(QStringLiteral("node-3  127.0.0.13  Ready  Follower"), Kind::Print);
    if (text.contains(QLatin1String("while (true)")))
        return; // until it is stopped
    m_running = false;
    if (!text.contains(QLatin1String("throw"))) {
        Q_EMIT finished(0);
        return;
    }
    Q_EMIT output(QStringLiteral("watch out: billing-worker.service has failed"), Kind::Alert);
    Q_EMIT output(QStringLiteral("%1:4: Error: the API is gone").arg(fileName), Kind::Error);
    Q_EMIT finished(1);
}

void DemoScriptRunner::stop()
{
    if (!m_running)
        return;
    m_running = false;
    Q_EMIT output(QStringLiteral("stopped"), Kind::Error);
    Q_EMIT finished(130);
}

} // namespace qd::demo
