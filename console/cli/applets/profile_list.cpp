// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/cli/table.h"
#include "console/session/user_profiles.h"

#include <QSslCertificate>

namespace qd::cli {
namespace {

QJsonObject describe(const session::Profile &profile, const QDateTime &expires)
{
    return {
        {QStringLiteral("name"), profile.name},
        {QStringLiteral("cluster"), profile.clusterName},
        {QStringLiteral("clusterId"), profile.clusterId},
        {QStringLiteral("addresses"), QJsonArray::fromStringList(profile.addresses)},
        {QStringLiteral("expires"), expires.toMSecsSinceEpoch()}};
}

void list(Invocation &run)
{
    session::UserProfiles profiles(run.values().text(QStringLiteral("config")));
    Table table({"NAME", "CLUSTER", "EXPIRES", "ADDRESSES"});
    QJsonArray items;
    const QList<session::Profile> all = profiles.store().all();
    for (const session::Profile &profile : all) {
        const QDateTime expires = QSslCertificate(profile.certificate).expiryDate();
        const bool over = expires < QDateTime::currentDateTimeUtc();
        items.append(describe(profile, expires));
        table.add(
            {profile.name,
             profile.clusterName,
             {expires.toLocalTime().toString(QStringLiteral("yyyy-MM-dd")),
              over ? Tone::Bad : Tone::Plain},
             profile.addresses.join(QLatin1Char(' '))});
    }
    if (run.json())
        run.out().json({{QStringLiteral("revision"), 0}, {QStringLiteral("items"), items}});
    else if (table.isEmpty())
        run.out().note(QStringLiteral("There is no profile yet: qdctl pair makes one."));
    else
        table.print(run.out());
    run.finish();
}

} // namespace

Applet profileListApplet()
{
    Applet applet;
    applet.words = QStringList{"profile", "list"};
    applet.summary = "Lists the clusters that this user is paired with.";
    applet.examples = QStringList{"qdctl profile list", "qdctl profile list --json"};
    applet.needsCluster = false;
    applet.run = list;
    return applet;
}

} // namespace qd::cli
