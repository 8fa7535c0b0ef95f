// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/journal/limits.h"

#include <QDir>
#include <QFile>
#include <QStorageInfo>
#include <algorithm>

namespace qd::journal {

namespace {

constexpr quint64 kMiB = 1024 * 1024;
constexpr quint64 kGiB = 1024 * kMiB;
/// A journal file grows in steps of this size, from the first entry on.
constexpr quint64 kFileStep = 8 * kMiB;
constexpr quint64 kMostFile = 128 * kMiB;

QFileInfoList journalFiles(const QString &folder)
{
    return QDir(folder).entryInfoList(
        {QStringLiteral("*.journal"), QStringLiteral("*.journal~")}, QDir::Files,
        QDir::Time | QDir::Reversed);
}

} // namespace

Limits limitsFor(quint64 fileSystemBytes, quint64 configuredMax)
{
    Limits out;
    out.maxUse = std::clamp(fileSystemBytes / 10, kMiB, 4 * kGiB);
    if (configuredMax > 0)
        out.maxUse = configuredMax;
    out.keepFree = std::min(fileSystemBytes * 15 / 100, 4 * kGiB);
    // Below one step a fresh file would be over its limit at once.
    out.maxFile = std::clamp(out.maxUse / 8, kFileStep, kMostFile);
    return out;
}

quint64 allowance(const Limits &limits, quint64 used, quint64 available)
{
    const quint64 reach = used + available;
    const quint64 leaving = reach > limits.keepFree ? reach - limits.keepFree : 0;
    return std::min(limits.maxUse, leaving);
}

quint64 systemMaxUse(const QString &journaldConf)
{
    quint64 found = 0;
    bool inJournal = false;
    for (const QString &raw : journaldConf.split(QLatin1Char('\n'))) {
        const QString line = raw.trimmed();
        if (line.startsWith(QLatin1Char('[')))
            inJournal = line == QLatin1String("[Journal]");
        if (!inJournal || !line.startsWith(QLatin1String("SystemMaxUse")))
            continue;
        QString value = line.section(QLatin1Char('='), 1).trimmed();
        const qsizetype unit =
            value.isEmpty() ? -1 : QStringLiteral("KMGT").indexOf(value.back().toUpper());
        if (unit >= 0)
            value.chop(1);
        bool isNumber = false;
        const quint64 number = value.toULongLong(&isNumber);
        found = isNumber ? number << (10 * (unit + 1)) : 0;
    }
    return found;
}

Limits limitsOf(const QString &folder, const QString &configFile)
{
    const QStorageInfo storage(folder);
    QFile config(configFile);
    QString text;
    if (config.open(QIODevice::ReadOnly))
        text = QString::fromUtf8(config.read(qint64(kMiB)));
    return limitsFor(quint64(std::max<qint64>(storage.bytesTotal(), 0)), systemMaxUse(text));
}

quint64 usedBy(const QString &folder)
{
    quint64 used = 0;
    for (const QFileInfo &file : journalFiles(folder))
        used += quint64(file.size());
    return used;
}

QStringList vacuum(const QString &folder, const QString &active, quint64 allowed)
{
    QStringList removed;
    quint64 used = usedBy(folder);
    for (const QFileInfo &file : journalFiles(folder)) {
        if (used <= allowed)
            break;
        if (file.fileName() == active || !QFile::remove(file.filePath()))
            continue;
        used -= quint64(file.size());
        removed.append(file.fileName());
    }
    return removed;
}

} // namespace qd::journal
