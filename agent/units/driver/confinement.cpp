// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/confinement.h"

#include "agent/units/driver/exit_status.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace qd::units {

using namespace exit_status;

namespace {

using Kind = MountStep::Kind;

/// The engine may not, whatever the unit asks for: as systemd does in a container.
bool isForbidden()
{
    return errno == EPERM || errno == EACCES;
}

bool setAttribute(const MountStep &step, quint64 set, quint64 clear)
{
    mount_attr attributes{};
    attributes.attr_set = set;
    attributes.attr_clr = clear;
    const unsigned flags =
        AT_SYMLINK_NOFOLLOW | (step.kind == Kind::ReadOnlyAll ? AT_RECURSIVE : 0U);
    return syscall(
               SYS_mount_setattr, AT_FDCWD, step.target.constData(), flags, &attributes,
               sizeof attributes) == 0;
}

bool makeFile(const char *path)
{
    // One that is there is not touched: it may be a pipe, or a device.
    const int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (file < 0)
        return errno == EEXIST;
    close(file);
    return true;
}

bool run(const MountStep &step)
{
    const char *source = step.source.constData();
    const char *target = step.target.constData();
    switch (step.kind) {
    case Kind::Bind:
        return mount(source, target, nullptr, MS_BIND, nullptr) == 0;
    case Kind::BindAll:
        return mount(source, target, nullptr, MS_BIND | MS_REC, nullptr) == 0;
    case Kind::Memory:
        return mount(
                   "tmpfs", target, "tmpfs", MS_NOSUID | MS_STRICTATIME,
                   step.options.constData()) == 0;
    case Kind::Proc:
        return mount(
                   "proc", target, "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV,
                   step.options.constData()) == 0;
    case Kind::ReadOnly:
    case Kind::ReadOnlyAll:
        return setAttribute(step, MOUNT_ATTR_RDONLY, 0);
    case Kind::NoExec:
        return setAttribute(step, MOUNT_ATTR_NOEXEC, 0);
    case Kind::Exec:
        return setAttribute(step, 0, MOUNT_ATTR_NOEXEC);
    case Kind::Folder:
        return mkdir(target, 0755) == 0 || errno == EEXIST;
    case Kind::File:
        return makeFile(target);
    case Kind::Link:
        return symlink(source, target) == 0;
    case Kind::Move:
        return mount(source, target, nullptr, MS_MOVE, nullptr) == 0;
    }
    return false;
}

int makeOwnMounts(const MountPlan &plan)
{
    if (unshare(CLONE_NEWNS) != 0)
        return isForbidden() && !plan.insists ? 0 : kNamespace;
    // Nothing of what follows is seen outside.
    if (mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0)
        return kNamespace;
    for (const MountStep &step : plan.steps) {
        if (!run(step) && !step.isOptional)
            return kNamespace;
    }
    return mount(nullptr, "/", nullptr, MS_REC | plan.propagation, nullptr) == 0 ? 0 : kNamespace;
}

/// The folders and files on the way are for everybody, whatever the unit's UMask= is.
int enterOwnMounts(const MountPlan &plan)
{
    const mode_t before = umask(0022);
    const int wrong = makeOwnMounts(plan);
    umask(before);
    return wrong;
}

void raiseLoopback()
{
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request{};
    request.ifr_name[0] = 'l';
    request.ifr_name[1] = 'o';
    request.ifr_flags = IFF_UP;
    (void)ioctl(socket, SIOCSIFFLAGS, &request);
    close(socket);
}

int enterOwnNetwork()
{
    if (unshare(CLONE_NEWNET) != 0)
        return isForbidden() ? 0 : kNetwork;
    raiseLoopback();
    return 0;
}

int dropFromBounding(quint64 keep)
{
    for (unsigned long number = 0; number < kCapabilities; ++number) {
        const bool isKept = (keep >> number & 1) != 0;
        const int has = prctl(PR_CAPBSET_READ, number, 0, 0, 0);
        if (isKept || has <= 0) // a kernel may know fewer
            continue;
        if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0)
            return kCapabilitiesStatus;
    }
    return 0;
}

using CapabilityData = __user_cap_data_struct;

bool readCapabilities(CapabilityData (&data)[2])
{
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    return syscall(SYS_capget, &header, data) == 0;
}

bool writeCapabilities(const CapabilityData (&data)[2])
{
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    return syscall(SYS_capset, &header, data) == 0;
}

/// What was permitted stays so over setuid(); it is handed on over execve() from there.
int raiseAmbient(quint64 ambient)
{
    CapabilityData data[2]{};
    if (!readCapabilities(data))
        return kCapabilitiesStatus;
    for (int i = 0; i < 2; ++i) {
        const auto part = __u32(ambient >> (32 * i));
        data[i].inheritable |= part;
        data[i].effective |= part & data[i].permitted;
    }
    if (!writeCapabilities(data))
        return kCapabilitiesStatus;
    for (unsigned long number = 0; number < kCapabilities; ++number) {
        if ((ambient >> number & 1) != 0 &&
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) != 0)
            return kCapabilitiesStatus;
    }
    return 0;
}

int installFilters(const std::vector<SyscallProgram> &filters)
{
    for (const SyscallProgram &filter : filters) {
        const sock_fprog program{
            static_cast<unsigned short>(filter.size()), const_cast<sock_filter *>(filter.data())};
        if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
            return kSeccomp;
    }
    return 0;
}

} // namespace

int confineBefore(const Confinement &confinement)
{
    int wrong = 0;
    if (confinement.ownNetwork)
        wrong = enterOwnNetwork();
    if (wrong == 0 && confinement.ownIpc && unshare(CLONE_NEWIPC) != 0 && !isForbidden())
        wrong = kNamespace;
    if (wrong == 0 && confinement.ownMounts)
        wrong = enterOwnMounts(confinement.mounts);
    if (wrong == 0 && confinement.ownHostname && unshare(CLONE_NEWUTS) != 0 && !isForbidden())
        wrong = kNamespace;
    if (wrong == 0 && confinement.bounding != kAllCapabilities)
        wrong = dropFromBounding(confinement.bounding);
    return wrong;
}

int keepCapabilities(const Confinement &confinement)
{
    const bool keeps = confinement.ambient != 0;
    return keeps && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 ? kSecurebits : 0;
}

int confineAfter(const Confinement &confinement)
{
    if (confinement.ambient != 0) {
        if (const int wrong = raiseAmbient(confinement.ambient); wrong != 0)
            return wrong;
    }
    if (confinement.noNewPrivileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return kNoNewPrivileges;
    return installFilters(confinement.filters);
}

} // namespace qd::units
