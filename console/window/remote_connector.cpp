// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/window/remote_connector.h"

#include "console/scripting/script_supervisor.h"
#include "console/session/remote_client.h"
#include "shared/base/log.h"
#include "shared/security/join_token.h"
#include "shared/security/verify.h"

#include <QHostInfo>

namespace qd::window {
namespace {

/// The script host's process, as the Script workspace sees it.
class HostedRunner final : public models::ScriptRunner {
public:
    HostedRunner(const QString &program, const QStringList &session)
        : m_supervisor(program, session, {})
    {
        using scripting::OutputKind;
        using scripting::ScriptSupervisor;
        connect(
            &m_supervisor, &ScriptSupervisor::output, this,
            [this](const QString &line, OutputKind kind) {
                const Kind shown = kind == OutputKind::Print   ? Kind::Print
                                   : kind == OutputKind::Alert ? Kind::Alert
                                                               : Kind::Error;
                Q_EMIT output(line, shown);
            });
        connect(&m_supervisor, &ScriptSupervisor::finished, this, &ScriptRunner::finished);
    }
    void start(const QString &text, const QString &fileName) override
    {
        m_supervisor.startText(text, fileName, {});
    }
    void stop() override { m_supervisor.stop(); }

private:
    scripting::ScriptSupervisor m_supervisor;
};

QString userName()
{
    const QString user = qEnvironmentVariable("USER", QStringLiteral("someone"));
    return user + QLatin1Char('@') + QHostInfo::localHostName();
}

} // namespace

RemoteConnector::RemoteConnector(QString folder, QString scriptProgram)
    : m_folder(std::move(folder))
    , m_scriptProgram(std::move(scriptProgram))
    , m_profiles(std::make_shared<session::UserProfiles>(m_folder))
{
}

QList<models::ProfileEntry> RemoteConnector::profiles() const
{
    QList<models::ProfileEntry> out;
    const QList<session::Profile> all = m_profiles->store().all();
    for (const session::Profile &profile : all)
        out.append({profile.name, profile.clusterName, profile.addresses.value(0)});
    return out;
}

Result<std::unique_ptr<session::Client>> RemoteConnector::open(const QString &profile)
{
    const auto chosen = m_profiles->choose(profile);
    if (!chosen)
        return fail(chosen.error());
    const auto credentials = m_profiles->store().credentials(*chosen);
    if (!credentials)
        return fail(credentials.error());
    session::RemoteClient::Setup setup;
    setup.addresses = chosen->addresses;
    setup.credentials = *credentials;
    auto client = std::make_unique<session::RemoteClient>(setup);
    QObject::connect(
        client.get(), &session::RemoteClient::addressesLearnt, client.get(),
        [profiles = m_profiles, known = *chosen](const QStringList &addresses) {
            session::Profile more = known;
            more.addresses = addresses;
            if (const auto kept = profiles->store().update(more); !kept)
                qCWarning(lcSession).noquote() << kept.error().text();
        });
    client->connectToCluster();
    return std::unique_ptr<session::Client>(std::move(client));
}

void RemoteConnector::forget(const QString &profile)
{
    m_profiles->store().remove(profile);
}

void RemoteConnector::beginPairing(
    const QString &token, const QString &address, std::function<void(const Result<QString> &)> done)
{
    const auto parsed = security::JoinToken::parse(token);
    if (!parsed) {
        done(fail(parsed.error()));
        return;
    }
    m_fingerprint = parsed->fingerprint;
    m_pairing = std::make_unique<session::Pairing>(*parsed, address);
    m_pairing->begin(std::move(done));
}

void RemoteConnector::confirmPairing(
    const QString &profileName, std::function<void(const Result<QString> &)> done)
{
    if (!m_pairing) {
        done(fail(code::cancelled, QStringLiteral("The pairing was given up.")));
        return;
    }
    if (const auto free = requireFree(profileName); !free) {
        done(fail(free.error()));
        return;
    }
    m_pairing->confirm(
        profileName, userName(),
        [this, done = std::move(done)](const Result<session::Paired> &paired) {
            done(keep(paired));
        });
}

Result<void> RemoteConnector::requireFree(const QString &name) const
{
    const auto old = m_profiles->store().load(name);
    if (!old || security::keyFingerprint(QSslCertificate(old->authority)) == m_fingerprint)
        return {};
    return fail(
        code::conflict,
        QStringLiteral("\"%1\" is the name of another cluster here. Choose another one.")
            .arg(name));
}

Result<QString> RemoteConnector::keep(const Result<session::Paired> &paired)
{
    if (!paired)
        return fail(paired.error());
    // The name may have come from the cluster only now.
    if (const auto free = requireFree(paired->profile.name); !free)
        return fail(free.error());
    if (const auto saved = m_profiles->store().save(paired->profile, paired->keyPem); !saved)
        return fail(saved.error());
    return paired->profile.name;
}

std::unique_ptr<models::ScriptRunner> RemoteConnector::scriptRunner(const QString &profile)
{
    return std::make_unique<HostedRunner>(
        m_scriptProgram,
        QStringList{QStringLiteral("--config"), m_folder, QStringLiteral("--profile"), profile});
}

} // namespace qd::window
