// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/unit_places.h"

#include "agent/units/driver/folders.h"
#include "shared/base/log.h"

#include <QDir>
#include <QFile>
#include <sys/stat.h>
#include <unistd.h>

namespace qd::units {

namespace {

QString makePrivate(const QString &parent, const QString &unit)
{
    QFile boot(QStringLiteral("/proc/sys/kernel/random/boot_id"));
    const bool isOpen = boot.open(QIODevice::ReadOnly);
    const QByteArray id = isOpen ? boot.readAll().trimmed().replace("-", "") : QByteArray();
    QByteArray name = QFile::encodeName(parent) + "/systemd-private-" + id + '-' +
                      QFile::encodeName(unit) + "-XXXXXX";
    if (mkdtemp(name.data()) == nullptr)
        return {};
    const QByteArray inside = name + "/tmp";
    if (mkdir(inside.constData(), 0700) != 0 || chmod(inside.constData(), 01777) != 0)
        return {};
    return QFile::decodeName(name);
}

void removeFolder(const QString &path)
{
    if (!removeTree(path))
        qCWarning(lcUnits).noquote() << "cannot remove" << path;
}

} // namespace

void UnitPlaces::setHiding(const QString &folder)
{
    m_hiding = folder;
    QDir().mkpath(staging());
    QDir().mkpath(folder + QStringLiteral("/dir"));
    QFile file(folder + QStringLiteral("/reg"));
    (void)file.open(QIODevice::WriteOnly);
    file.close();
    for (const char *name : {"/dir", "/reg"})
        (void)chmod(QFile::encodeName(folder + QLatin1String(name)).constData(), 0);
}

std::optional<UnitPlaces::PrivateTmp> UnitPlaces::privateTmp(const QString &unit)
{
    std::vector<QString> &made = m_privateTmp[unit];
    for (const char *parent : {"/tmp", "/var/tmp"}) {
        if (made.size() == 2)
            break;
        const QString folder = makePrivate(QLatin1String(parent), unit);
        if (folder.isEmpty())
            return std::nullopt;
        made.push_back(folder);
    }
    const QString inside = QStringLiteral("/tmp");
    return PrivateTmp{made.front() + inside, made.back() + inside};
}

void UnitPlaces::ended(const QString &unit, bool willRestart)
{
    const auto found = m_privateTmp.find(unit);
    if (willRestart || found == m_privateTmp.end())
        return;
    for (const QString &folder : found->second)
        removeFolder(folder);
    m_privateTmp.erase(found);
}

} // namespace qd::units
