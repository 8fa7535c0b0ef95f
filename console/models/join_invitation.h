// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/session/cluster_api.h"

#include <QPointer>
#include <qqmlregistration.h>

namespace qd::models {

/// How a machine joins the cluster: a token that counts once, and the command that takes it there.
class JoinInvitation : public QObject {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the session")
    Q_PROPERTY(bool busy READ isBusy NOTIFY changed)
    Q_PROPERTY(QString command READ command NOTIFY changed)
    Q_PROPERTY(QDateTime expires READ expires NOTIFY changed)
    Q_PROPERTY(QString trouble READ trouble NOTIFY changed)
public:
    explicit JoinInvitation(QObject *parent = nullptr)
        : QObject(parent)
    {
    }

    void setClient(session::Client *client);
    bool isBusy() const { return m_busy; }
    /// What is run on the new machine; empty before there is a token.
    QString command() const { return m_command; }
    QDateTime expires() const { return m_expires; }
    QString trouble() const { return m_trouble; }

    /// Asks for a token; `peer` is the address of the member that the machine calls.
    void issue(const QString &peer);
    Q_INVOKABLE void forget();

Q_SIGNALS:
    void changed();

private:
    void take(const QString &peer, const Result<session::IssuedToken> &issued);

    QPointer<session::Client> m_client;
    bool m_busy = false;
    quint64 m_round = 0;
    QString m_command;
    QDateTime m_expires;
    QString m_trouble;
};

} // namespace qd::models
