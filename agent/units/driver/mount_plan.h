// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/sandbox.h"

#include <QByteArray>
#include <QStringList>
#include <functional>
#include <vector>

/// What a sandbox makes of the mounts that a process sees (systemd.exec(5), "Sandboxing"). Pure: it
/// is decided before the fork, and done by the new process in a mount namespace of its own.
namespace qd::units {

struct MountStep {
    enum class Kind {
        Bind,        ///< source at target
        BindAll,     ///< with what is mounted below it
        Memory,      ///< an empty file system, with `options`
        Proc,        ///< another view of /proc, with `options`
        ReadOnly,    ///< the mount at target
        ReadOnlyAll, ///< and those below it
        NoExec,
        Exec,
        Folder, ///< is made when it is missing
        File,   ///< is made when it is missing
        Link,   ///< to source
        Move,   ///< the mount at source to target
    };
    Kind kind = Kind::Bind;
    QByteArray source;
    QByteArray target;
    QByteArray options;
    bool isOptional = false; ///< nothing happens when it fails

    bool operator==(const MountStep &) const = default;
};

/// What there is at a path, links followed.
struct PathSight {
    QString path; ///< without links
    bool isFolder = false;
};

/// The machine as the plan sees it.
struct MountScene {
    QStringList mounts; ///< all mount points
    /// Nothing: there is nothing at that path.
    std::function<std::optional<PathSight>(const QString &)> look;
    QString hiding;  ///< an empty folder `dir` and an empty file `reg` in it that nobody may read
    QString staging; ///< an empty folder, in which /dev is prepared
    QString tmp;     ///< of PrivateTmp=
    QString varTmp;
    QStringList ownFolders; ///< that the unit may write to (StateDirectory= ...)
};

struct MountPlan {
    std::vector<MountStep> steps;
    unsigned long propagation = 0; ///< MS_SHARED, MS_SLAVE or MS_PRIVATE, of the whole at the end
    /// Without the right to make a namespace the process must not run: it would see other files.
    bool insists = false;
    QString missing; ///< set: this path must be there, and is not
};

/// Whether the process gets a mount namespace of its own.
bool needsOwnMounts(const Sandbox &sandbox);
MountPlan planMounts(const Sandbox &sandbox, const MountScene &scene);

} // namespace qd::units
