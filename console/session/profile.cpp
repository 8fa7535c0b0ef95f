// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/session/profile.h"

#include "console/session/secret_store.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace qd::session {
namespace {

Result<Profile> readProfile(const QString &path)
{
    QFile in(path);
    if (!in.open(QIODevice::ReadOnly))
        return fail(
            in.exists() ? code::io : code::notFound,
            QStringLiteral("Cannot read the profile %1: %2").arg(path, in.errorString()));
    const QJsonObject json = QJsonDocument::fromJson(in.readAll()).object();
    Profile out;
    out.name = json.value(QLatin1String("name")).toString();
    out.clusterId = json.value(QLatin1String("clusterId")).toString();
    out.clusterName = json.value(QLatin1String("clusterName")).toString();
    for (const QJsonValue &address : json.value(QLatin1String("addresses")).toArray())
        out.addresses.append(address.toString());
    out.authority = json.value(QLatin1String("authority")).toString().toLatin1();
    out.certificate = json.value(QLatin1String("certificate")).toString().toLatin1();
    if (out.name.isEmpty() || out.authority.isEmpty() || out.certificate.isEmpty())
        return fail(code::corrupt, QStringLiteral("%1 is not a profile.").arg(path));
    return out;
}

} // namespace

QString configFolder()
{
    const QString given = qEnvironmentVariable("QD_CONFIG_DIR");
    return given.isEmpty() ? QDir::homePath() + QStringLiteral("/.config/quarterdeck") : given;
}

ProfileStore::ProfileStore(QString folder, SecretStore &secrets)
    : m_folder(std::move(folder))
    , m_secrets(secrets)
{
}

QString ProfileStore::file(const QString &name) const
{
    return m_folder + QLatin1Char('/') + fileNameOf(name) + QStringLiteral(".json");
}

QList<Profile> ProfileStore::all() const
{
    QList<Profile> out;
    const QDir dir(m_folder);
    for (const QString &name : dir.entryList({QStringLiteral("*.json")}, QDir::Files, QDir::Name)) {
        if (const auto profile = readProfile(dir.filePath(name)))
            out.append(*profile);
    }
    return out;
}

Result<Profile> ProfileStore::load(const QString &name) const
{
    return readProfile(file(name));
}

Result<void> ProfileStore::save(const Profile &profile, const QByteArray &keyPem)
{
    if (const auto saved = m_secrets.save(profile.name, keyPem); !saved)
        return saved;
    return update(profile);
}

Result<void> ProfileStore::update(const Profile &profile)
{
    if (profile.name.isEmpty())
        return fail(code::badInput, QStringLiteral("A profile needs a name."));
    const QJsonObject json{
        {QStringLiteral("name"), profile.name},
        {QStringLiteral("clusterId"), profile.clusterId},
        {QStringLiteral("clusterName"), profile.clusterName},
        {QStringLiteral("addresses"), QJsonArray::fromStringList(profile.addresses)},
        {QStringLiteral("authority"), QString::fromLatin1(profile.authority)},
        {QStringLiteral("certificate"), QString::fromLatin1(profile.certificate)}};
    return writePrivately(file(profile.name), QJsonDocument(json).toJson());
}

void ProfileStore::remove(const QString &name)
{
    QFile::remove(file(name));
    m_secrets.remove(name);
}

Result<security::Credentials> ProfileStore::credentials(const Profile &profile) const
{
    const auto key = m_secrets.load(profile.name);
    if (!key)
        return fail(key.error());
    return security::Credentials::fromPem(profile.certificate, *key, profile.authority);
}

} // namespace qd::session
