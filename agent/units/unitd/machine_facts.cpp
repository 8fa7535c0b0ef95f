// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/unitd/machine_facts.h"

#include "agent/units/driver/users.h"
#include "shared/unitfile/environment.h"

#include <QFile>
#include <QSysInfo>
#include <sys/utsname.h>
#include <unistd.h>

namespace qd::units {

namespace {

constexpr qint64 kMostBytes = 64 * 1024;

QByteArray textOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.read(kMostBytes) : QByteArray();
}

QString architecture(const utsname &machine)
{
    const QString name = QString::fromLatin1(machine.machine);
    if (name == u"x86_64")
        return QStringLiteral("x86-64");
    return name == u"aarch64" ? QStringLiteral("arm64") : name;
}

} // namespace

unitfile::SpecifierContext machineSpecifiers()
{
    unitfile::SpecifierContext out;
    utsname machine{};
    uname(&machine);
    out.machineId = QString::fromLatin1(textOf(QStringLiteral("/etc/machine-id")).trimmed());
    out.bootId = QString::fromLatin1(
        textOf(QStringLiteral("/proc/sys/kernel/random/boot_id")).trimmed().replace('-', ""));
    out.hostName = QSysInfo::machineHostName();
    out.kernel = QString::fromLatin1(machine.release);
    out.architecture = architecture(machine);
    out.osRelease = unitfile::environmentMap(
        unitfile::parseEnvironmentFile(textOf(QStringLiteral("/etc/os-release"))));
    if (const auto user = findUser(QString::number(geteuid()))) {
        out.user = user->name;
        out.userId = QString::number(user->uid);
        out.group = user->group;
        out.groupId = QString::number(user->gid);
        out.home = user->home;
        out.shell = user->shell;
    }
    return out;
}

quint64 bootUs()
{
    // The fields behind the name in brackets; the 22nd of all is the time of its start.
    const QByteArray stat = textOf(QStringLiteral("/proc/1/stat"));
    constexpr qsizetype startTime = 22 - 3;
    const QList<QByteArray> fields = stat.mid(stat.lastIndexOf(')') + 2).split(' ');
    return fields.value(startTime).toULongLong() * 1'000'000 / quint64(sysconf(_SC_CLK_TCK));
}

QStringList serviceEnvironment()
{
    QStringList out{
        QStringLiteral("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")};
    QString language = QStringLiteral("C.UTF-8");
    for (const char *path : {"/etc/default/locale", "/etc/locale.conf"}) {
        const auto settings =
            unitfile::environmentMap(unitfile::parseEnvironmentFile(textOf(QLatin1String(path))));
        language = settings.value(QStringLiteral("LANG"), language);
    }
    out.append(QStringLiteral("LANG=") + language);
    return out;
}

} // namespace qd::units
