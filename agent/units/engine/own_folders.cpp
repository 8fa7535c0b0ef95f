// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/own_folders.h"

namespace qd::units {

namespace {

QString placeOf(FolderKind kind)
{
    static const QStringList all =
        QStringLiteral("/run /var/lib /var/cache /var/log /etc").split(u' ');
    return all.value(int(kind));
}

} // namespace

bool isFolderName(const QString &name)
{
    const QStringList parts = name.split(u'/');
    for (const QString &part : parts) {
        if (part.isEmpty() || part == u"." || part == u"..")
            return false;
    }
    return true;
}

QStringList ownFolders(const ExecSettings &exec, FolderKind kind)
{
    QStringList out;
    for (const QString &name : exec.folders[size_t(kind)].names)
        out.append(placeOf(kind) + u'/' + name);
    return out;
}

QStringList folderVariables(const ExecSettings &exec)
{
    QStringList out;
    for (int i = 0; i < kFolderKinds; ++i) {
        const QStringList paths = ownFolders(exec, FolderKind(i));
        if (!paths.isEmpty())
            out.append(
                toText(FolderKind(i)).toUpper() + QStringLiteral("_DIRECTORY=") + paths.join(u':'));
    }
    return out;
}

} // namespace qd::units
