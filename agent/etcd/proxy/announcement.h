// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QString>

namespace qd::etcd {

/// How a proxy says that it is there: a key of its own in the store, which lives a little longer
/// than it takes until the next time. Pure: what is sent to a member.
class Announcement {
public:
    /// `machine`: its id; `record`: JSON, as members read it.
    Announcement(const QString &machine, const QByteArray &record, int everyMs);

    /// `hostField`: with its end of line. The first time, and when the key has gone.
    QByteArray first(const QByteArray &hostField) const;
    /// Nobody who watches hears of it. 404: the key has gone.
    QByteArray again(const QByteArray &hostField) const;

private:
    QByteArray request(const QByteArray &hostField, const QByteArray &form) const;

    QByteArray m_key;
    QByteArray m_record;
    QByteArray m_ttl;
};

} // namespace qd::etcd
