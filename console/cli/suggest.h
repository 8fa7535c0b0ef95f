// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>

namespace qd::cli {

/// How many letters must be changed, added, removed or swapped with their neighbour.
int distance(const QString &a, const QString &b);
/// ` Did you mean "node"?`, or nothing when no candidate is near.
QString didYouMean(const QString &word, const QStringList &candidates);

} // namespace qd::cli
