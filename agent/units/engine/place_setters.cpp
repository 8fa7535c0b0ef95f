// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/place_setters.h"

#include "agent/units/engine/mount_setters.h"
#include "shared/unitfile/unit_name.h"

#include <QDir>

namespace qd::units {

namespace {

using namespace setters;

/// A path, without the slashes that mean nothing.
template <class T>
Setter path(T part)
{
    return [part](Loading &l, const QString &value) {
        const QString read = expanded(l, value);
        if (read.startsWith(u'/'))
            part(l) = QDir::cleanPath(read);
    };
}

void refuse(Loading &loading, const QString &why)
{
    if (!loading.wrong.isEmpty())
        return;
    loading.wrong = why;
    loading.out.messages.append(loading.unit.id + QStringLiteral(": ") + why);
}

QString folderAbove(const QString &path)
{
    return path.left(std::max<qsizetype>(path.lastIndexOf(u'/'), 1));
}

void addDefaults(Loading &loading, std::initializer_list<WantedDependency> dependencies)
{
    if (!loading.unit.settings.defaultDependencies)
        return;
    for (const WantedDependency &dependency : dependencies)
        loading.out.dependencies.append(dependency);
    const QString umount = QStringLiteral("umount.target");
    loading.out.dependencies.append({Dependency::Conflicts, umount});
    loading.out.dependencies.append({Dependency::Before, umount});
}

void addAutomountSetters(Setters &all)
{
    const auto automount = [&all](const char *name, const Setter &setter) {
        all.insert(QStringLiteral("Automount/") + QLatin1String(name), setter);
    };
    automount("Where", path([](Loading &l) -> QString & { return l.unit.automount.where; }));
    automount("ExtraOptions", text([](Loading &l) -> QString & {
                  return l.unit.automount.extraOptions;
              }));
    automount(
        "DirectoryMode", parsed(
                             [](Loading &l) -> uint & { return l.unit.automount.directoryMode; },
                             unitfile::parseMode));
    automount("TimeoutIdleSec", [](Loading &l, const QString &value) {
        const auto us = unitfile::parseTimeSpan(value);
        if (us)
            l.unit.automount.timeoutIdleUs = *us == unitfile::kInfinity ? 0 : *us;
    });
}

void addSwapSetters(Setters &all)
{
    const auto swap = [&all](const char *name, const Setter &setter) {
        all.insert(QStringLiteral("Swap/") + QLatin1String(name), setter);
    };
    swap("What", path([](Loading &l) -> QString & { return l.unit.swap.what; }));
    swap("Options", text([](Loading &l) -> QString & { return l.unit.swap.options; }));
    swap("TimeoutSec", span([](Loading &l) -> quint64 & { return l.unit.swap.timeoutUs; }, true));
    swap("Priority", [](Loading &l, const QString &value) {
        bool ok = false;
        const int priority = value.toInt(&ok);
        if (value.isEmpty())
            l.unit.swap.priority.reset();
        else if (ok && priority >= -1 && priority <= 32'767)
            l.unit.swap.priority = priority;
    });
}

} // namespace

void addPlaceSetters(Setters &all)
{
    addAutomountSetters(all);
    addSwapSetters(all);
    all.insert(
        QStringLiteral("Scope/TimeoutStopSec"),
        span([](Loading &l) -> quint64 & { return l.unit.scope.timeoutStopUs; }, true));
    all.insert(
        QStringLiteral("Scope/RuntimeMaxSec"),
        span([](Loading &l) -> quint64 & { return l.unit.scope.runtimeMaxUs; }, true));
}

void finishAutomount(Loading &loading)
{
    AutomountSettings &automount = loading.unit.automount;
    const QString named = pathOfUnit(loading.unit.id);
    if (automount.where.isEmpty())
        automount.where = named;
    automount.mount = unitfile::nameStem(loading.unit.id) + QStringLiteral(".mount");
    if (automount.where == u"/")
        refuse(
            loading,
            QStringLiteral("Cannot have an automount unit for the root directory. Refusing."));
    else if (automount.where != named)
        refuse(loading, QStringLiteral("Where= setting doesn't match unit name. Refusing."));
    loading.unit.settings.requiresMountsFor.append(folderAbove(automount.where));
    loading.out.dependencies.append({Dependency::Triggers, automount.mount});
    loading.out.dependencies.append({Dependency::Before, automount.mount});
}

void addAutomountDependencies(Loading &loading)
{
    addDefaults(
        loading, {{Dependency::After, QStringLiteral("local-fs-pre.target")},
                  {Dependency::Before, QStringLiteral("local-fs.target")}});
}

void finishSwap(Loading &loading, const std::optional<SwapArea> &area)
{
    SwapSettings &swap = loading.unit.swap;
    if (swap.what.isEmpty() && area)
        swap.what = area->what;
    else if (swap.what.isEmpty())
        swap.what = pathOfUnit(loading.unit.id);
    if (loading.unit.settings.description.isEmpty())
        loading.unit.settings.description = swap.what;
    if (swap.what != pathOfUnit(loading.unit.id))
        refuse(loading, QStringLiteral("Value of What= and unit name do not match, not loading."));
    loading.unit.settings.requiresMountsFor.append(swap.what);
}

void addSwapDependencies(Loading &loading)
{
    addDeviceDependency(loading, loading.unit.swap.what, Dependency::BindsTo);
    addDefaults(loading, {{Dependency::Before, QStringLiteral("swap.target")}});
}

} // namespace qd::units
