// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/unitd/journal_log.h"

#include "agent/units/driver/proc.h"

#include <algorithm>
#include <unistd.h>

namespace qd::units {

namespace {

const QByteArray kIdentifier = "quarterdeck-unitd";

bool has(const QList<JournalField> &fields, const QByteArray &name)
{
    return std::any_of(fields.begin(), fields.end(), [&](const JournalField &field) {
        return field.name == name;
    });
}

} // namespace

JournalLog::JournalLog(JournalWriter &writer)
    : m_writer(writer)
    , m_own{{"_PID", QByteArray::number(getpid())}, {"_UID", QByteArray::number(getuid())},
            {"_GID", QByteArray::number(getgid())}, {"_COMM", procFile(getpid(), "comm").trimmed()},
            {"_EXE", procProgram(getpid())},        {"_TRANSPORT", "journal"}}
{
}

void JournalLog::entry(const QList<JournalField> &fields)
{
    JournalEntry entry;
    for (const JournalField &field : fields)
        entry.add(field.name, field.value);
    // Without a process of its own it is the engine that speaks (systemd1-dbus.md 9).
    if (!has(fields, "_PID")) {
        for (const JournalField &field : m_own)
            entry.add(field.name, field.value);
        if (!has(fields, "SYSLOG_IDENTIFIER"))
            entry.add("SYSLOG_IDENTIFIER", kIdentifier);
    }
    m_writer.append(std::move(entry));
}

} // namespace qd::units
