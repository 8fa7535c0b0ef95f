// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/cloudconfig/file_owner.h"

#include <grp.h>
#include <pwd.h>

namespace qd::cloudconfig {

namespace {

tl::unexpected<Error> missing(const char *what, const QString &name)
{
    return fail(
        code::notFound, QStringLiteral("there is no %1 \"%2\"").arg(QLatin1String(what), name));
}

} // namespace

Result<Owner> ownerOf(const QString &text)
{
    Owner owner;
    if (text.isEmpty())
        return owner;
    const QString user = text.section(u':', 0, 0);
    const QString group = text.section(u':', 1);
    bool isNumber = false;
    const uint number = user.toUInt(&isNumber);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the program has one thread
    const passwd *const known = isNumber ? getpwuid(number) : getpwnam(qPrintable(user));
    if (known == nullptr && !isNumber)
        return missing("user", user);
    owner.user = known != nullptr ? known->pw_uid : number;
    owner.group = known != nullptr ? known->pw_gid : gid_t(-1);
    if (group.isEmpty())
        return owner;
    const uint groupNumber = group.toUInt(&isNumber);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): as above
    const struct group *const named = isNumber ? nullptr : getgrnam(qPrintable(group));
    if (named == nullptr && !isNumber)
        return missing("group", group);
    owner.group = named != nullptr ? named->gr_gid : groupNumber;
    return owner;
}

} // namespace qd::cloudconfig
