// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/journal/entry.h"
#include "agent/units/journal/export_encoder.h"
#include "agent/units/journal/limits.h"

#include <QObject>
#include <QTimer>
#include <deque>
#include <functional>
#include <memory>

namespace qd {

namespace journal {
class WriterProcess;
}

/// Writes a node's journal in journald's own file format, through systemd-journal-remote
/// (architecture.md 7 and 10). Never blocks: entries wait in a bounded backlog while the program
/// is busy or starts again; what does not fit is counted, and a line in the journal says how many
/// were lost. Keeps the files within journald's size limits.
class JournalWriter : public QObject {
    Q_OBJECT

public:
    struct Options {
        QString logDir;    ///< the files go to <logDir>/journal/<machine-id>/
        QString machineId; ///< 32 hex digits; empty = of /etc/machine-id
        QString hostname;  ///< empty = the system's
        QString program = QStringLiteral("/lib/systemd/systemd-journal-remote");
        QString configFile = QStringLiteral("/etc/systemd/journald.conf");
        qsizetype maxBacklogBytes = 8 * 1024 * 1024;
        quint64 maxUse = 0;  ///< bytes; 0 = of configFile, else journald's default
        quint64 maxFile = 0; ///< bytes; 0 = from maxUse
    };

    explicit JournalWriter(Options options, QObject *parent = nullptr);
    ~JournalWriter() override;

    /// Makes the folder and starts the program. Error: code::io.
    Result<void> start();
    void append(JournalEntry entry);
    /// Writes what waits, ends the program, then calls `done`. Later entries are lost.
    void finish(std::function<void()> done);

    QString folder() const;
    quint64 lost() const { return m_lostEver; }
    qsizetype backlogBytes() const { return m_waitingBytes; }
    /// Process id of the program; -1 while it is not running.
    qint64 writerPid() const;

private:
    struct Sent {
        QByteArray bytes;
        qint64 end; ///< of its bytes in the stream of this run
    };

    void startProgram();
    void pump();
    void noteConsumed();
    void onEnded();
    void requeueUnread();
    void sayLost();
    void checkSize();
    void enqueue(QByteArray encoded);
    void stamp(JournalEntry &entry);

    Options m_options;
    journal::Origin m_origin;
    journal::Limits m_limits;
    std::unique_ptr<journal::WriterProcess> m_process;
    std::deque<QByteArray> m_waiting;
    std::deque<Sent> m_sent; ///< in the pipe, not known to be read
    qsizetype m_waitingBytes = 0;
    qsizetype m_headTaken = 0; ///< bytes of m_waiting.front() that are in the pipe already
    qint64 m_streamed = 0;     ///< bytes put into the pipe in this run
    qint64 m_lastRealtimeUs = 0;
    qint64 m_lastMonotonicUs = 0;
    quint64 m_lost = 0; ///< not yet said
    quint64 m_lostEver = 0;
    qint64 m_doneEnd = 0;   ///< end in this run's stream of the last entry read whole
    int m_fruitless = 0;    ///< runs in a row that read no entry whole
    int m_headFailures = 0; ///< of those, runs that ended in the midst of the first entry
    bool m_rotating = false;
    bool m_finishing = false;
    std::function<void()> m_whenFinished;
    QTimer m_restart;
    QTimer m_sizeCheck;
};

} // namespace qd
