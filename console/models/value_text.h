// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QString>

/// What a value of the store looks like: bytes of unknown meaning, shown as text, JSON or hex.
namespace qd::models {

inline constexpr qsizetype kShownBytes = 65'536; ///< of a value in the value pane

/// Valid UTF-8 without zero bytes.
bool isText(const QByteArray &bytes);
/// The first bytes of a value for a list: one line of at most 120 characters, or its size.
QString previewOf(const QByteArray &bytes);
/// Offset, 16 bytes and their printable characters a line; the first 16 KiB.
QString hexDump(const QByteArray &bytes);
/// Indented JSON; empty when the value is not a JSON object or array.
QString prettyJson(const QByteArray &bytes);

} // namespace qd::models
