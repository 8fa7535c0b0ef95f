// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QObject>
#include <QSocketNotifier>
#include <memory>
#include <sys/types.h>

namespace qd::units {

/// The socket at which services tell of themselves (NOTIFY_SOCKET of sd_notify). Who has sent a
/// message is the kernel's word.
class NotifySocket : public QObject {
    Q_OBJECT

public:
    explicit NotifySocket(QObject *parent = nullptr);
    ~NotifySocket() override;

    /// Makes the socket at `path`, open to every user: services run as any. Error: code::io.
    Result<void> open(const QString &path);
    const QString &path() const { return m_path; }
    /// Takes what is there now, so that the last words of a process come before its end.
    void drain();

Q_SIGNALS:
    void received(qint32 pid, const QByteArray &message);

private:
    bool readOne();

    QString m_path;
    int m_fd = -1;
    std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace qd::units
