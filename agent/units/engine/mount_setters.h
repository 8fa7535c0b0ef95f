// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/setter_kinds.h"

/// The options of [Mount] (ch3-systemd.md 12).
namespace qd::units {

void addMountSetters(setters::Setters &all);
/// What is known once all lines are read: what the name says, what the kernel has mounted there,
/// and why the unit is refused.
void finishMount(Loading &loading, const std::optional<MountPoint> &point);
/// The dependencies of a mount on what is above it, and on its targets.
void addMountDependencies(Loading &loading);

/// The path that the name of a mount, an automount or a swap stands for; empty when it is none.
QString pathOfUnit(const QString &unit);
/// Whether it shows a folder that is there already: its What= is made when it is missing.
bool isBind(const MountSettings &mount);
/// Whether the kernel, or the container, needs it: it is never seen as a unit, nor may be one.
bool isApiMount(const QString &path);

/// It comes after the device at `what`, and needs it, if that is where one would be.
void addDeviceDependency(Loading &loading, const QString &what, Dependency kind);

} // namespace qd::units
