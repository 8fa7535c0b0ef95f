// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/session/user_profiles.h"

namespace qd::session {
namespace {

QString inside(const QString &folder, const QString &name)
{
    return (folder.isEmpty() ? configFolder() : folder) + QLatin1Char('/') + name;
}

} // namespace

UserProfiles::UserProfiles(const QString &folder)
    : m_secrets(inside(folder, QStringLiteral("keys")))
    , m_store(inside(folder, QStringLiteral("profiles")), m_secrets)
{
}

Result<Profile> UserProfiles::choose(const QString &name) const
{
    if (!name.isEmpty()) {
        const auto found = m_store.load(name);
        if (found || found.error().code != code::notFound)
            return found;
    }
    const QList<Profile> all = m_store.all();
    QStringList names;
    for (const Profile &profile : all)
        names.append(profile.name);
    const QString list = names.join(QStringLiteral(", "));
    if (all.isEmpty())
        return fail(
            code::notFound, QStringLiteral("This user is not paired with a cluster yet: "
                                           "qdctl pair TOKEN --address ADDRESS does it."));
    if (!name.isEmpty())
        return fail(
            code::notFound,
            QStringLiteral("There is no profile \"%1\"; there is %2.").arg(name, list));
    if (all.size() > 1)
        return fail(
            code::badInput,
            QStringLiteral("There are several profiles (%1): choose one with --profile.")
                .arg(list));
    return all.first();
}

} // namespace qd::session
