// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QStringList>

namespace qd {

/// How many machines of a group may reboot at once, and which ones hold a slot (locksmith's lock).
struct RebootSlots {
    Q_GADGET
    Q_PROPERTY(QString group MEMBER group)
    Q_PROPERTY(QString key MEMBER key)
    Q_PROPERTY(qint64 available MEMBER available)
    Q_PROPERTY(qint64 max MEMBER max)
    Q_PROPERTY(QStringList holders MEMBER holders)
    Q_PROPERTY(qint64 index MEMBER index)

public:
    QString group; ///< empty: the machines of no group
    QString key;   ///< where it stands in the store
    qint64 available = 0;
    qint64 max = 0;
    QStringList holders; ///< machine ids
    qint64 index = 0;    ///< of the key: its last change

    bool operator==(const RebootSlots &) const = default;
};

} // namespace qd
