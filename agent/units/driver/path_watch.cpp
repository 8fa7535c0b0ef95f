// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/path_watch.h"

#include <QFile>
#include <QSocketNotifier>
#include <QStringList>
#include <array>
#include <cstring>
#include <sys/inotify.h>
#include <unistd.h>

namespace qd::units {

namespace {

constexpr quint32 kItself = IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB;
constexpr quint32 kChildren = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;

quint32 eventsOf(PathKind kind)
{
    switch (kind) {
    case PathKind::Changed:
        return kItself | IN_CLOSE_WRITE | kChildren;
    case PathKind::Modified:
        return kItself | IN_CLOSE_WRITE | IN_MODIFY | kChildren;
    case PathKind::DirectoryNotEmpty:
        return kItself | IN_CREATE | IN_MOVED_TO;
    default:
        return kItself;
    }
}

/// The folders above a path, the root first.
QStringList foldersAbove(const QString &path)
{
    QStringList out{QStringLiteral("/")};
    for (qsizetype slash = path.indexOf(u'/', 1); slash > 0; slash = path.indexOf(u'/', slash + 1))
        out.append(path.left(slash));
    return out;
}

/// What of a glob is a path: up to the slash before its first sign.
QString fixedPart(const QString &glob)
{
    qsizetype sign = 0;
    while (sign < glob.size() && !QStringView(u"*?[").contains(glob[sign]))
        ++sign;
    return sign == glob.size() ? glob : glob.left(glob.lastIndexOf(u'/', sign) + 1);
}

} // namespace

PathWatch::PathWatch(const QList<PathLine> &paths, QObject *parent)
    : QObject(parent)
    , m_file(inotify_init1(IN_NONBLOCK | IN_CLOEXEC))
{
    if (m_file < 0)
        return; // no more watches for this user: the path is looked at when its service ends
    for (const PathLine &line : paths)
        watch(line);
    m_notifier = std::make_unique<QSocketNotifier>(m_file, QSocketNotifier::Read);
    connect(m_notifier.get(), &QSocketNotifier::activated, this, [this] { readEvents(); });
}

PathWatch::~PathWatch()
{
    m_notifier.reset();
    if (m_file >= 0)
        close(m_file);
}

int PathWatch::add(const QString &path, quint32 events)
{
    const int id =
        inotify_add_watch(m_file, QFile::encodeName(path).constData(), events | IN_MASK_ADD);
    if (id >= 0 && !m_waitsForChange.contains(id))
        m_waitsForChange.insert(id, false);
    return id;
}

void PathWatch::watch(const PathLine &line)
{
    const bool isGlob = line.kind == PathKind::ExistsGlob;
    const QString path = isGlob ? fixedPart(line.path) : line.path;
    // A folder above tells of its own move; the lowest that is there also of what comes below it.
    QString lowest;
    for (const QString &folder : foldersAbove(path)) {
        if (add(folder, IN_MOVE_SELF) >= 0)
            lowest = folder;
    }
    const int id = isGlob ? -1 : add(path, eventsOf(line.kind));
    if (id < 0)
        add(lowest, kItself | kChildren);
    else if (line.kind == PathKind::Changed || line.kind == PathKind::Modified)
        m_waitsForChange[id] = true;
}

void PathWatch::readEvents()
{
    alignas(inotify_event) std::array<char, 16 * 1024> buffer;
    bool any = false;
    bool touched = false;
    for (;;) {
        const ssize_t size = read(m_file, buffer.data(), buffer.size());
        if (size <= 0)
            break;
        for (ssize_t at = 0; at < size;) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof event);
            at += ssize_t(sizeof event + event.len);
            any = true;
            touched = touched || m_waitsForChange.value(event.wd);
        }
    }
    if (any)
        Q_EMIT changed(touched);
}

} // namespace qd::units
