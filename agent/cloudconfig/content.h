// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QByteArray>

/// What the items of write_files say (ch7 4.5).
namespace qd::cloudconfig {

/// The bytes that `text` stands for in `encoding`; empty: they are the text's own.
/// code::badInput: no such encoding, or the text is none of it.
Result<QByteArray> decoded(const QByteArray &text, const QByteArray &encoding);

/// An absolute path without "." and ".."; nothing is above "/".
QString cleaned(const QString &path);

/// Whether a file lies below /usr, which a node cannot write.
bool isReadOnly(const QString &path);

} // namespace qd::cloudconfig
