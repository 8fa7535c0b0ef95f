// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/folders.h"

#include <QFile>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace qd::units {

namespace {

struct CloseDir {
    void operator()(DIR *dir) const { closedir(dir); }
};

bool removeAt(int parent, const char *name);

bool emptyFolder(int folder)
{
    const std::unique_ptr<DIR, CloseDir> dir(fdopendir(folder));
    if (!dir) {
        close(folder);
        return false;
    }
    bool all = true;
    while (const dirent *entry = readdir(dir.get())) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            all = removeAt(dirfd(dir.get()), entry->d_name) && all;
    }
    return all;
}

bool removeAt(int parent, const char *name)
{
    const int folder =
        openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (folder >= 0)
        return emptyFolder(folder) && unlinkat(parent, name, AT_REMOVEDIR) == 0;
    return unlinkat(parent, name, 0) == 0 || errno == ENOENT;
}

} // namespace

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

bool removeTree(const QString &path)
{
    return removeAt(AT_FDCWD, QFile::encodeName(path).constData());
}

} // namespace qd::units
