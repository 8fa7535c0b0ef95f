// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/node/etcd_options.h"

#include <QNetworkAccessManager>
#include <QObject>
#include <QSslConfiguration>
#include <QTimer>
#include <QUrl>

namespace qd::node {

/// Who has registered at a token, in the order in which they did. Pure.
struct Registered {
    struct Member {
        QString id;    ///< as its key is called
        QString value; ///< name=URL,...
        quint64 createdIndex = 0;
    };
    QList<Member> members;
    quint64 index = 0; ///< of the store when it was told

    bool has(const QString &id, int size) const; ///< among the first `size`
    /// name=URL,... of the first `size`; code::conflict: two have one name.
    Result<QString> cluster(int size) const;
};
/// From the answer to a GET of the token. code::badInput.
Result<Registered> readRegistered(const QByteArray &json, quint64 index);
/// "3" in the value of the size's key. code::badInput in etcd's words.
Result<int> readSize(const QByteArray &json);

/// A newcomer at a discovery service (ch5-etcd.md 4.3): it registers, and waits until all are
/// there. Who comes too late is told the cluster all the same, and is no member of it.
class Discovery final : public QObject {
    Q_OBJECT
public:
    struct Found {
        bool isFull = false; ///< it came too late
        QString cluster;     ///< name=URL,... of the members
    };
    using Done = std::function<void(Result<Found>)>;
    /// `proxy`: URL of an HTTP proxy, or empty. `trusted`: path of authorities' certificates that
    /// an https:// service may have, beside the system's; or empty.
    Discovery(const QString &url, const QString &proxy, const QString &trusted);

    /// `id` and `value` of this machine; an empty id only looks. Tries again for as long as it
    /// takes when the service cannot be reached.
    void start(const QString &id, const QString &value, Done done);

private:
    using Heard = std::function<void(int status, const QByteArray &body, quint64 index)>;
    void
    ask(const QByteArray &method, const QString &below, const QString &query,
        const QByteArray &form, const Heard &heard);
    void askSize();
    void look();
    void registerSelf();
    void weigh(const Registered &registered);
    void await(quint64 index);
    void finish(const Result<Found> &found);

    QUrl m_url;
    QSslConfiguration m_tls = QSslConfiguration::defaultConfiguration();
    QString m_unusable; ///< a file of certificates that could not be read
    QNetworkAccessManager m_network;
    QString m_id;
    QString m_value;
    int m_size = 0;
    int m_retrySeconds = 2;
    bool m_registered = false;
    qsizetype m_told = 0; ///< of how many the log has spoken
    Done m_done;
};

} // namespace qd::node
