// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace qd {

/// Text on one line that cannot move a cursor or end a line of a log: control characters as \n, \t,
/// \x1b.
QString visible(const QString &text);

} // namespace qd
