// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDateTime>
#include <QObject>
#include <QString>

namespace qd {

/// One entry of a node's journal, as a log view shows it.
struct JournalLine {
    Q_GADGET
    Q_PROPERTY(QDateTime time MEMBER time)
    Q_PROPERTY(QString cursor MEMBER cursor)
    Q_PROPERTY(QString unit MEMBER unit)
    Q_PROPERTY(QString identifier MEMBER identifier)
    Q_PROPERTY(qint32 pid MEMBER pid)
    Q_PROPERTY(qint32 priority MEMBER priority)
    Q_PROPERTY(QString message MEMBER message)
    Q_PROPERTY(QString nodeName MEMBER nodeName)

public:
    QDateTime time;
    QString cursor;
    QString unit;
    QString identifier;
    qint32 pid = 0;
    qint32 priority = 6; ///< syslog's, 0 to 7
    QString message;
    QString nodeName;

    bool operator==(const JournalLine &) const = default;
};

} // namespace qd
