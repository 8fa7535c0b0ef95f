// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/crc32c.h"

#include <QByteArrayView>
#include <QString>

/// Sums by which members compare their states (anchors-engines.md 1.7, point 12). What comes into a
/// state adds the hash of it and what goes takes it away again: so the sum follows each write, is
/// the same after a restore, and asks for no walk over the state.
namespace qd::store {

/// Each bit of the result depends on each of `word` (the end of splitmix64).
inline quint64 mixed(quint64 word)
{
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9ULL;
    word = (word ^ (word >> 27)) * 0x94d049bb133111ebULL;
    return word ^ (word >> 31);
}

/// `hash` continued with one more part.
inline quint64 mixed(quint64 hash, quint64 part)
{
    return mixed(hash + part + 0x9e3779b97f4a7c15ULL);
}

inline quint64 mixed(quint64 hash, QByteArrayView part)
{
    return mixed(hash, quint64(part.size()) << 32 | crc32c(part));
}

inline quint64 mixed(quint64 hash, const QString &part)
{
    return mixed(
        hash, QByteArrayView(reinterpret_cast<const char *>(part.utf16()), part.size() * 2));
}

} // namespace qd::store
