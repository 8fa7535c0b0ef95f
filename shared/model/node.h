// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDateTime>
#include <QMap>
#include <QObject>
#include <QString>

namespace qd {

/// A machine of the cluster as every view sees it. Collection `nodes`, key `id`. A proxy is one
/// that is no member: it has no vote and no data, and it is there for as long as it says so.
struct Node {
    Q_GADGET
    Q_PROPERTY(QString id MEMBER id)
    Q_PROPERTY(QString name MEMBER name)
    Q_PROPERTY(QString address MEMBER address)
    Q_PROPERTY(State state MEMBER state)
    Q_PROPERTY(Role role MEMBER role)
    Q_PROPERTY(QMap<QString, QString> metadata MEMBER metadata)
    Q_PROPERTY(qint32 unitCount MEMBER unitCount)
    Q_PROPERTY(QString raftId MEMBER raftId)
    Q_PROPERTY(QString version MEMBER version)
    Q_PROPERTY(QDateTime lastSeen MEMBER lastSeen)

public:
    enum class State { Ready, Lost, Joining };
    Q_ENUM(State)
    enum class Role { None, Leader, Follower, Candidate, Learner, Proxy };
    Q_ENUM(Role)

    QString id;      ///< machine id, 32 hex digits
    QString name;    ///< host name
    QString address; ///< host part, the ports are the standard ones
    State state = State::Joining;
    Role role = Role::None;
    QMap<QString, QString> metadata;
    qint32 unitCount = 0;
    QString raftId; ///< 16 hex digits
    QString version;
    QDateTime lastSeen; ///< presence last renewed

    bool operator==(const Node &) const = default;
};

} // namespace qd
