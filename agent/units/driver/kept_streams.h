// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QHash>
#include <QMap>
#include <QString>
#include <fcntl.h>
#include <unistd.h>

namespace qd::units {

/// Copies of descriptors that somebody has given for the standard streams of units.
class KeptStreams {
public:
    KeptStreams() = default;
    KeptStreams(const KeptStreams &) = delete;
    KeptStreams &operator=(const KeptStreams &) = delete;
    ~KeptStreams()
    {
        for (const QMap<int, int> &streams : std::as_const(m_streams))
            closeAll(streams);
    }

    void keep(const QString &unit, const QMap<int, int> &streams)
    {
        drop(unit);
        QMap<int, int> &copies = m_streams[unit];
        for (auto it = streams.cbegin(); it != streams.cend(); ++it)
            copies.insert(it.key(), fcntl(it.value(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    }
    void drop(const QString &unit) { closeAll(m_streams.take(unit)); }
    /// By the number of the stream.
    QMap<int, int> of(const QString &unit) const { return m_streams.value(unit); }

private:
    static void closeAll(const QMap<int, int> &streams)
    {
        for (const int file : streams) {
            if (file >= 0)
                ::close(file);
        }
    }

    QHash<QString, QMap<int, int>> m_streams;
};

} // namespace qd::units
