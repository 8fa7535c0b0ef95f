// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/boot.h"

#include <QFile>
#include <QSaveFile>

namespace qd::node {

namespace {

QByteArray contentsOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll().trimmed() : QByteArray();
}

/// The kernel makes another one at each start.
QByteArray thisBoot()
{
    return contentsOf(QStringLiteral("/proc/sys/kernel/random/boot_id"));
}

} // namespace

bool isNewBoot(const NodePaths &paths)
{
    return contentsOf(paths.bootId()) != thisBoot();
}

Result<void> noteBoot(const NodePaths &paths)
{
    QSaveFile file(paths.bootId());
    if (!file.open(QIODevice::WriteOnly) || file.write(thisBoot() + '\n') < 0 || !file.commit())
        return fail(
            code::io,
            QStringLiteral("cannot write %1: %2").arg(file.fileName(), file.errorString()));
    return {};
}

} // namespace qd::node
