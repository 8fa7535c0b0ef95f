// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/journal/export_encoder.h"

#include <QtEndian>
#include <algorithm>

namespace qd::journal {

namespace {

/// The plain form `NAME=value` is for text in one line; everything else goes with its length.
bool isPlain(QByteArrayView value)
{
    return std::all_of(
        value.begin(), value.end(), [](char c) { return uchar(c) >= 32 || c == '\t'; });
}

void append(QByteArray &out, QByteArrayView name, QByteArrayView value)
{
    out.append(name);
    if (isPlain(value)) {
        out.append('=').append(value).append('\n');
        return;
    }
    const quint64 size = qToLittleEndian(quint64(value.size()));
    out.append('\n');
    out.append(reinterpret_cast<const char *>(&size), sizeof size);
    out.append(value).append('\n');
}

bool has(const JournalEntry &entry, QByteArrayView name)
{
    return std::any_of(entry.fields.begin(), entry.fields.end(), [&](const auto &field) {
        return field.name == name;
    });
}

void appendOrigin(QByteArray &out, const JournalEntry &entry, const Origin &origin)
{
    // _BOOT_ID is obligatory and must come once: the entry's own is left out below.
    append(out, "_BOOT_ID", origin.bootId);
    if (!has(entry, "_MACHINE_ID"))
        append(out, "_MACHINE_ID", origin.machineId);
    if (!has(entry, "_HOSTNAME") && !origin.hostname.isEmpty())
        append(out, "_HOSTNAME", origin.hostname);
}

} // namespace

bool isFieldName(QByteArrayView name)
{
    if (name.isEmpty() || name.size() > 64 || name.startsWith("__"))
        return false;
    if (name.front() >= '0' && name.front() <= '9')
        return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
}

Result<QByteArray> encode(const JournalEntry &entry, const Origin &origin)
{
    QByteArray out;
    out.append("__REALTIME_TIMESTAMP=").append(QByteArray::number(entry.realtimeUs)).append('\n');
    out.append("__MONOTONIC_TIMESTAMP=").append(QByteArray::number(entry.monotonicUs)).append('\n');
    appendOrigin(out, entry, origin);
    qsizetype written = 0;
    qsizetype bytes = 0;
    for (const JournalEntry::Field &field : entry.fields) {
        if (!isFieldName(field.name) || field.name == "_BOOT_ID" || written == kMaxFields)
            continue;
        const QByteArrayView value =
            QByteArrayView(field.value).first(std::min(field.value.size(), kMaxValue));
        if (bytes + value.size() > kMaxEntry)
            continue;
        append(out, field.name, value);
        bytes += value.size();
        ++written;
    }
    if (written == 0)
        return fail(code::badInput, QStringLiteral("a journal entry without a valid field"));
    out.append('\n');
    return out;
}

} // namespace qd::journal
