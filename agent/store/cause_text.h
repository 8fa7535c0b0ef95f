// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QString>

namespace qd::store {

/// An error's cause may quote a value, and a value need not be UTF-8. Its stray bytes stand in the
/// text as lone surrogates, U+DC80 to U+DCFF, from which they can be had back.
QString causeText(QByteArrayView value);
QByteArray causeBytes(const QString &cause);

} // namespace qd::store
