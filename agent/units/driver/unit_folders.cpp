// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/unit_folders.h"

#include "shared/unitfile/unit_name.h"

#include <QCryptographicHash>
#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QMap>

namespace qd::units {

namespace {

constexpr qint64 kMostBytes = 4 * 1024 * 1024;
constexpr int kMostAliases = 10;
const QString kNull = QStringLiteral("/dev/null");

QString baseName(const QString &path)
{
    return path.section(QLatin1Char('/'), -1);
}

/// A link to /dev/null, or an empty file.
bool isMask(const QFileInfo &info)
{
    if (info.isSymLink())
        return info.symLinkTarget() == kNull || info.canonicalFilePath() == kNull;
    return info.isFile() && info.size() == 0;
}

Result<QByteArray> readFile(const QString &path)
{
    QFile file(path);
    if (!QFileInfo::exists(path))
        return fail(code::notFound, QStringLiteral("%1 does not exist").arg(path));
    if (QFileInfo(path).isDir() || !file.open(QIODevice::ReadOnly))
        return fail(code::io, QStringLiteral("cannot read %1: %2").arg(path, file.errorString()));
    const QByteArray text = file.read(kMostBytes + 1);
    if (text.size() > kMostBytes)
        return fail(code::io, QStringLiteral("%1 is too large").arg(path));
    return text;
}

/// The names whose `.d` folders apply to a unit, the most special first: `a-b@c.service`,
/// `a-b@.service`, `a-.service`, `service`.
QStringList dropInNames(const QString &id)
{
    QStringList out{id};
    if (const QString templateName = unitfile::templateOf(id); !templateName.isEmpty())
        out.append(templateName);
    const QString type = unitfile::nameType(id);
    QString prefix = unitfile::namePrefix(id);
    for (qsizetype dash = prefix.lastIndexOf(QLatin1Char('-')); dash > 0;
         dash = prefix.lastIndexOf(QLatin1Char('-'), dash - 1))
        out.append(prefix.left(dash + 1) + QLatin1Char('.') + type);
    out.append(type);
    return out;
}

void addStamp(QCryptographicHash &hash, const QString &path)
{
    const QFileInfo info(path);
    hash.addData(path.toUtf8());
    hash.addData(QByteArray::number(info.lastModified().toMSecsSinceEpoch()));
    hash.addData(QByteArray::number(info.size()));
    hash.addData(info.symLinkTarget().toUtf8());
}

} // namespace

UnitFolders::UnitFolders(QStringList folders)
    : m_folders(std::move(folders))
{
}

bool UnitFolders::isInFolders(const QString &path) const
{
    return m_folders.contains(path.section(QLatin1Char('/'), 0, -2));
}

UnitFolders::Place UnitFolders::locateFile(const QString &name, int depth) const
{
    for (const QString &folder : m_folders) {
        const QFileInfo info(folder + QLatin1Char('/') + name);
        if (!info.isSymLink() && !info.exists())
            continue;
        Place place{info.filePath(), name, isMask(info)};
        if (place.masked || !info.isSymLink())
            return place;
        const QString target = QDir::cleanPath(info.symLinkTarget());
        QString id = baseName(target);
        if (!isInFolders(target))
            place.path = target; // linked: a file of its own that is kept elsewhere
        if (id == name || !isInFolders(target) || depth == kMostAliases)
            return place;
        if (unitfile::nameKind(id) == unitfile::NameKind::Template &&
            unitfile::nameKind(name) == unitfile::NameKind::Instance)
            id = unitfile::templateOf(name) == id
                     ? name
                     : unitfile::instanceOf(id, unitfile::nameInstance(name));
        if (id == name)
            return place; // an instance that enabling has linked to its template
        return locate(id, depth + 1);
    }
    return {};
}

UnitFolders::Place UnitFolders::locate(const QString &name, int depth) const
{
    Place place = locateFile(name, depth);
    if (!place.path.isEmpty() || unitfile::nameKind(name) != unitfile::NameKind::Instance)
        return place.path.isEmpty() ? Place{{}, name, false} : place;
    const QString templateName = unitfile::templateOf(name);
    place = locateFile(templateName, depth);
    // What holds for the template, an alias as well, holds for its instance.
    const QString id = place.id.isEmpty() ? templateName : place.id;
    place.id = unitfile::instanceOf(id, unitfile::nameInstance(name));
    return place;
}

QStringList UnitFolders::dropInPaths(const QString &id) const
{
    QMap<QString, QString> byName; // one file a name: the first that is found
    for (const QString &name : dropInNames(id)) {
        for (const QString &folder : m_folders) {
            const QDir dir(folder + QLatin1Char('/') + name + QStringLiteral(".d"));
            const QStringList files =
                dir.entryList({QStringLiteral("*.conf")}, QDir::Files | QDir::System);
            for (const QString &file : files) {
                if (!byName.contains(file))
                    byName.insert(file, dir.filePath(file));
            }
        }
    }
    QStringList out;
    for (const QString &path : std::as_const(byName)) {
        if (!isMask(QFileInfo(path)))
            out.append(path);
    }
    return out;
}

QStringList UnitFolders::linkedNames(const QString &id, const QString &suffix) const
{
    QStringList owners{id};
    if (const QString templateName = unitfile::templateOf(id); !templateName.isEmpty())
        owners.append(templateName);
    QMap<QString, bool> masked;
    for (const QString &owner : std::as_const(owners)) {
        for (const QString &folder : m_folders) {
            const QDir dir(folder + QLatin1Char('/') + owner + suffix);
            const QFileInfoList entries =
                dir.entryInfoList(QDir::Files | QDir::System | QDir::NoDotAndDotDot);
            for (const QFileInfo &entry : entries) {
                if (!masked.contains(entry.fileName()))
                    masked.insert(
                        entry.fileName(), entry.isSymLink() && entry.symLinkTarget() == kNull);
            }
        }
    }
    QStringList out;
    for (auto it = masked.begin(); it != masked.end(); ++it) {
        QString name = it.key();
        if (unitfile::nameKind(name) == unitfile::NameKind::Template)
            name = unitfile::instanceOf(name, unitfile::nameInstance(id));
        if (!it.value() && unitfile::isValidName(name))
            out.append(name);
    }
    return out;
}

FoundUnit UnitFolders::find(const QString &name) const
{
    FoundUnit out;
    const Place place = locate(name);
    out.id = place.id;
    out.stamp = stamp(name);
    out.fragment.path = place.path;
    if (place.masked) {
        out.state = FoundUnit::Masked;
        return out;
    }
    out.wants = linkedNames(place.id, QStringLiteral(".wants"));
    out.requirements = linkedNames(place.id, QStringLiteral(".requires"));
    for (const QString &path : dropInPaths(place.id)) {
        if (const auto text = readFile(path))
            out.dropIns.append({path, *text});
    }
    if (place.path.isEmpty())
        return out;
    const auto text = readFile(place.path);
    if (!text) {
        // A link to a file that is gone is as good as no unit.
        out.state =
            text.error().code == code::notFound ? FoundUnit::Missing : FoundUnit::Unreadable;
        out.error = text.error().message;
        return out;
    }
    out.state = FoundUnit::Present;
    out.fragment.text = *text;
    return out;
}

QByteArray UnitFolders::stamp(const QString &name) const
{
    const Place place = locate(name);
    QCryptographicHash hash(QCryptographicHash::Sha1);
    addStamp(hash, place.path);
    for (const QString &path : dropInPaths(place.id))
        addStamp(hash, path);
    return hash.result();
}

Result<QByteArray> UnitFolders::read(const QString &path) const
{
    return readFile(path);
}

} // namespace qd::units
