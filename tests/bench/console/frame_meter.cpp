// SPDX-License-Identifier: GPL-3.0-or-later
#include "frame_meter.h"

#include <QElapsedTimer>
#include <QEventLoop>
#include <QFile>
#include <QQuickWindow>
#include <QTimer>
#include <ctime>
#include <unistd.h>

namespace qd::bench {
namespace {

constexpr int kFrameMs = 10'000; // a frame that takes longer never comes

double threadCpuMs()
{
    timespec now = {};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return double(now.tv_sec) * 1e3 + double(now.tv_nsec) / 1e6;
}

double percentile(QList<double> values, double share)
{
    std::sort(values.begin(), values.end());
    return values.isEmpty() ? 0 : values.at(qsizetype(double(values.size() - 1) * share));
}

} // namespace

Cost FrameMeter::measure(const std::function<void()> &act)
{
    QEventLoop loop; // sleeps between events: a loop that polls would count as the frame's work
    const auto connection =
        QObject::connect(m_window, &QQuickWindow::frameSwapped, &loop, &QEventLoop::quit);
    QTimer::singleShot(kFrameMs, &loop, &QEventLoop::quit);
    QElapsedTimer wall;
    wall.start();
    const double from = threadCpuMs();
    act();
    m_window->update();
    loop.exec();
    const Cost cost{threadCpuMs() - from, double(wall.nsecsElapsed()) / 1e6};
    QObject::disconnect(connection);
    return cost;
}

double cpuPercentile(QList<Cost> costs, double share)
{
    QList<double> values;
    for (const Cost &cost : costs)
        values.append(cost.cpuMs);
    return percentile(values, share);
}

QString summary(const QString &what, const QList<Cost> &costs)
{
    QList<double> wall;
    for (const Cost &cost : costs)
        wall.append(cost.wallMs);
    return QStringLiteral("%1 cpu: median %2 ms, p99 %3 ms, worst %4 ms   wall: median %5, p99 %6")
        .arg(what, -34)
        .arg(cpuPercentile(costs, 0.5), 0, 'f', 1)
        .arg(cpuPercentile(costs, 0.99), 0, 'f', 1)
        .arg(cpuPercentile(costs, 1), 0, 'f', 1)
        .arg(percentile(wall, 0.5), 0, 'f', 1)
        .arg(percentile(wall, 0.99), 0, 'f', 1);
}

double residentMiB()
{
    QFile file(QStringLiteral("/proc/self/statm"));
    if (!file.open(QIODevice::ReadOnly))
        return 0;
    const double pages = file.readAll().split(' ').value(1).toDouble();
    return pages * double(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

} // namespace qd::bench
