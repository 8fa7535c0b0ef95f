// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/session/secret_store.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSaveFile>
#include <QUrl>
#include <sys/stat.h>

namespace qd::session {

Result<void> writePrivately(const QString &path, const QByteArray &bytes)
{
    const QString folder = QFileInfo(path).path();
    if (!QDir().mkpath(folder) || ::chmod(QFile::encodeName(folder).constData(), 0700) != 0)
        return fail(code::io, QStringLiteral("Cannot make the folder %1.").arg(folder));
    QSaveFile out(path);
    if (!out.open(QIODevice::WriteOnly) ||
        !out.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner) ||
        out.write(bytes) != bytes.size() || !out.commit())
        return fail(code::io, QStringLiteral("Cannot write %1: %2").arg(path, out.errorString()));
    return {};
}

QString fileNameOf(const QString &name)
{
    const QString out = QString::fromLatin1(QUrl::toPercentEncoding(name));
    return out.startsWith(QLatin1Char('.')) ? QStringLiteral("%2E") + out.mid(1) : out;
}

QString FileSecretStore::file(const QString &name) const
{
    return m_folder + QLatin1Char('/') + fileNameOf(name) + QStringLiteral(".key");
}

Result<void> FileSecretStore::save(const QString &name, const QByteArray &secret)
{
    return writePrivately(file(name), secret);
}

Result<QByteArray> FileSecretStore::load(const QString &name) const
{
    QFile in(file(name));
    if (!in.exists())
        return fail(code::notFound, QStringLiteral("There is no key for \"%1\".").arg(name));
    if (!in.open(QIODevice::ReadOnly))
        return fail(
            code::io, QStringLiteral("Cannot read %1: %2").arg(in.fileName(), in.errorString()));
    return in.readAll();
}

void FileSecretStore::remove(const QString &name)
{
    QFile::remove(file(name));
}

Result<void> MemorySecretStore::save(const QString &name, const QByteArray &secret)
{
    m_secrets.insert(name, secret);
    return {};
}

Result<QByteArray> MemorySecretStore::load(const QString &name) const
{
    const auto it = m_secrets.constFind(name);
    if (it == m_secrets.constEnd())
        return fail(code::notFound, QStringLiteral("There is no key for \"%1\".").arg(name));
    return *it;
}

void MemorySecretStore::remove(const QString &name)
{
    m_secrets.remove(name);
}

} // namespace qd::session
