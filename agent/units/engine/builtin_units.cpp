// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/builtin_units.h"

#include <QHash>

namespace qd::units {

namespace {

struct Builtin {
    const char *name;
    const char *text;
};

// Descriptions and dependencies as in systemd's own files, without the units that only a machine's
// start needs.
constexpr Builtin kBuiltins[] = {
    {"-.slice", "[Unit]\nDescription=Root Slice\n"},
    {"system.slice", "[Unit]\nDescription=System Slice\n"},
    {"basic.target", "[Unit]\nDescription=Basic System\nRequires=sysinit.target\n"
                     "Wants=sockets.target timers.target paths.target slices.target\n"
                     "After=sysinit.target sockets.target paths.target slices.target\n"},
    {"cryptsetup.target", "[Unit]\nDescription=Local Encrypted Volumes\n"},
    {"emergency.target", "[Unit]\nDescription=Emergency Mode\nAllowIsolate=yes\n"},
    {"getty.target", "[Unit]\nDescription=Login Prompts\n"},
    {"graphical.target", "[Unit]\nDescription=Graphical Interface\nRequires=multi-user.target\n"
                         "After=multi-user.target\nAllowIsolate=yes\n"},
    {"local-fs-pre.target", "[Unit]\nDescription=Preparation for Local File Systems\n"
                            "RefuseManualStart=yes\n"},
    {"local-fs.target", "[Unit]\nDescription=Local File Systems\nDefaultDependencies=no\n"
                        "Conflicts=shutdown.target\nAfter=local-fs-pre.target\n"},
    {"multi-user.target", "[Unit]\nDescription=Multi-User System\nRequires=basic.target\n"
                          "After=basic.target\nAllowIsolate=yes\n"},
    {"halt.target", "[Unit]\nDescription=System Halt\nDefaultDependencies=no\n"
                    "Requires=shutdown.target\nAfter=shutdown.target\nAllowIsolate=yes\n"},
    {"hibernate.target", "[Unit]\nDescription=System Hibernation\nDefaultDependencies=no\n"
                         "Requires=sleep.target\nAfter=sleep.target\nStopWhenUnneeded=yes\n"},
    {"network-online.target", "[Unit]\nDescription=Network is Online\nAfter=network.target\n"},
    {"network-pre.target", "[Unit]\nDescription=Preparation for Network\nRefuseManualStart=yes\n"},
    {"network.target", "[Unit]\nDescription=Network\nAfter=network-pre.target\n"
                       "RefuseManualStart=yes\n"},
    {"nss-lookup.target", "[Unit]\nDescription=Host and Network Name Lookups\n"
                          "RefuseManualStart=yes\n"},
    {"paths.target", "[Unit]\nDescription=Path Units\n"},
    {"poweroff.target", "[Unit]\nDescription=System Power Off\nDefaultDependencies=no\n"
                        "Requires=shutdown.target\nAfter=shutdown.target\nAllowIsolate=yes\n"},
    {"reboot.target", "[Unit]\nDescription=System Reboot\nDefaultDependencies=no\n"
                      "Requires=shutdown.target\nAfter=shutdown.target\nAllowIsolate=yes\n"},
    {"remote-fs-pre.target", "[Unit]\nDescription=Preparation for Remote File Systems\n"
                             "RefuseManualStart=yes\n"},
    {"remote-fs.target", "[Unit]\nDescription=Remote File Systems\n"},
    {"rescue.target", "[Unit]\nDescription=Rescue Mode\nRequires=sysinit.target\n"
                      "After=sysinit.target\nAllowIsolate=yes\n"},
    {"shutdown.target", "[Unit]\nDescription=System Shutdown\nDefaultDependencies=no\n"
                        "RefuseManualStart=yes\n"},
    {"sleep.target", "[Unit]\nDescription=Sleep\nDefaultDependencies=no\nRefuseManualStart=yes\n"
                     "StopWhenUnneeded=yes\n"},
    {"suspend.target", "[Unit]\nDescription=Suspend\nDefaultDependencies=no\n"
                       "Requires=sleep.target\nAfter=sleep.target\nStopWhenUnneeded=yes\n"},
    {"slices.target", "[Unit]\nDescription=Slice Units\nWants=-.slice system.slice\n"
                      "After=-.slice system.slice\n"},
    {"sockets.target", "[Unit]\nDescription=Socket Units\n"},
    {"swap.target", "[Unit]\nDescription=Swaps\n"},
    {"sysinit.target", "[Unit]\nDescription=System Initialization\n"
                       "Wants=local-fs.target swap.target\nAfter=local-fs.target swap.target\n"},
    {"time-set.target", "[Unit]\nDescription=System Time Set\nRefuseManualStart=yes\n"},
    {"time-sync.target", "[Unit]\nDescription=System Time Synchronized\nRefuseManualStart=yes\n"
                         "After=time-set.target\nWants=time-set.target\n"},
    {"timers.target", "[Unit]\nDescription=Timer Units\n"},
    {"umount.target", "[Unit]\nDescription=Unmount All Filesystems\nDefaultDependencies=no\n"
                      "RefuseManualStart=yes\n"},
};

/// The default target (S12), and the run levels of old (S61).
const QHash<QString, QString> &aliases()
{
    static const QHash<QString, QString> all{
        {QStringLiteral("default.target"), QStringLiteral("multi-user.target")},
        {QStringLiteral("runlevel0.target"), QStringLiteral("poweroff.target")},
        {QStringLiteral("runlevel1.target"), QStringLiteral("rescue.target")},
        {QStringLiteral("runlevel2.target"), QStringLiteral("multi-user.target")},
        {QStringLiteral("runlevel3.target"), QStringLiteral("multi-user.target")},
        {QStringLiteral("runlevel4.target"), QStringLiteral("multi-user.target")},
        {QStringLiteral("runlevel5.target"), QStringLiteral("graphical.target")},
        {QStringLiteral("runlevel6.target"), QStringLiteral("reboot.target")}};
    return all;
}

} // namespace

QString powerVerb(const QString &unit)
{
    static const QStringList verbs =
        QStringLiteral("poweroff reboot halt suspend hibernate").split(u' ');
    const QString verb = unit.section(u'.', 0, -2);
    return unit.endsWith(u".target") && verbs.contains(verb) ? verb : QString();
}

FoundUnit findUnit(const UnitSource &source, const QString &name)
{
    FoundUnit found = source.find(name);
    if (found.state != FoundUnit::Missing)
        return found;
    if (const auto alias = aliases().constFind(name); alias != aliases().constEnd()) {
        found = findUnit(source, *alias); // somebody may have a file of it
        found.id = *alias;
        return found;
    }
    for (const Builtin &builtin : kBuiltins) {
        if (name != QLatin1String(builtin.name))
            continue;
        found.state = FoundUnit::Present;
        found.id = name;
        found.fragment.text = builtin.text;
        break;
    }
    return found;
}

} // namespace qd::units
