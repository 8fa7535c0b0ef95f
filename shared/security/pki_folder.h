// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"
#include "shared/security/authority.h"
#include "shared/security/tls.h"

#include <QString>

namespace qd::security {

/// A node's keys on disk: ca.crt, ca.key, node.crt, node.key in a folder of mode 0700, each file
/// 0600 and written whole or not at all (architecture.md 6). Errors: code::io with path and cause,
/// code::notFound for a file that is not there.
class PkiFolder {
public:
    explicit PkiFolder(QString path)
        : m_path(std::move(path))
    {
    }
    const QString &path() const { return m_path; }
    /// Whether the node has a certificate: it is a member of a cluster.
    bool hasNode() const;

    Result<void> saveAuthority(const QByteArray &certificatePem, const QByteArray &keyPem) const;
    /// A console's or worker's folder holds the authority's certificate only.
    Result<void> saveAuthorityCertificate(const QByteArray &certificatePem) const;
    Result<void> saveNode(const QByteArray &certificatePem, const QByteArray &keyPem) const;

    Result<Authority> authority() const;
    Result<QByteArray> authorityCertificate() const;
    /// The node's certificate and key, ready for serverTls and clientTls.
    Result<Credentials> node() const;

    /// For `init`: a new authority, and the first node's certificate from it.
    Result<Credentials> create(const QString &clusterName, const Subject &node) const;
    /// Issues the node's certificate anew (same key, same names) once two thirds of its life are
    /// over and the authority's key is here. True: it was renewed.
    Result<bool> renewIfDue(const Subject &node, const QDateTime &now) const;

private:
    QString file(const char *name) const;
    Result<void> write(const char *name, const QByteArray &bytes) const;
    Result<QByteArray> read(const char *name) const;
    QString m_path;
};

} // namespace qd::security
