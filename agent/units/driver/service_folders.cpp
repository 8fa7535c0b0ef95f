// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/service_folders.h"

#include "agent/units/driver/exit_status.h"
#include "agent/units/driver/folders.h"
#include "agent/units/driver/users.h"
#include "agent/units/engine/own_folders.h"

#include <QFile>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace qd::units {

namespace {

struct Owner {
    uid_t uid = 0;
    gid_t gid = 0;
};

Owner ownerOf(const ExecSettings &exec)
{
    Owner out{geteuid(), getegid()};
    if (const auto user = findUser(exec.user); user && !exec.user.isEmpty())
        out = {user->uid, user->gid};
    if (const auto group = findGroup(exec.group); group && !exec.group.isEmpty())
        out.gid = *group;
    return out;
}

/// Whoever had it before, it is the service's now; what was in it stays as it was. Null: whose it
/// is stays, too.
bool makeOne(const QString &path, uint mode, const Owner *owner)
{
    const QByteArray name = QFile::encodeName(path);
    struct stat found {};
    if (!makeFoldersAbove(path, 0755))
        return false;
    {
        const ExactMode exact(mode);
        if (mkdir(name.constData(), mode_t(mode)) != 0 && errno != EEXIST)
            return false;
    }
    // No link is followed: the folder above may be the service's own.
    const int folder = open(name.constData(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return false;
    bool done = fstat(folder, &found) == 0;
    if (done && owner != nullptr) {
        const bool isTheirs = found.st_uid == owner->uid && found.st_gid == owner->gid;
        done = ((found.st_mode & 07777) == mode || fchmod(folder, mode_t(mode)) == 0) &&
               (isTheirs || fchown(folder, owner->uid, owner->gid) == 0);
    }
    close(folder);
    return done;
}

int statusOf(FolderKind kind)
{
    return kind == FolderKind::Runtime ? exit_status::kRuntimeDirectory
                                       : exit_status::kStateDirectory + int(kind) - 1;
}

} // namespace

int makeOwnFolders(const ExecSettings &exec)
{
    const Owner owner = ownerOf(exec);
    for (int i = 0; i < kFolderKinds; ++i) {
        const auto kind = FolderKind(i);
        // Nobody but root writes in /etc.
        const Owner *whose = kind == FolderKind::Configuration ? nullptr : &owner;
        for (const QString &path : ownFolders(exec, kind)) {
            if (!makeOne(path, exec.folders[size_t(i)].mode, whose))
                return statusOf(kind);
        }
    }
    return 0;
}

} // namespace qd::units
