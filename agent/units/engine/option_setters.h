// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/loader.h"

namespace qd::units {

/// A unit on its way into memory.
struct Loading {
    Unit &unit;
    unitfile::SpecifierContext context;
    Loaded out;
    QList<ExecCommand> stopPre; ///< ExecStopPre=, run before ExecStop= (D4)
    QString wrong;              ///< why the unit is refused; empty while it is not
};

/// Takes one option in; its value has been checked. Options that we know but do not act on change
/// nothing.
void applyOption(Loading &loading, const unitfile::Option &option);

/// Whether applyOption() does something with such an option.
bool isActedOn(const QString &section, const QString &name);

} // namespace qd::units
