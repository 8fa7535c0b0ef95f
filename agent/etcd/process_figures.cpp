// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/process_figures.h"

#include <QDir>
#include <QFile>
#include <ctime>
#include <sys/resource.h>
#include <unistd.h>

namespace qd::etcd {

namespace {

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

double secondsOf(clockid_t clock)
{
    timespec now = {};
    clock_gettime(clock, &now);
    return double(now.tv_sec) + double(now.tv_nsec) / 1e9;
}

} // namespace

ProcessFigures ProcessFigures::now()
{
    ProcessFigures out;
    out.cpuSeconds = secondsOf(CLOCK_PROCESS_CPUTIME_ID);
    out.openFiles = QDir(QStringLiteral("/proc/self/fd"))
                        .entryList(QDir::NoDotAndDotDot | QDir::AllEntries | QDir::System)
                        .size();
    rlimit limit = {};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        out.maxFiles = limit.rlim_cur;
    const QByteArrayList pages = contentOf(QStringLiteral("/proc/self/statm")).split(' ');
    const auto pageSize = quint64(sysconf(_SC_PAGESIZE));
    out.virtualBytes = pages.value(0).toULongLong() * pageSize;
    out.residentBytes = pages.value(1).toULongLong() * pageSize;
    // proc(5): the fields stand behind the name, which may hold blanks; the 20th of them is when
    // the process started, in ticks since the machine did.
    const QByteArray stat = contentOf(QStringLiteral("/proc/self/stat"));
    const QByteArrayList fields = stat.mid(stat.lastIndexOf(')') + 2).split(' ');
    const double sinceBoot = fields.value(19).toDouble() / double(sysconf(_SC_CLK_TCK));
    out.startedSeconds = secondsOf(CLOCK_REALTIME) - secondsOf(CLOCK_BOOTTIME) + sinceBoot;
    return out;
}

} // namespace qd::etcd
