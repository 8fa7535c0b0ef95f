// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/control_groups.h"

#include "agent/units/driver/proc.h"
#include "agent/units/driver/process_groups.h"
#include "shared/base/log.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QUuid>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace qd::units {

namespace {

constexpr int kMostKillRounds = 50;

/// "\040" -> " ", as mountinfo escapes.
QString unescaped(const QByteArray &text)
{
    QByteArray out;
    for (qsizetype i = 0; i < text.size(); ++i) {
        bool isOctal = false;
        const int byte = text.at(i) == '\\' ? text.mid(i + 1, 3).toInt(&isOctal, 8) : 0;
        out.append(isOctal ? char(byte) : text.at(i));
        i += isOctal ? 3 : 0;
    }
    return QFile::decodeName(out);
}

QString withoutSlash(const QString &path)
{
    return path == QLatin1String("/") ? QString() : path;
}

QList<qint32> numbersIn(const QString &path)
{
    QList<qint32> out;
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return out;
    for (const QByteArray &line : file.readAll().split('\n')) {
        if (const qint32 pid = line.toInt(); pid > 0)
            out.append(pid);
    }
    return out;
}

void collect(const QString &folder, QList<qint32> &out)
{
    out += numbersIn(folder + QStringLiteral("/cgroup.procs"));
    const QStringList below = QDir(folder).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    for (const QString &child : below)
        collect(folder + QLatin1Char('/') + child, out);
}

void removeTree(const QString &folder)
{
    const QStringList below = QDir(folder).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    for (const QString &child : below)
        removeTree(folder + QLatin1Char('/') + child);
    ::rmdir(QFile::encodeName(folder).constData());
}

bool enter(const QString &folder)
{
    QFile file(folder + QStringLiteral("/cgroup.procs"));
    return file.open(QIODevice::WriteOnly | QIODevice::Unbuffered) && file.write("0\n") == 2;
}

class ControlGroups final : public ProcessGroups {
public:
    ControlGroups(GroupPlace place, QString base, bool ownBase)
        : m_place(std::move(place))
        , m_base(std::move(base))
        , m_ownBase(ownBase)
    {
    }
    ~ControlGroups() override
    {
        if (m_ownBase)
            removeTree(m_place.folderOf(m_base));
    }
    ControlGroups(const ControlGroups &) = delete;
    ControlGroups &operator=(const ControlGroups &) = delete;

    Result<std::vector<int>> prepare(const QString &group) override
    {
        const QString folder = folderOf(group);
        QDir().mkpath(folder);
        const QString path = folder + QStringLiteral("/cgroup.procs");
        const int file = open(QFile::encodeName(path).constData(), O_WRONLY | O_CLOEXEC);
        if (file < 0)
            return fail(
                code::io, QStringLiteral("cannot make the control group %1: %2")
                              .arg(folder, QString::fromLocal8Bit(strerror(errno))));
        return std::vector<int>{file};
    }

    void started(const QString &, pid_t, const QString &) override {}
    void ended(pid_t) override {}

    QList<qint32> processes(const QString &group) const override
    {
        QList<qint32> out;
        if (!group.isEmpty())
            collect(folderOf(group), out);
        return out;
    }

    QString groupOf(pid_t pid) const override
    {
        // The kernel shows a zombie's group in the unified hierarchy only.
        const auto path = pathIn(procFile(pid, "cgroup"), m_place.unified);
        const QString prefix = m_base + QLatin1Char('/');
        return path && path->startsWith(prefix) ? path->mid(m_base.size()) : QString();
    }

    void release(const QString &group) override
    {
        if (!group.isEmpty())
            removeTree(folderOf(group));
    }

    QString description() const override
    {
        return QStringLiteral("by control groups in %1").arg(m_place.folderOf(m_base));
    }

private:
    QString folderOf(const QString &group) const { return m_place.folderOf(m_base) + group; }

    GroupPlace m_place;
    QString m_base;
    bool m_ownBase; ///< made for this engine alone
};

/// Ends what units of an earlier engine left in our groups: nobody would look after it.
void endLeftovers(const QString &folder)
{
    const QStringList slices =
        QDir(folder).entryList({QStringLiteral("*.slice")}, QDir::Dirs | QDir::NoDotAndDotDot);
    for (const QString &slice : slices) {
        const QString path = folder + QLatin1Char('/') + slice;
        QList<qint32> pids;
        collect(path, pids);
        for (int round = 0; !pids.isEmpty() && round < kMostKillRounds; ++round) {
            for (const qint32 pid : std::as_const(pids))
                ::kill(pid, SIGKILL);
            usleep(2000);
            pids.clear();
            collect(path, pids);
        }
        removeTree(path);
    }
}

/// Whether a group is the top of the whole machine, however a namespace calls it. That one is not
/// ours: its slices may be another service manager's.
bool isTop(const QString &folder, bool unified)
{
    return unified ? !QFile::exists(folder + QStringLiteral("/cgroup.type"))
                   : QFile::exists(folder + QStringLiteral("/release_agent"));
}

/// Whether this engine is the second one in the same place; remembers the place for the third.
bool wasHereBefore(const QString &runFolder, const QString &base)
{
    QFile file(runFolder + QStringLiteral("/unitd.groups"));
    const QByteArray text = QFile::encodeName(base) + '\n';
    const bool before = file.open(QIODevice::ReadOnly) && file.readAll() == text;
    file.close();
    if (!before &&
        (!file.open(QIODevice::WriteOnly | QIODevice::Truncate) || file.write(text) != text.size()))
        qCWarning(lcUnits).noquote() << "cannot write" << file.fileName();
    return before;
}

} // namespace

std::optional<QString> pathIn(const QByteArray &cgroups, bool unified)
{
    for (const QByteArray &line : cgroups.split('\n')) {
        const qsizetype first = line.indexOf(':');
        const qsizetype second = line.indexOf(':', first + 1);
        if (first < 0 || second < 0)
            continue;
        const QByteArray controllers = line.mid(first + 1, second - first - 1);
        if (unified ? controllers.isEmpty() : controllers == "name=systemd")
            return withoutSlash(QFile::decodeName(line.mid(second + 1)));
    }
    return std::nullopt;
}

std::optional<GroupPlace> findGroupPlace(const QByteArray &cgroups, const QByteArray &mountInfo)
{
    std::optional<GroupPlace> out;
    for (const QByteArray &line : mountInfo.split('\n')) {
        const QList<QByteArray> fields = line.split(' ');
        const qsizetype dash = fields.indexOf("-");
        if (dash < 6 || fields.size() < dash + 4)
            continue;
        const bool unified = fields.at(dash + 1) == "cgroup2";
        const bool own = fields.at(dash + 1) == "cgroup" &&
                         fields.at(dash + 3).split(',').contains("name=systemd");
        const auto path = pathIn(cgroups, unified);
        // Later mounts cover earlier ones; the unified hierarchy is the better one.
        if ((!unified && !own) || !path || (out && out->unified && !unified))
            continue;
        GroupPlace place;
        place.mountPoint = unescaped(fields.at(4));
        place.mountRoot = withoutSlash(unescaped(fields.at(3)));
        place.ownPath = *path;
        place.unified = unified;
        const bool reachable = !path->startsWith(QStringLiteral("/..")) &&
                               !place.mountRoot.startsWith(QStringLiteral("/.."));
        if (reachable && path->startsWith(place.mountRoot))
            out = place;
    }
    return out;
}

std::unique_ptr<ProcessGroups> openProcessGroups(const QString &runFolder)
{
    const auto place =
        findGroupPlace(procFile(getpid(), "cgroup"), procFile(getpid(), "mountinfo"));
    if (!place)
        return openProcessTree(runFolder);
    QString base = place->ownPath;
    const bool isMachinesTop = isTop(place->folderOf(base), place->unified);
    if (isMachinesTop)
        // Not of the process id: that is one of many namespaces.
        base = QStringLiteral("/quarterdeck-unitd-") + QUuid::createUuid().toString(QUuid::Id128);
    // What may be made and entered here may be made and entered for units.
    const QString folder = place->folderOf(base);
    const QString probe = folder + QStringLiteral("/quarterdeck-probe");
    QDir().mkpath(probe);
    const bool usable = enter(probe) && enter(place->folderOf(place->ownPath));
    ::rmdir(QFile::encodeName(probe).constData());
    if (!usable) {
        ::rmdir(QFile::encodeName(folder).constData());
        return openProcessTree(runFolder);
    }
    if (!runFolder.isEmpty() && wasHereBefore(runFolder, base))
        endLeftovers(folder);
    return std::make_unique<ControlGroups>(*place, base, isMachinesTop);
}

} // namespace qd::units
