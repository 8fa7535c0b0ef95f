// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/host/machine.h"

#include <QDir>
#include <QFile>
#include <unistd.h>

namespace qd::host {

namespace {

/// This process's place in the hierarchy that `line` of /proc/self/cgroup tells of, or nothing when
/// the hierarchy only counts resources (the node needs none of its own there yet).
QString ownFolder(const QString &line)
{
    const QString controllers = line.section(QLatin1Char(':'), 1, 1);
    const QString path = line.section(QLatin1Char(':'), 2);
    if (controllers == QLatin1String("name=systemd"))
        return QStringLiteral("/sys/fs/cgroup/systemd") + path;
    if (!controllers.isEmpty())
        return {};
    const bool hybrid = QFile::exists(QStringLiteral("/sys/fs/cgroup/unified/cgroup.procs"));
    return (hybrid ? QStringLiteral("/sys/fs/cgroup/unified") : QStringLiteral("/sys/fs/cgroup")) +
           path;
}

bool enter(const QString &folder)
{
    QFile procs(folder + QStringLiteral("/cgroup.procs"));
    return procs.open(QIODevice::WriteOnly | QIODevice::Unbuffered) &&
           procs.write(QByteArray::number(getpid())) > 0;
}

void removeTree(const QString &folder)
{
    const QStringList children = QDir(folder).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    for (const QString &child : children)
        removeTree(folder + QLatin1Char('/') + child);
    ::rmdir(QFile::encodeName(folder).constData());
}

} // namespace

QStringList enterControlGroups(const QString &name)
{
    QFile own(QStringLiteral("/proc/self/cgroup"));
    if (!own.open(QIODevice::ReadOnly))
        return {};
    QStringList entered;
    const QStringList lines = QString::fromUtf8(own.readAll()).split(QLatin1Char('\n'));
    for (const QString &line : lines) {
        const QString parent = ownFolder(line);
        if (parent.isEmpty())
            continue;
        const QString folder = QDir::cleanPath(parent + QStringLiteral("/quarterdeck-") + name);
        QDir().mkpath(folder);
        if (enter(folder))
            entered.append(folder);
    }
    return entered;
}

void leaveControlGroups(const QStringList &groups)
{
    for (const QString &group : groups) {
        enter(QDir::cleanPath(group + QStringLiteral("/..")));
        removeTree(group);
    }
}

} // namespace qd::host
