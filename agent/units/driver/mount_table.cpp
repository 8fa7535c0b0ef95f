// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/mount_table.h"

#include "agent/units/driver/proc.h"

#include <QFile>
#include <QSocketNotifier>
#include <array>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace qd::units {

namespace {

constexpr char kPath[] = "/proc/self/mountinfo";

/// Those of the mount, then those of the file system that are not said yet.
QString joined(const QByteArray &ofMount, const QByteArray &ofSystem)
{
    QByteArrayList out = ofMount.split(',');
    for (const QByteArray &option : ofSystem.split(',')) {
        if (option != "rw" && option != "ro" && !option.isEmpty() && !out.contains(option))
            out.append(option);
    }
    return unescapedTableField(out.join(','));
}

} // namespace

QList<MountPoint> parseMountTable(const QByteArray &text)
{
    QList<MountPoint> out;
    for (const QByteArray &line : text.split('\n')) {
        const qsizetype dash = line.indexOf(" - ");
        const QByteArrayList before = line.left(dash).split(' ');
        const QByteArrayList after = line.mid(dash + 3).split(' ');
        if (dash < 0 || before.size() < 6 || after.size() < 2)
            continue;
        MountPoint point;
        point.where = unescapedTableField(before[4]);
        point.type = unescapedTableField(after[0]);
        point.what = unescapedTableField(after[1]);
        if (point.type == u"autofs")
            continue; // waits to be mounted
        point.options = joined(before[5], after.value(2));
        out.append(point);
    }
    return out;
}

MountTable::MountTable(QObject *parent)
    : QObject(parent)
    , m_file(open(kPath, O_RDONLY | O_CLOEXEC))
    , m_watched(open(kPath, O_RDONLY | O_CLOEXEC))
{
    if (m_watched < 0)
        return;
    m_notifier = std::make_unique<QSocketNotifier>(m_watched, QSocketNotifier::Exception);
    connect(m_notifier.get(), &QSocketNotifier::activated, this, &MountTable::changed);
}

MountTable::~MountTable()
{
    m_notifier.reset();
    for (const int file : {m_file, m_watched}) {
        if (file >= 0)
            close(file);
    }
}

bool MountTable::isStale() const
{
    pollfd state{m_file, POLLPRI, 0};
    return !m_read || (poll(&state, 1, 0) > 0 && (state.revents & (POLLPRI | POLLERR)) != 0);
}

const QList<MountPoint> &MountTable::mounts()
{
    if (m_file < 0 || !isStale())
        return m_mounts;
    QByteArray text;
    std::array<char, 16 * 1024> bytes;
    lseek(m_file, 0, SEEK_SET);
    for (;;) {
        const ssize_t size = read(m_file, bytes.data(), bytes.size());
        if (size <= 0)
            break;
        text.append(bytes.data(), size);
    }
    m_mounts = parseMountTable(text);
    m_read = true;
    return m_mounts;
}

} // namespace qd::units
