// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QByteArrayView>
#include <QObject>
#include <QSocketNotifier>
#include <memory>
#include <sys/types.h>

namespace qd::journal {

/// systemd-journal-remote at the end of a pipe that we own on both sides: when it dies, what it has
/// not read is known to the byte, so that nothing is lost. Never blocks.
class WriterProcess : public QObject {
    Q_OBJECT

public:
    explicit WriterProcess(QObject *parent = nullptr);
    ~WriterProcess() override;

    /// Starts `program` so that it writes what it is given into `file`. Error: code::io.
    Result<void> start(const QString &program, const QString &file);
    /// Bytes taken into the pipe; fewer than offered means: wait for writable().
    qint64 offer(QByteArrayView bytes);
    /// Bytes that the program has read so far.
    qint64 consumed() const;
    /// No more input: the program ends by itself when it has read everything; then ended().
    void finish();
    bool isRunning() const { return m_pid > 0; }
    pid_t pid() const { return m_pid; }

Q_SIGNALS:
    void writable();
    /// The program is gone. `consumed()` still tells what it had read.
    void ended();

private:
    void onExit();
    void reap();
    void closePipe();

    pid_t m_pid = -1;
    int m_pidFd = -1;
    int m_readEnd = -1;
    int m_writeEnd = -1;
    qint64 m_written = 0;
    std::unique_ptr<QSocketNotifier> m_exit;
    std::unique_ptr<QSocketNotifier> m_room;
};

} // namespace qd::journal
