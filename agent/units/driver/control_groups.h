// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QString>
#include <optional>

/// Where this process is in the hierarchies of control groups.
namespace qd::units {

/// A place in a hierarchy that is mounted.
struct GroupPlace {
    QString mountPoint; ///< "/sys/fs/cgroup/unified"
    QString ownPath;    ///< of the process, as /proc/PID/cgroup has it; "" = the top
    QString mountRoot;  ///< the group that the mount shows at its top; "" = the top
    bool unified = false;

    /// The folder of a group that is named as in /proc/PID/cgroup.
    QString folderOf(const QString &path) const
    {
        return mountPoint + (path.startsWith(mountRoot) ? path.mid(mountRoot.size()) : path);
    }
};

/// The unified hierarchy if it is mounted, else systemd's own of version 1. `cgroups` and
/// `mountInfo` are the texts of /proc/PID/cgroup and /proc/PID/mountinfo.
std::optional<GroupPlace> findGroupPlace(const QByteArray &cgroups, const QByteArray &mountInfo);

/// The path in a /proc/PID/cgroup for the hierarchy of `place`; nothing when it is not there.
std::optional<QString> pathIn(const QByteArray &cgroups, bool unified);

} // namespace qd::units
