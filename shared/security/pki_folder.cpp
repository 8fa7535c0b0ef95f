// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/security/pki_folder.h"

#include <QDir>
#include <QFile>
#include <QSaveFile>
#include <sys/stat.h>

namespace qd::security {
namespace {

constexpr auto kAuthorityCertificate = "ca.crt";
constexpr auto kAuthorityKey = "ca.key";
constexpr auto kNodeCertificate = "node.crt";
constexpr auto kNodeKey = "node.key";

Result<void> first(const Result<void> &a, const Result<void> &b)
{
    return a ? b : a;
}

} // namespace

QString PkiFolder::file(const char *name) const
{
    return m_path + QLatin1Char('/') + QLatin1String(name);
}

bool PkiFolder::hasNode() const
{
    return QFile::exists(file(kNodeCertificate)) && QFile::exists(file(kNodeKey));
}

Result<void> PkiFolder::write(const char *name, const QByteArray &bytes) const
{
    const QString path = file(name);
    if (!QDir().mkpath(m_path) || ::chmod(QFile::encodeName(m_path).constData(), 0700) != 0)
        return fail(code::io, QStringLiteral("Cannot make the folder %1.").arg(m_path));
    QSaveFile out(path);
    // The mode is set while the file is still empty: the key is never readable by others.
    if (!out.open(QIODevice::WriteOnly) ||
        !out.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner) ||
        out.write(bytes) != bytes.size() || !out.commit())
        return fail(code::io, QStringLiteral("Cannot write %1: %2").arg(path, out.errorString()));
    return {};
}

Result<QByteArray> PkiFolder::read(const char *name) const
{
    QFile in(file(name));
    if (!in.exists())
        return fail(code::notFound, QStringLiteral("There is no %1.").arg(in.fileName()));
    if (!in.open(QIODevice::ReadOnly))
        return fail(
            code::io, QStringLiteral("Cannot read %1: %2").arg(in.fileName(), in.errorString()));
    return in.readAll();
}

Result<void>
PkiFolder::saveAuthority(const QByteArray &certificatePem, const QByteArray &keyPem) const
{
    return first(write(kAuthorityKey, keyPem), write(kAuthorityCertificate, certificatePem));
}

Result<void> PkiFolder::saveAuthorityCertificate(const QByteArray &certificatePem) const
{
    return write(kAuthorityCertificate, certificatePem);
}

Result<void> PkiFolder::saveNode(const QByteArray &certificatePem, const QByteArray &keyPem) const
{
    return first(write(kNodeKey, keyPem), write(kNodeCertificate, certificatePem));
}

Result<Authority> PkiFolder::authority() const
{
    const auto certificate = read(kAuthorityCertificate);
    if (!certificate)
        return fail(certificate.error());
    const auto key = read(kAuthorityKey);
    if (!key)
        return fail(key.error());
    return Authority::load(*certificate, *key);
}

Result<QByteArray> PkiFolder::authorityCertificate() const
{
    return read(kAuthorityCertificate);
}

Result<Credentials> PkiFolder::node() const
{
    const auto certificate = read(kNodeCertificate);
    if (!certificate)
        return fail(certificate.error());
    const auto key = read(kNodeKey);
    if (!key)
        return fail(key.error());
    const auto authorityPem = read(kAuthorityCertificate);
    if (!authorityPem)
        return fail(authorityPem.error());
    auto out = Credentials::fromPem(*certificate, *key, *authorityPem);
    if (!out)
        return fail(out.error().during(QStringLiteral("Cannot use the keys in %1").arg(m_path)));
    return out;
}

Result<Credentials> PkiFolder::create(const QString &clusterName, const Subject &node) const
{
    const auto made = Authority::create(clusterName);
    if (!made)
        return fail(made.error());
    const auto key = makeKey();
    if (!key)
        return fail(key.error());
    const auto certificate = made->issueForKey(*key, node);
    if (!certificate)
        return fail(certificate.error());
    const auto saved =
        first(saveAuthority(made->certificatePem(), made->keyPem()), saveNode(*certificate, *key));
    if (!saved)
        return fail(saved.error());
    return this->node();
}

Result<bool> PkiFolder::renewIfDue(const Subject &node, const QDateTime &now) const
{
    const auto current = this->node();
    if (!current)
        return fail(current.error());
    const QDateTime from = current->certificate.effectiveDate();
    const qint64 life = from.secsTo(current->certificate.expiryDate());
    if (from.secsTo(now) < life / 3 * 2 || !QFile::exists(file(kAuthorityKey)))
        return false;
    const auto issuer = authority();
    const auto key = read(kNodeKey);
    if (!issuer || !key)
        return fail(!issuer ? issuer.error() : key.error());
    const auto renewed = issuer->issueForKey(*key, node, Validity::days(kCertificateDays, now));
    if (!renewed)
        return fail(renewed.error());
    if (const auto saved = saveNode(*renewed, *key); !saved)
        return fail(saved.error());
    return true;
}

} // namespace qd::security
