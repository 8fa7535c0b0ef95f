// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/session/user_profiles.h"

namespace qd::cli {
namespace {

void remove(Invocation &run)
{
    session::UserProfiles profiles(run.values().text(QStringLiteral("config")));
    const QString name = run.values().text(QStringLiteral("NAME"));
    if (const auto chosen = profiles.choose(name); !chosen) {
        run.fail(chosen.error());
        return;
    }
    profiles.store().remove(name);
    if (run.json())
        run.out().json({{QStringLiteral("removed"), name}});
    else
        run.out().line(QStringLiteral("The profile \"%1\" and its key are gone.").arg(name));
    run.finish();
}

} // namespace

Applet profileRemoveApplet()
{
    Applet applet;
    applet.words = QStringList{"profile", "remove"};
    applet.summary = "Forgets a cluster, and the key for it.";
    applet.arguments = {{"NAME", "as qdctl profile list shows it"}};
    applet.examples = QStringList{"qdctl profile remove test"};
    applet.needsCluster = false;
    applet.run = remove;
    return applet;
}

} // namespace qd::cli
