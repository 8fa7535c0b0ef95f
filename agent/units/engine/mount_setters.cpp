// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/mount_setters.h"

#include "shared/unitfile/unit_name.h"

#include <QDir>

namespace qd::units {

namespace {

using namespace setters;

/// Whether one of the comma separated options is this one.
bool hasOption(const MountSettings &mount, const char *option)
{
    return mount.options.split(u',').contains(QLatin1String(option));
}

bool isNetwork(const MountSettings &mount)
{
    static const QStringList types =
        QStringLiteral("afs ceph cifs smb3 smbfs sshfs ncpfs ncp nfs nfs4 gfs "
                       "gfs2 glusterfs pvfs2 ocfs2 lustre davfs 9p")
            .split(u' ');
    const QString type = mount.type.startsWith(u"fuse.") ? mount.type.mid(5) : mount.type;
    return hasOption(mount, "_netdev") || types.contains(type);
}

/// Mounted before the engine, and until after it.
bool isExtrinsic(const QString &where)
{
    if (where == u"/" || where == u"/usr" || where == u"/etc")
        return true;
    for (const char *top : {"/run/initramfs", "/run/nextroot", "/proc", "/sys", "/dev"}) {
        const QString folder = QLatin1String(top);
        if (where == folder || where.startsWith(folder + u'/'))
            return true;
    }
    return false;
}

/// Why a mount cannot be; empty when it can.
QString wrongMount(const Unit &unit)
{
    const MountSettings &mount = unit.mount;
    if (mount.where != pathOfUnit(unit.id))
        return QStringLiteral("Where= setting doesn't match unit name. Refusing.");
    if (isApiMount(mount.where))
        return QStringLiteral("Cannot create mount unit for API file system %1. Refusing.")
            .arg(mount.where);
    if (mount.what.isEmpty() && !unit.fragmentPath.isEmpty())
        return QStringLiteral("What= setting is missing. Refusing.");
    return {};
}

} // namespace

bool isBind(const MountSettings &mount)
{
    return hasOption(mount, "bind") || hasOption(mount, "rbind") || mount.type == u"bind";
}

QString pathOfUnit(const QString &unit)
{
    return unitfile::unescapePath(unitfile::nameStem(unit)).value_or(QString());
}

bool isApiMount(const QString &path)
{
    static const QStringList all{
        QStringLiteral("/proc"),
        QStringLiteral("/sys"),
        QStringLiteral("/dev"),
        QStringLiteral("/run"),
        QStringLiteral("/dev/shm"),
        QStringLiteral("/dev/pts"),
        QStringLiteral("/dev/console"),
        QStringLiteral("/sys/kernel/security"),
        QStringLiteral("/sys/fs/smackfs"),
        QStringLiteral("/sys/fs/selinux"),
        QStringLiteral("/sys/fs/cgroup"),
        QStringLiteral("/sys/fs/pstore"),
        QStringLiteral("/sys/fs/bpf"),
        QStringLiteral("/sys/firmware/efi/efivars"),
        QStringLiteral("/proc/kmsg"),
        QStringLiteral("/proc/sys"),
        QStringLiteral("/proc/sys/kernel/random/boot_id")};
    return all.contains(path) || path.startsWith(QStringLiteral("/sys/fs/cgroup/"));
}

void addMountSetters(Setters &all)
{
    const auto mount = [&all](const char *name, const Setter &setter) {
        all.insert(QStringLiteral("Mount/") + QLatin1String(name), setter);
    };
    mount("What", text([](Loading &l) -> QString & { return l.unit.mount.what; }));
    mount("Type", text([](Loading &l) -> QString & { return l.unit.mount.type; }));
    mount("Where", [](Loading &l, const QString &value) {
        const QString path = expanded(l, value);
        if (path.startsWith(u'/'))
            l.unit.mount.where = QDir::cleanPath(path);
    });
    // Several lines add up.
    mount("Options", [](Loading &l, const QString &value) {
        QString &options = l.unit.mount.options;
        const QString more = expanded(l, value);
        options = more.isEmpty() || options.isEmpty() ? more : options + u',' + more;
    });
    const auto flag = [&mount](const char *name, bool MountSettings::*member) {
        mount(name, boolean([member](Loading &l) -> bool & { return l.unit.mount.*member; }));
    };
    flag("SloppyOptions", &MountSettings::sloppyOptions);
    flag("LazyUnmount", &MountSettings::lazyUnmount);
    flag("ForceUnmount", &MountSettings::forceUnmount);
    flag("ReadWriteOnly", &MountSettings::readWriteOnly);
    mount("TimeoutSec", span([](Loading &l) -> quint64 & { return l.unit.mount.timeoutUs; }, true));
    mount(
        "DirectoryMode",
        parsed(
            [](Loading &l) -> uint & { return l.unit.mount.directoryMode; }, unitfile::parseMode));
}

void finishMount(Loading &loading, const std::optional<MountPoint> &point)
{
    MountSettings &mount = loading.unit.mount;
    if (mount.where.isEmpty())
        mount.where = pathOfUnit(loading.unit.id);
    if (point && loading.unit.fragmentPath.isEmpty()) { // all that is known of it
        mount.what = point->what;
        mount.type = point->type;
        mount.options = point->options;
    }
    if (loading.unit.settings.description.isEmpty())
        loading.unit.settings.description = mount.where;
    if (loading.wrong.isEmpty()) {
        loading.wrong = wrongMount(loading.unit);
        if (!loading.wrong.isEmpty())
            loading.out.messages.append(loading.unit.id + QStringLiteral(": ") + loading.wrong);
    }
    if (mount.where != u"/")
        loading.unit.settings.requiresMountsFor.append(
            mount.where.left(std::max<qsizetype>(mount.where.lastIndexOf(u'/'), 1)));
    if (mount.what.startsWith(u'/') && isBind(mount))
        loading.unit.settings.requiresMountsFor.append(mount.what);
}

void addDeviceDependency(Loading &loading, const QString &what, Dependency kind)
{
    const bool isDevice =
        what.startsWith(QStringLiteral("/dev/")) || what.startsWith(QStringLiteral("/sys/"));
    const auto stem = isDevice ? unitfile::escapePath(what) : std::nullopt;
    if (!stem || what == u"/dev/root" || loading.unit.fragmentPath.isEmpty())
        return; // what was mounted by others does not depend on what we see of its device
    const QString name = *stem + QStringLiteral(".device");
    loading.out.dependencies.append({kind, name});
    loading.out.dependencies.append({Dependency::After, name});
}

void addMountDependencies(Loading &loading)
{
    const MountSettings &mount = loading.unit.mount;
    if (mount.where != u"/" && !isBind(mount))
        addDeviceDependency(
            loading, mount.what,
            hasOption(mount, "x-systemd.device-bound") ? Dependency::BindsTo
                                                       : Dependency::Requires);
    if (!loading.unit.settings.defaultDependencies || isExtrinsic(mount.where))
        return;
    const auto add = [&loading](Dependency kind, const char *name) {
        loading.out.dependencies.append({kind, QString::fromLatin1(name)});
    };
    const bool mayFail = hasOption(mount, "nofail");
    if (isNetwork(mount)) {
        add(Dependency::After, "remote-fs-pre.target");
        add(Dependency::After, "network.target");
        add(Dependency::After, "network-online.target");
        add(Dependency::Wants, "network-online.target");
        if (!mayFail)
            add(Dependency::Before, "remote-fs.target");
    } else {
        add(Dependency::After, "local-fs-pre.target");
        if (!mayFail)
            add(Dependency::Before, "local-fs.target");
    }
    if (mount.type == u"tmpfs") // what it holds may be swapped out
        add(Dependency::After, "swap.target");
    add(Dependency::Conflicts, "umount.target");
    add(Dependency::Before, "umount.target");
}

} // namespace qd::units
