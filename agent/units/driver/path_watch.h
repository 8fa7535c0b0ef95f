// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/settings.h"

#include <QHash>
#include <QObject>
#include <memory>

class QSocketNotifier;

namespace qd::units {

/// Watches the paths of one unit through inotify: each path itself, and every folder above it, so
/// that it may come, go, or be moved (ch3-systemd.md 10).
class PathWatch : public QObject {
    Q_OBJECT

public:
    explicit PathWatch(const QList<PathLine> &paths, QObject *parent = nullptr);
    ~PathWatch() override;

Q_SIGNALS:
    /// `touched`: a path that waits for changes has one.
    void changed(bool touched);

private:
    void watch(const PathLine &line);
    int add(const QString &path, quint32 events);
    void readEvents();

    int m_file = -1;
    std::unique_ptr<QSocketNotifier> m_notifier;
    QHash<int, bool> m_waitsForChange; ///< by watch: whether its events are what a path waits for
};

} // namespace qd::units
