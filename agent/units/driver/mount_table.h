// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/settings.h"

#include <QObject>
#include <memory>

class QSocketNotifier;

namespace qd::units {

/// Reads lines of /proc/self/mountinfo.
QList<MountPoint> parseMountTable(const QByteArray &text);

/// The kernel's table of mounts, and that it has changed (ch3-systemd.md 12).
class MountTable : public QObject {
    Q_OBJECT

public:
    explicit MountTable(QObject *parent = nullptr);
    ~MountTable() override;

    /// As it is now, in the order in which they were mounted.
    const QList<MountPoint> &mounts();

Q_SIGNALS:
    void changed();

private:
    bool isStale() const;

    int m_file = -1;    ///< to read, and to ask whether it has changed since
    int m_watched = -1; ///< another one: who has asked once is not told again
    std::unique_ptr<QSocketNotifier> m_notifier;
    QList<MountPoint> m_mounts;
    bool m_read = false;
};

} // namespace qd::units
