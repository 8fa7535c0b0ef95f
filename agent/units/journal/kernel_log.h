// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/journal/entry.h"
#include "shared/base/result.h"

#include <QObject>
#include <functional>
#include <optional>

class QSocketNotifier;

namespace qd {

/// A line of /dev/kmsg, "6,1642,47871585207,-;eth0: link is up", as an entry of the journal with
/// its number; nothing for what is no record, or not the kernel's (S28).
struct KernelRecord {
    quint64 number = 0;
    JournalEntry entry;
};
std::optional<KernelRecord> readKernelRecord(const QByteArray &line);

/// The kernel's messages, each once, also over a restart of the engine.
class KernelLog : public QObject {
    Q_OBJECT

public:
    using Sink = std::function<void(JournalEntry)>;

    /// `numberFile` keeps the number of the last one that was read.
    KernelLog(QString numberFile, Sink sink, QObject *parent = nullptr);
    ~KernelLog() override;

    /// Error: code::io.
    Result<void> open(const QString &path);

private:
    void read();
    void take(const QByteArray &line);

    QString m_numberFile;
    Sink m_sink;
    int m_file = -1;
    QSocketNotifier *m_notifier = nullptr;
    quint64 m_next = 0; ///< what comes before it was read
};

} // namespace qd
