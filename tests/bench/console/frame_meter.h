// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QString>
#include <functional>

class QQuickWindow;

namespace qd::bench {

/// What an act costs until its picture is on the screen: from the act through bindings, polish,
/// synchronisation and rendering to the swap of buffers. Offscreen all of that runs in the thread
/// of the window, so that the thread's CPU time is the frame's own, whatever else the machine does.
struct Cost {
    double cpuMs = 0;
    double wallMs = 0;
};

class FrameMeter {
public:
    explicit FrameMeter(QQuickWindow *window)
        : m_window(window)
    {
    }
    Cost measure(const std::function<void()> &act);

private:
    QQuickWindow *m_window;
};

/// Of CPU and of wall time: median, p99 and worst, as a line to print.
QString summary(const QString &what, const QList<Cost> &costs);
double cpuPercentile(QList<Cost> costs, double share);
/// Resident memory of this process.
double residentMiB();

} // namespace qd::bench
