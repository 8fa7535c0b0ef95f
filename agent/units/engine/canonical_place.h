// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/driver.h"

namespace qd::units {

/// Whether no part of a path is a symbolic link, so that what is mounted there stands there: not
/// where somebody who may write in a folder above has led it.
bool isCanonicalPlace(const Driver &driver, const QString &path);

} // namespace qd::units
