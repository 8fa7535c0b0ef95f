// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/timer_stamps.h"

#include <QDir>
#include <QFile>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace qd::units {

namespace {

constexpr quint64 kSecondUs = 1'000'000;

QByteArray stampPath(const QString &folder, const QString &unit)
{
    return QFile::encodeName(folder + QStringLiteral("/stamp-") + unit);
}

} // namespace

std::optional<quint64> readTimerStamp(const QString &folder, const QString &unit)
{
    struct stat found {};
    if (stat(stampPath(folder, unit).constData(), &found) != 0)
        return std::nullopt;
    return quint64(found.st_mtim.tv_sec) * kSecondUs + quint64(found.st_mtim.tv_nsec) / 1000;
}

bool writeTimerStamp(const QString &folder, const QString &unit, quint64 us)
{
    if (!QDir().mkpath(folder))
        return false;
    constexpr mode_t mode = 0644;
    const int file =
        open(stampPath(folder, unit).constData(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, mode);
    if (file < 0)
        return false;
    timespec at{};
    at.tv_sec = time_t(us / kSecondUs);
    at.tv_nsec = long(us % kSecondUs) * 1000;
    const timespec both[] = {at, at};
    const bool done = futimens(file, both) == 0;
    close(file);
    return done;
}

} // namespace qd::units
