// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/program.h"
#include "console/session/remote_client.h"
#include "console/session/user_profiles.h"

namespace qd::cli {

Result<Opened> openProfile(const QString &config, const QString &profile)
{
    const auto profiles = std::make_shared<session::UserProfiles>(config);
    const auto chosen = profiles->choose(profile);
    if (!chosen)
        return fail(chosen.error());
    const auto credentials = profiles->store().credentials(*chosen);
    if (!credentials)
        return fail(credentials.error().during(
            QStringLiteral("The profile \"%1\" cannot be used").arg(chosen->name)));
    session::RemoteClient::Setup setup;
    setup.addresses = chosen->addresses;
    setup.credentials = *credentials;
    setup.clientName = QStringLiteral("qdctl");
    auto client = std::make_shared<session::RemoteClient>(setup);
    QObject::connect(
        client.get(), &session::RemoteClient::addressesLearnt, client.get(),
        [profiles, known = *chosen](const QStringList &addresses) {
            auto more = known;
            more.addresses = addresses;
            // A folder that cannot be written costs the memory of an address, not the command.
            if (const auto kept = profiles->store().update(more); !kept)
                qWarning("%s", qPrintable(kept.error().text()));
        });
    Opened out{client, chosen->name, int(qMax<qsizetype>(1, chosen->addresses.size()))};
    // After the caller has connected to its signals.
    QMetaObject::invokeMethod(
        client.get(), &session::RemoteClient::connectToCluster, Qt::QueuedConnection);
    return out;
}

} // namespace qd::cli
