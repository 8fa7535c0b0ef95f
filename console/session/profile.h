// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"
#include "shared/security/tls.h"

#include <QList>
#include <QString>
#include <QStringList>

namespace qd::session {

/// A cluster that this user is paired with. The key is not in it: it lies in the SecretStore.
struct Profile {
    QString name; ///< how the user calls the cluster; a file name, so no slashes
    QString clusterId;
    QString clusterName;
    QStringList addresses;  ///< "host" or "host:port"; the first is tried first
    QByteArray authority;   ///< PEM
    QByteArray certificate; ///< PEM
    bool operator==(const Profile &) const = default;
};

/// Where keys lie. On a desktop its keychain; here a file of mode 0600, and memory for tests.
class SecretStore {
public:
    virtual ~SecretStore() = default;
    virtual Result<void> save(const QString &name, const QByteArray &secret) = 0;
    /// code::notFound when there is none of that name.
    virtual Result<QByteArray> load(const QString &name) const = 0;
    virtual void remove(const QString &name) = 0;
};

/// The user's profiles: one JSON file each, with the secrets in the store beside them.
class ProfileStore {
public:
    ProfileStore(QString folder, SecretStore &secrets);

    QList<Profile> all() const;
    Result<Profile> load(const QString &name) const;
    Result<void> save(const Profile &profile, const QByteArray &keyPem);
    /// New addresses of a profile whose key stays as it is.
    Result<void> update(const Profile &profile);
    void remove(const QString &name);
    /// What a client needs to connect.
    Result<security::Credentials> credentials(const Profile &profile) const;

private:
    QString file(const QString &name) const;

    QString m_folder;
    SecretStore &m_secrets;
};

/// QD_CONFIG_DIR, or ~/.config/quarterdeck.
QString configFolder();

} // namespace qd::session
