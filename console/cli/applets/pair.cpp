// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/session/pairing.h"
#include "console/session/user_profiles.h"
#include "shared/security/join_token.h"
#include "shared/security/verify.h"

#include <QHostInfo>

namespace qd::cli {
namespace {

/// What one pairing carries from its first step to its last.
struct Attempt {
    session::UserProfiles profiles;
    session::Pairing pairing;
    QByteArray fingerprint;
    QString profileName;

    Attempt(const QString &config, const security::JoinToken &token, const QString &address)
        : profiles(config)
        , pairing(token, address)
        , fingerprint(token.fingerprint)
    {
    }
};

QString userName()
{
    const QString user = qEnvironmentVariable("USER", QStringLiteral("someone"));
    return user + QLatin1Char('@') + QHostInfo::localHostName();
}

/// A name that stands for another cluster is not taken from it.
Result<void> requireFree(Attempt &attempt, const QString &name)
{
    const auto old = attempt.profiles.store().load(name);
    if (!old)
        return {};
    const QSslCertificate authority(old->authority);
    if (security::keyFingerprint(authority) == attempt.fingerprint)
        return {};
    return fail(
        code::conflict, QStringLiteral("The profile \"%1\" is of another cluster: choose another "
                                       "--name, or qdctl profile remove %1.")
                            .arg(name));
}

void save(Invocation &run, Attempt &attempt, const session::Paired &paired)
{
    const session::Profile &profile = paired.profile;
    // The name may have come from the cluster only now.
    const auto free = requireFree(attempt, profile.name);
    const auto saved =
        free ? attempt.profiles.store().save(profile, paired.keyPem) : fail(free.error());
    if (!saved) {
        run.fail(saved.error());
        return;
    }
    if (run.json())
        run.out().json(
            {{QStringLiteral("profile"), profile.name},
             {QStringLiteral("cluster"), profile.clusterName},
             {QStringLiteral("clusterId"), profile.clusterId},
             {QStringLiteral("role"), paired.role},
             {QStringLiteral("fingerprint"), QString::fromLatin1(attempt.fingerprint.toHex())}});
    else
        run.out().line(QStringLiteral("Paired with the cluster \"%1\" as %2; profile \"%3\".")
                           .arg(profile.clusterName, paired.role, profile.name));
    run.finish();
}

void confirm(Invocation &run, Attempt &attempt)
{
    const Values &values = run.values();
    const QString user =
        values.has(QStringLiteral("user")) ? values.text(QStringLiteral("user")) : userName();
    attempt.pairing.confirm(
        attempt.profileName, user, [&run, &attempt](const Result<session::Paired> &paired) {
            if (paired)
                save(run, attempt, *paired);
            else
                run.fail(paired.error().during(QStringLiteral("Cannot pair")));
        });
}

void pair(Invocation &run)
{
    const Values &values = run.values();
    const auto token = security::JoinToken::parse(values.text(QStringLiteral("TOKEN")));
    if (!token) {
        run.wrongUsage(explain(token.error()));
        return;
    }
    if (!values.has(QStringLiteral("address"))) {
        run.wrongUsage(QStringLiteral("--address ADDRESS is missing: a node of the cluster."));
        return;
    }
    Attempt &attempt = *run.keep(std::make_unique<Attempt>(
        values.text(QStringLiteral("config")), *token, values.text(QStringLiteral("address"))));
    attempt.profileName = values.text(QStringLiteral("name"));
    if (!attempt.profileName.isEmpty()) {
        if (const auto free = requireFree(attempt, attempt.profileName); !free) {
            run.fail(free.error());
            return;
        }
    }
    attempt.pairing.begin([&run, &attempt](const Result<QString> &fingerprint) {
        if (!fingerprint) {
            run.fail(fingerprint.error().during(QStringLiteral("Cannot pair")));
            return;
        }
        if (!run.json())
            run.out().line(
                QStringLiteral("The cluster's fingerprint is the token's: %1").arg(*fingerprint));
        confirm(run, attempt);
    });
}

} // namespace

Applet pairApplet()
{
    Applet applet;
    applet.words = QStringList{"pair"};
    applet.summary = "Pairs this user with a cluster, by a one-time token.";
    applet.details = "The token names the cluster by its fingerprint, which is checked before any\n"
                     "secret is sent. The key is made here and never leaves.";
    applet.arguments = {{"TOKEN", "as quarterdeckd token or qdctl cluster token prints it"}};
    applet.options = {
        {"address", "ADDRESS", "a node of the cluster: host or host:port"},
        {"name", "NAME", "how to call the cluster here (its own name)"},
        {"user", "USER", "whom the certificate names (user@host)"}};
    applet.examples = QStringList{
        "qdctl pair qd1.8a0c...f2 --address 10.0.0.11",
        "qdctl pair qd1.8a0c...f2 --address deck.example.org:7443 --name production"};
    applet.needsCluster = false;
    applet.run = pair;
    return applet;
}

} // namespace qd::cli
