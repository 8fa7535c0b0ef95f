// SPDX-License-Identifier: GPL-3.0-or-later
#include "fixture_agent.h"

#include "console/session/remote_client.h"

#include <QCoreApplication>
#include <QTcpServer>
#include <QTest>

namespace qd::bench {
namespace {

constexpr int kStartMs = 60'000;

/// A loopback address whose standard ports are free.
QString freeAddress()
{
    const int net = qEnvironmentVariableIntValue("QD_TEST_NET");
    for (int host = 201; host < 250; ++host) {
        const QString address = QStringLiteral("127.%1.9.%2").arg(net).arg(host);
        bool free = true;
        for (const quint16 port : {2379, 2380, 7443, 49153}) {
            QTcpServer probe;
            free = free && probe.listen(QHostAddress(address), port);
        }
        if (free)
            return address;
    }
    return {};
}

} // namespace

FixtureAgent::~FixtureAgent()
{
    m_agent.kill();
    m_agent.waitForFinished(5'000);
}

QStringList FixtureAgent::arguments(const QString &verb) const
{
    const QString base = m_folder.path();
    return {
        verb,
        QStringLiteral("--state"),
        base + QStringLiteral("/state"),
        QStringLiteral("--run"),
        base + QStringLiteral("/run"),
        QStringLiteral("--log"),
        base + QStringLiteral("/log"),
        QStringLiteral("--name"),
        QStringLiteral("bench"),
        QStringLiteral("--machine-id"),
        QString(32, QLatin1Char('b')),
        QStringLiteral("--address"),
        m_address};
}

Result<QString> FixtureAgent::run(const QStringList &arguments) const
{
    QProcess process;
    process.start(
        QCoreApplication::applicationDirPath() + QStringLiteral("/quarterdeckd"), arguments);
    const bool ended = process.waitForFinished(kStartMs);
    if (!ended || process.exitCode() != 0)
        return fail(
            code::internal,
            QStringLiteral("quarterdeckd %1: %2")
                .arg(arguments.first(), QString::fromUtf8(process.readAllStandardError())));
    return QString::fromUtf8(process.readAllStandardOutput()).trimmed();
}

Result<void> FixtureAgent::start()
{
    m_address = freeAddress();
    if (const auto made = run(arguments(QStringLiteral("init"))); !made)
        return fail(made.error());
    m_agent.setStandardErrorFile(m_folder.filePath(QStringLiteral("agent.log")));
    m_agent.setStandardOutputFile(QProcess::nullDevice());
    m_agent.start(
        QCoreApplication::applicationDirPath() + QStringLiteral("/quarterdeckd"),
        arguments(QStringLiteral("run"))
            << QStringLiteral("--fixture") << QStringLiteral("units:%1").arg(m_units));
    Result<QString> token = fail(code::deadline, QStringLiteral("The agent does not serve."));
    // It gives tokens as soon as it leads.
    const bool up = QTest::qWaitFor(
        [&] {
            token =
                run(arguments(QStringLiteral("token"))
                    << QStringLiteral("--kind") << QStringLiteral("console")
                    << QStringLiteral("--role") << QStringLiteral("operator"));
            return token.has_value() || m_agent.state() == QProcess::NotRunning;
        },
        kStartMs);
    if (!up || !token)
        return fail(token.error());
    return pair(*token);
}

Result<void> FixtureAgent::pair(const QString &token)
{
    const auto parsed = security::JoinToken::parse(token);
    if (!parsed)
        return fail(parsed.error());
    session::Pairing pairing(*parsed, m_address);
    std::optional<Result<QString>> seen;
    std::optional<Result<session::Paired>> paired;
    pairing.begin([&](const Result<QString> &fingerprint) { seen = fingerprint; });
    (void)QTest::qWaitFor([&] { return seen.has_value(); }, kStartMs);
    if (!seen || !*seen)
        return fail(
            seen ? seen->error() : Error{code::deadline, QStringLiteral("no answer"), {}, nullptr});
    pairing.confirm(
        QStringLiteral("bench"), QStringLiteral("bench"),
        [&](const Result<session::Paired> &result) { paired = result; });
    (void)QTest::qWaitFor([&] { return paired.has_value(); }, kStartMs);
    if (!paired || !*paired)
        return fail(
            paired ? paired->error()
                   : Error{code::deadline, QStringLiteral("no answer"), {}, nullptr});
    m_paired = **paired;
    return {};
}

Result<std::unique_ptr<session::Client>> FixtureAgent::open(const QString &)
{
    const auto credentials = security::Credentials::fromPem(
        m_paired.profile.certificate, m_paired.keyPem, m_paired.profile.authority);
    if (!credentials)
        return fail(credentials.error());
    session::RemoteClient::Setup setup;
    setup.addresses = {m_address};
    setup.credentials = *credentials;
    auto client = std::make_unique<session::RemoteClient>(setup);
    client->connectToCluster();
    return std::unique_ptr<session::Client>(std::move(client));
}

} // namespace qd::bench
