// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/journal/entry.h"
#include "shared/base/result.h"

namespace qd::journal {

/// What every entry carries besides its own fields.
struct Origin {
    QByteArray machineId; ///< 32 hex digits
    QByteArray bootId;    ///< 32 hex digits
    QByteArray hostname;
};

inline constexpr qsizetype kMaxFields = 512;
inline constexpr qsizetype kMaxValue = 256 * 1024; ///< bytes; a longer value is cut
inline constexpr qsizetype kMaxEntry = 768 * 1024; ///< bytes of all values; more is left out

/// One entry in the journal export format, ending with its empty line. A field whose name is not a
/// journal field's is left out, since one malformed entry would end systemd-journal-remote
/// (architecture.md 10). Error: code::badInput when nothing is left to write.
Result<QByteArray> encode(const JournalEntry &entry, const Origin &origin);

/// Whether `name` may be a field of an entry: `[A-Z_][A-Z0-9_]*`, at most 64 bytes, and none of the
/// addresses (`__CURSOR` ...), which the encoder writes itself.
bool isFieldName(QByteArrayView name);

} // namespace qd::journal
