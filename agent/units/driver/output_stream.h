// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/driver.h"
#include "agent/units/engine/journal_sink.h"

#include <QObject>
#include <QSocketNotifier>
#include <memory>
#include <sys/socket.h>

namespace qd::units {

/// The standard output of one started process and of all that inherit it, line by line into the
/// journal (S25). Who wrote a line is what the kernel says of the other end, not what the line
/// says: the fields with a leading underscore (systemd1-dbus.md 9).
class OutputStream : public QObject {
    Q_OBJECT

public:
    OutputStream(const SpawnRequest &request, JournalSink *sink, QObject *parent = nullptr);
    ~OutputStream() override;

    /// Gives the end for the process; the caller closes it after the fork. Error: code::io.
    Result<int> open();
    const QString &group() const { return m_group; }
    /// Takes what is there now, so that the last words of a process come before its end.
    void drain();

Q_SIGNALS:
    /// Nobody can write any more.
    void ended();

private:
    enum class Read { Some, Nothing, End };

    Read readOnce();
    void take(const ucred &who, QByteArrayView bytes);
    void takeLines();
    void say(QByteArrayView line, const char *lineBreak);
    void lookAtWriter(const ucred &who);
    void finish();

    JournalSink *m_sink;
    QString m_group;
    QList<JournalField> m_fixed; ///< what every line of this stream carries
    QList<JournalField> m_writer;
    QByteArray m_program; ///< that was started, for lines whose writer is gone already
    int m_priority;
    bool m_levelPrefix;
    pid_t m_writerPid = 0;
    QByteArray m_pending;
    int m_fd = -1;
    std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace qd::units
