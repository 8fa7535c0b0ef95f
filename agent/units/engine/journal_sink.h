// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>

namespace qd::units {

/// One field of a journal entry: a name of journald's and any bytes.
struct JournalField {
    QByteArray name;
    QByteArray value;
};

/// Where the engine's words and its services' output go. An entry without `_PID` is the engine's
/// own: the sink adds who it is (`_PID`, `_UID`, `_TRANSPORT=journal`; systemd1-dbus.md 9). Host,
/// boot, machine and times are always the sink's to add. Must not block and must not fail.
class JournalSink {
public:
    virtual ~JournalSink() = default;
    virtual void entry(const QList<JournalField> &fields) = 0;
};

} // namespace qd::units
