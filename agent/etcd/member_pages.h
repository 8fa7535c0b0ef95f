// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/etcd/auth/pages.h"
#include "agent/etcd/cluster_info.h"
#include "shared/http/answer.h"

#include <QList>

namespace qd::etcd {

/// The peer URLs in the body of a request to add or to move a member. code::badInput in etcd's
/// words.
Result<QList<Endpoint>> readPeerUrls(QByteArrayView json);

/// /v2/members: the members, the leader, and their changes (peer-contracts.md 1.8).
class MemberPages {
public:
    /// All must outlive it. `auth` says who may change members.
    MemberPages(const ClusterInfo &cluster, MemberChanges &changes, const auth::Pages &auth);

    /// `rest` is what follows /v2/members.
    void handle(const http::Request &request, QByteArrayView rest, const http::Answer &answer);

private:
    /// What is kept of a request while its answer is under way.
    struct Call {
        http::Method method;
        QByteArray which; ///< the member's id as it was written
        QByteArray type;
        QByteArray body;
        http::Answer answer;
    };
    void show(QByteArrayView which, const http::Answer &answer) const;
    void change(const Call &call);
    void add(const QList<Endpoint> &peerUrls, const Call &call);
    void move(const QList<Endpoint> &peerUrls, const Call &call);
    void remove(const Call &call);
    bool isMissing(const Call &call) const;
    QByteArray fields() const;

    const ClusterInfo &m_cluster;
    MemberChanges &m_changes;
    const auth::Pages &m_auth;
};

} // namespace qd::etcd
