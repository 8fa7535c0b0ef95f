// SPDX-License-Identifier: GPL-3.0-or-later
#include "join_invitation.h"

namespace qd::models {

void JoinInvitation::setClient(session::Client *client)
{
    m_client = client;
    forget();
}

void JoinInvitation::issue(const QString &peer)
{
    if (!m_client || m_busy)
        return;
    forget();
    m_busy = true;
    Q_EMIT changed();
    session::ClusterApi(*m_client)
        .clusterToken(QStringLiteral("node"))
        .then(this, [this, peer, round = m_round](const Result<session::IssuedToken> &issued) {
            if (round == m_round)
                take(peer, issued);
        });
}

void JoinInvitation::take(const QString &peer, const Result<session::IssuedToken> &issued)
{
    m_busy = false;
    if (issued) {
        m_command = QStringLiteral("quarterdeckd join %1 --peer %2 --address ADDRESS")
                        .arg(issued->token, peer);
        m_expires = issued->expires;
    } else {
        m_trouble = issued.error().text();
    }
    Q_EMIT changed();
}

/// An answer that is still on its way belongs to nobody.
void JoinInvitation::forget()
{
    ++m_round;
    m_busy = false;
    m_command.clear();
    m_expires = {};
    m_trouble.clear();
    Q_EMIT changed();
}

} // namespace qd::models
