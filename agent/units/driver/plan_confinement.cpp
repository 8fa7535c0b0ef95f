// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/exit_status.h"
#include "agent/units/driver/mount_table.h"
#include "agent/units/driver/plan.h"
#include "agent/units/driver/proc.h"
#include "agent/units/engine/own_folders.h"

#include <QFileInfo>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace qd::units {

namespace {

std::optional<PathSight> look(const QString &path)
{
    const QFileInfo info(path);
    const QString canonical = info.canonicalFilePath();
    if (canonical.isEmpty())
        return std::nullopt;
    return PathSight{canonical, QFileInfo(canonical).isDir()};
}

QStringList mountPoints()
{
    QStringList out;
    for (const MountPoint &mount : parseMountTable(procFile(getpid(), "mountinfo")))
        out.append(mount.where);
    return out;
}

void planOwnMounts(ChildPlan &plan, const SpawnRequest &request, UnitPlaces &places)
{
    const Sandbox &sandbox = request.exec.sandbox;
    MountScene scene;
    scene.mounts = mountPoints();
    scene.look = look;
    scene.hiding = places.hiding();
    scene.staging = places.staging();
    for (int kind = 0; kind < kFolderKinds; ++kind)
        scene.ownFolders += ownFolders(request.exec, FolderKind(kind));
    if (sandbox.privateTmp) {
        const auto tmp = places.privateTmp(request.unit);
        if (!tmp)
            return plan.refuse(exit_status::kNamespace);
        scene.tmp = tmp->tmp;
        scene.varTmp = tmp->varTmp;
    }
    plan.confinement.ownMounts = true;
    plan.confinement.mounts = planMounts(sandbox, scene);
    if (!plan.confinement.mounts.missing.isEmpty())
        plan.refuse(exit_status::kNamespace);
}

/// Whether this process has CAP_SYS_ADMIN: root of a container may not.
bool isAdmin()
{
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2]{};
    return syscall(SYS_capget, &header, data) == 0 &&
           (data[0].effective & (1U << CAP_SYS_ADMIN)) != 0;
}

} // namespace

void planConfinement(
    ChildPlan &plan, const SpawnRequest &request, UnitPlaces &places, SyscallCompiler &syscalls)
{
    if (request.command.fullyPrivileged)
        return;
    const Sandbox &sandbox = request.exec.sandbox;
    Confinement &out = plan.confinement;
    if (needsOwnMounts(sandbox)) {
        // The paths would be those of the host, and what is protected another tree.
        if (!request.exec.rootDirectory.isEmpty())
            return plan.refuse(exit_status::kNamespace);
        planOwnMounts(plan, request, places);
    }
    out.ownNetwork = sandbox.privateNetwork;
    out.ownIpc = sandbox.privateIpc;
    out.ownHostname = sandbox.protectHostname;
    auto filters = syscalls.programs(sandbox);
    if (!filters)
        return plan.refuse(exit_status::kSeccomp);
    out.filters = std::move(*filters);
    // Who is not privileged may install filters only after giving up to gain more.
    const bool staysAdmin = isAdmin() && plan.uid.value_or(0) == 0;
    out.noNewPrivileges = sandbox.noNewPrivileges || (!out.filters.empty() && !staysAdmin);
    out.bounding = boundingSet(sandbox);
    out.ambient = sandbox.ambient & out.bounding;
}

} // namespace qd::units
