// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>
#include <QtGlobal>

namespace qd {

/// One entry of the journal before it is written. Field names are journald's (`MESSAGE`,
/// `_SYSTEMD_UNIT`): upper-case letters, digits and underscores, at most 64; a name may stand more
/// than once. Values are bytes of any kind.
struct JournalEntry {
    struct Field {
        QByteArray name;
        QByteArray value;
    };
    QList<Field> fields;
    qint64 realtimeUs = 0;  ///< since 1970-01-01 UTC; 0 = the writer fills in the present
    qint64 monotonicUs = 0; ///< CLOCK_MONOTONIC; 0 = the writer fills in the present

    JournalEntry &add(const QByteArray &name, const QByteArray &value)
    {
        fields.append(Field{name, value});
        return *this;
    }
};

} // namespace qd
