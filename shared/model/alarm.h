// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDateTime>
#include <QObject>
#include <QString>

namespace qd {

/// Something that is wrong with a member of the cluster and does not pass by itself, or has not
/// passed yet. In RaftStatus: as the member whose row it is sees it.
struct Alarm {
    Q_GADGET
    Q_PROPERTY(Kind kind MEMBER kind)
    Q_PROPERTY(QString member MEMBER member)
    Q_PROPERTY(QString name MEMBER name)
    Q_PROPERTY(QDateTime since MEMBER since)
    Q_PROPERTY(QString sentence MEMBER sentence)

public:
    enum class Kind {
        NoSpace,  ///< its disk is nearly full: it takes no writes until there is room again
        Diverged, ///< its state is not that of the others: it has stopped for good
        Split,    ///< the members' states differ, and no majority says which one is right
        Corrupt,  ///< a file of its log or one of its snapshots is damaged
    };
    Q_ENUM(Kind)

    Kind kind = Kind::NoSpace;
    QString member;   ///< raft id; empty: all of them
    QString name;     ///< the member's; empty while it is not known
    QDateTime since;  ///< as the one who tells has seen it first
    QString sentence; ///< without the name

    bool operator==(const Alarm &) const = default;
};

} // namespace qd
