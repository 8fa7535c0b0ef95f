// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/folders.h"

#include <QFile>
#include <cerrno>
#include <sys/stat.h>

namespace qd::units {

ExactMode::ExactMode(uint mode)
    : m_before(umask(mode_t(~mode & 0777)))
{
}

ExactMode::~ExactMode()
{
    umask(mode_t(m_before));
}

bool makeFolders(const QString &path, uint mode)
{
    const ExactMode exact(mode);
    for (qsizetype slash = path.indexOf(u'/', 1); slash != -2;
         slash = slash < 0 ? -2 : path.indexOf(u'/', slash + 1)) {
        const QByteArray folder = QFile::encodeName(slash < 0 ? path : path.left(slash));
        if (mkdir(folder.constData(), mode) != 0 && errno != EEXIST)
            return false;
    }
    return true;
}

bool makeFoldersAbove(const QString &path, uint mode)
{
    const qsizetype slash = path.lastIndexOf(u'/');
    return slash <= 0 || makeFolders(path.left(slash), mode);
}

} // namespace qd::units
