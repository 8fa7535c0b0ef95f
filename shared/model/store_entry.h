// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QDateTime>
#include <QList>
#include <QObject>
#include <QString>

namespace qd {

/// A key or directory of the replicated store. Collection `store` (parameters: key), key `key`.
struct StoreEntry {
    Q_GADGET
    Q_PROPERTY(QString key MEMBER key)
    Q_PROPERTY(QByteArray value MEMBER value)
    Q_PROPERTY(bool dir MEMBER dir)
    Q_PROPERTY(qint64 createdIndex MEMBER createdIndex)
    Q_PROPERTY(qint64 modifiedIndex MEMBER modifiedIndex)
    Q_PROPERTY(QDateTime expiration MEMBER expiration)
    Q_PROPERTY(qint64 ttl MEMBER ttl)

public:
    QString key;
    QByteArray value;
    bool dir = false;
    qint64 createdIndex = 0;
    qint64 modifiedIndex = 0;
    QDateTime expiration; ///< invalid = never
    qint64 ttl = 0;       ///< seconds left; 0 = none

    bool operator==(const StoreEntry &) const = default;
};

} // namespace qd
