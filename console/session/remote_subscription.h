// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/session/client.h"
#include "shared/rpc/connection.h"

#include <QPointer>

namespace qd::session {

class RemoteClient;

class RemoteSubscription final : public Subscription {
    Q_OBJECT
public:
    RemoteSubscription(RemoteClient &client, QString collection, const QCborMap &params);
    ~RemoteSubscription() override;
    qint64 revision() const override { return m_revision; }

private:
    friend class RemoteClient;
    QCborMap request() const;
    void take(const QCborMap &frame);
    void start(QList<QCborMap> whole);

    QPointer<RemoteClient> m_client;
    QString m_collection;
    QCborMap m_params;
    qint64 m_sub = 0; ///< on the connection of now
    qint64 m_seq = 0;
    qint64 m_revision = -1; ///< that has been handed on whole
    QString m_epoch;
    QString m_newEpoch;
    QList<QCborMap> m_rows; ///< of pages or deltas that are not complete yet
    QStringList m_removed;
};

} // namespace qd::session
