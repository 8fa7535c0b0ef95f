// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/unit_files.h"

#include "agent/units/bus/errors.h"

#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QFileInfo>

namespace qd::units::bus {

namespace {

const QStringList kSuffixes = {
    QStringLiteral("*.service"), QStringLiteral("*.socket"),    QStringLiteral("*.target"),
    QStringLiteral("*.timer"),   QStringLiteral("*.path"),      QStringLiteral("*.mount"),
    QStringLiteral("*.slice"),   QStringLiteral("*.automount"), QStringLiteral("*.swap"),
    QStringLiteral("*.device"),  QStringLiteral("*.scope")};
const QString kNull = QStringLiteral("/dev/null");
constexpr qint64 kMaxUnitFile = 1024 * 1024;

QString baseName(const QString &path)
{
    return path.section(QLatin1Char('/'), -1);
}

/// What a link says, without following further; empty when it is no link.
QString linkText(const QString &path)
{
    return QFileInfo(path).isSymLink() ? QFile::symLinkTarget(path) : QString();
}

bool exists(const QString &path)
{
    const QFileInfo info(path);
    return info.isSymLink() || info.exists();
}

bool unlink(const QString &path, QList<FileChange> &changes)
{
    if (!QFile::remove(path))
        return false;
    changes.append(FileChange{QStringLiteral("unlink"), path, QString()});
    return true;
}

/// The `.wants` and `.requires` folders of a configuration folder.
QStringList dependencyFolders(const QString &dir)
{
    QStringList out;
    for (const QFileInfo &info : QDir(dir).entryInfoList(
             {QStringLiteral("*.wants"), QStringLiteral("*.requires")},
             QDir::Dirs | QDir::NoDotAndDotDot))
        out.append(info.filePath());
    return out;
}

/// Whether a link called `link` belongs to `name`; a template owns its instances.
bool isOf(const QString &link, const QString &name)
{
    return link == name || (isTemplate(name) && templateOf(link) == name);
}

tl::unexpected<Error> missing(const QString &name)
{
    return fail(error::noSuchUnit, QStringLiteral("Unit file %1 does not exist.").arg(name));
}

} // namespace

UnitFiles::UnitFiles(Folders folders)
    : m_folders(std::move(folders))
{
}

QString UnitFiles::find(const QString &name) const
{
    for (const QString &dir : m_folders.search) {
        const QString path = dir + QLatin1Char('/') + name;
        if (exists(path))
            return path;
    }
    return {};
}

bool UnitFiles::isInSearch(const QString &path) const
{
    return m_folders.search.contains(path.section(QLatin1Char('/'), 0, -2));
}

Result<UnitFiles::Found> UnitFiles::discover(const QString &name) const
{
    Found out;
    out.name = name;
    out.path = find(name);
    if (out.path.isEmpty() && !templateOf(name).isEmpty()) {
        out.name = templateOf(name);
        out.path = find(out.name);
    }
    if (out.path.isEmpty())
        return missing(name);
    const QString target = linkText(out.path);
    if (target == kNull) {
        out.masked = true;
        return out;
    }
    if (!target.isEmpty() && !isInSearch(target))
        out.path = target; // a linked unit: links point to the file itself
    QFile file(out.path);
    if (!file.open(QIODevice::ReadOnly))
        return missing(name);
    out.install = parseInstall(QString::fromUtf8(file.read(kMaxUnitFile)));
    return out;
}

Result<void> UnitFiles::linkInto(
    const QString &dir, const QString &name, const QString &target, bool force,
    QList<FileChange> &changes) const
{
    const QString path = dir + QLatin1Char('/') + name;
    if (exists(path)) {
        if (linkText(path) == target)
            return {};
        if (!force) {
            const QString text = QFileInfo(path).isSymLink()
                                     ? QStringLiteral("File %1 already exists and is a symlink "
                                                      "to %2.")
                                           .arg(path, linkText(path))
                                     : QStringLiteral("File %1 already exists.").arg(path);
            return fail(error::unitExists, text);
        }
        unlink(path, changes);
    }
    if (!QDir().mkpath(dir) || !QFile::link(target, path))
        return fail(error::accessDenied, QStringLiteral("Cannot make the link %1.").arg(path));
    changes.append(FileChange{QStringLiteral("symlink"), path, target});
    return {};
}

Result<void> UnitFiles::linkFile(
    const QString &path, const QString &into, bool force, QList<FileChange> &changes) const
{
    const QString clean = QDir::cleanPath(path);
    if (!QFileInfo(clean).isFile())
        return fail(error::fileNotFound, QStringLiteral("Unit file %1 does not exist.").arg(clean));
    if (isInSearch(clean))
        return {};
    return linkInto(into, baseName(clean), clean, force, changes);
}

Result<void> UnitFiles::enableOne(
    const QString &given, const QString &into, bool force, QSet<QString> &seen, Enabled &out) const
{
    QString name = given;
    if (given.startsWith(QLatin1Char('/'))) {
        name = baseName(given);
        if (auto linked = linkFile(given, into, force, out.changes); !linked)
            return linked;
    }
    if (seen.contains(name))
        return {};
    seen.insert(name);
    const auto found = discover(name);
    if (!found)
        return fail(found.error());
    if (found->masked)
        return fail(error::unitMasked, QStringLiteral("Unit file %1 is masked.").arg(name));
    const InstallSection &install = found->install;
    out.carriesInstallInfo |= !install.isEmpty();
    if (isTemplate(name) && !install.defaultInstance.isEmpty())
        name = instanceOf(name, expandInstall(install.defaultInstance, name));
    for (const QString &alias : install.alias) {
        auto done = linkInto(into, expandInstall(alias, name), found->path, force, out.changes);
        if (!done)
            return done;
    }
    const auto linkAll = [&](const QStringList &by, const QString &kind) -> Result<void> {
        for (const QString &target : by) {
            const QString dir = into + QLatin1Char('/') + expandInstall(target, name) + kind;
            // A template without an instance cannot be started by a target.
            if (isTemplate(name) && !isTemplate(expandInstall(target, name)))
                continue;
            if (auto done = linkInto(dir, name, found->path, force, out.changes); !done)
                return done;
        }
        return {};
    };
    auto done = linkAll(install.wantedBy, QStringLiteral(".wants"));
    if (done)
        done = linkAll(install.requiredBy, QStringLiteral(".requires"));
    for (const QString &also : install.also) {
        if (done)
            done = enableOne(expandInstall(also, name), into, force, seen, out);
    }
    return done;
}

Result<UnitFiles::Enabled>
UnitFiles::enable(const QStringList &names, bool runtime, bool force) const
{
    Enabled out;
    QSet<QString> seen;
    for (const QString &name : names) {
        if (auto done = enableOne(name, folder(runtime), force, seen, out); !done)
            return fail(done.error());
    }
    return out;
}

UnitFiles::Changes UnitFiles::disable(const QStringList &names, bool runtime) const
{
    QList<FileChange> changes;
    QStringList todo = names;
    QSet<QString> seen;
    const QString dir = folder(runtime);
    while (!todo.isEmpty()) {
        const QString name = baseName(todo.takeFirst());
        if (seen.contains(name))
            continue;
        seen.insert(name);
        const auto found = discover(name);
        if (!found)
            return fail(found.error());
        if (found->masked)
            continue;
        for (const QString &also : found->install.also)
            todo.append(expandInstall(also, name));
        for (const QString &place : dependencyFolders(dir)) {
            for (const QFileInfo &link :
                 QDir(place).entryInfoList(QDir::Files | QDir::System | QDir::Hidden)) {
                if (link.isSymLink() && isOf(link.fileName(), name))
                    unlink(link.filePath(), changes);
            }
            QDir().rmdir(place); // goes only when it is empty
        }
        // Its aliases, and the link of a linked unit itself.
        for (const QFileInfo &link : QDir(dir).entryInfoList(QDir::Files | QDir::System)) {
            if (link.isSymLink() && baseName(linkText(link.filePath())) == found->name)
                unlink(link.filePath(), changes);
        }
    }
    return changes;
}

Result<UnitFiles::Enabled>
UnitFiles::reenable(const QStringList &names, bool runtime, bool force) const
{
    // A linked unit loses its own link on the way: it is enabled by its path again.
    QStringList again;
    for (const QString &name : names) {
        const auto found = discover(baseName(name));
        again.append(found && !isInSearch(found->path) ? found->path : name);
    }
    const auto gone = disable(names, runtime);
    if (!gone)
        return fail(gone.error());
    auto out = enable(again, runtime, force);
    if (out)
        out->changes = *gone + out->changes;
    return out;
}

UnitFiles::Changes UnitFiles::link(const QStringList &paths, bool runtime, bool force) const
{
    QList<FileChange> changes;
    for (const QString &path : paths) {
        if (!path.startsWith(QLatin1Char('/')))
            return fail(error::invalidArgs, QStringLiteral("Path %1 is not absolute.").arg(path));
        if (auto done = linkFile(path, folder(runtime), force, changes); !done)
            return fail(done.error());
    }
    return changes;
}

UnitFiles::Changes UnitFiles::mask(const QStringList &names, bool runtime, bool force) const
{
    QList<FileChange> changes;
    for (const QString &name : names) {
        if (auto done = linkInto(folder(runtime), name, kNull, force, changes); !done)
            return fail(done.error());
    }
    return changes;
}

UnitFiles::Changes UnitFiles::unmask(const QStringList &names, bool runtime) const
{
    QList<FileChange> changes;
    for (const QString &name : names) {
        const QString path = folder(runtime) + QLatin1Char('/') + name;
        if (linkText(path) == kNull)
            unlink(path, changes);
    }
    return changes;
}

UnitFiles::Changes UnitFiles::revert(const QStringList &names) const
{
    QList<FileChange> changes;
    for (const QString &name : names) {
        QStringList own;
        bool vendor = false;
        for (const QString &dir : m_folders.search) {
            const bool ours = dir == m_folders.persistent || dir == m_folders.runtime;
            const QString path = dir + QLatin1Char('/') + name;
            if (ours && exists(path))
                own.append(path);
            vendor |= !ours && exists(path);
            QDir dropIns(path + QStringLiteral(".d"));
            if (!ours || !dropIns.exists())
                continue;
            for (const QFileInfo &file : dropIns.entryInfoList({QStringLiteral("*.conf")}))
                unlink(file.filePath(), changes);
            QDir().rmdir(dropIns.path());
        }
        for (const QString &path : vendor ? own : QStringList())
            unlink(path, changes);
    }
    return changes;
}

QStringList UnitFiles::linksOf(const QString &name, bool runtime) const
{
    QStringList out;
    for (const QString &place : dependencyFolders(folder(runtime))) {
        const QString path = place + QLatin1Char('/') + name;
        if (QFileInfo(path).isSymLink())
            out.append(path);
    }
    return out;
}

bool UnitFiles::hasLinks(const QString &name, const Found &found, const QString &dir) const
{
    for (const QString &place : dependencyFolders(dir)) {
        for (const QString &link : QDir(place).entryList(QDir::Files | QDir::System)) {
            if (isOf(link, name) && QFileInfo(place + QLatin1Char('/') + link).isSymLink())
                return true;
        }
    }
    for (const QString &alias : found.install.alias) {
        const QString text = linkText(dir + QLatin1Char('/') + expandInstall(alias, name));
        if (!text.isEmpty() && baseName(text) == found.name)
            return true;
    }
    return false;
}

QString UnitFiles::maskedOrLinked(const QString &name, const QString &path) const
{
    const QString target = linkText(path);
    const bool runtime = path.startsWith(m_folders.runtime + QLatin1Char('/'));
    const QString suffix = runtime ? QStringLiteral("-runtime") : QString();
    if (target == kNull)
        return QStringLiteral("masked") + suffix;
    if (target.isEmpty())
        return {};
    if (baseName(target) != name && isInSearch(target))
        return QStringLiteral("alias");
    return isInSearch(target) ? QString() : QStringLiteral("linked") + suffix;
}

Result<QString> UnitFiles::state(const QString &name) const
{
    QString path = find(name);
    if (path.isEmpty() && !templateOf(name).isEmpty())
        path = find(templateOf(name));
    if (path.isEmpty())
        return fail(error::fileNotFound, QStringLiteral("No such file or directory"));
    const QString special = maskedOrLinked(baseName(path), path);
    if (special.startsWith(QLatin1String("masked")) || special == QLatin1String("alias"))
        return special;
    const auto found = discover(name);
    if (!found)
        return QStringLiteral("bad");
    if (hasLinks(name, *found, m_folders.persistent))
        return QStringLiteral("enabled");
    if (hasLinks(name, *found, m_folders.runtime))
        return QStringLiteral("enabled-runtime");
    if (!special.isEmpty())
        return special;
    if (path.contains(QLatin1String("/systemd/transient/")))
        return QStringLiteral("transient");
    if (path.contains(QLatin1String("/systemd/generator")))
        return QStringLiteral("generated");
    if (found->install.isEmpty())
        return QStringLiteral("static");
    return found->install.links() ? QStringLiteral("disabled") : QStringLiteral("indirect");
}

QList<Pair> UnitFiles::list() const
{
    QList<Pair> out;
    QSet<QString> seen;
    for (const QString &dir : m_folders.search) {
        for (const QFileInfo &info :
             QDir(dir).entryInfoList(kSuffixes, QDir::Files | QDir::System)) {
            const QString name = info.fileName();
            if (seen.contains(name))
                continue;
            seen.insert(name);
            out.append(Pair{info.filePath(), state(name).value_or(QStringLiteral("bad"))});
        }
    }
    return out;
}

Result<QString> UnitFiles::defaultTarget() const
{
    const QString path = find(QStringLiteral("default.target"));
    if (path.isEmpty())
        return fail(error::noSuchUnit, QStringLiteral("Unit file default.target does not exist."));
    const QString target = linkText(path);
    return target.isEmpty() ? QStringLiteral("default.target") : baseName(target);
}

UnitFiles::Changes UnitFiles::setDefaultTarget(const QString &name, bool force) const
{
    const QString path = find(name);
    if (path.isEmpty())
        return missing(name);
    QList<FileChange> changes;
    const auto done =
        linkInto(m_folders.persistent, QStringLiteral("default.target"), path, force, changes);
    if (!done)
        return fail(done.error());
    return changes;
}

} // namespace qd::units::bus
