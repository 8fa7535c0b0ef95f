// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/conditions.h"

#include "agent/units/driver/users.h"
#include "shared/unitfile/values.h"

#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QHash>
#include <QRegularExpression>
#include <QSysInfo>
#include <QThread>
#include <cstring>
#include <functional>
#include <glob.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace qd::units {

namespace {

using Test = bool (*)(const QString &);

QString firstLine(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readLine()).trimmed()
                                          : QString();
}

bool matches(const QString &text, const QString &pattern)
{
    return QRegularExpression(QRegularExpression::wildcardToRegularExpression(pattern))
        .match(text)
        .hasMatch();
}

bool globHolds(const QString &pattern)
{
    glob_t found{};
    const int result = glob(QFile::encodeName(pattern).constData(), GLOB_NOSORT, nullptr, &found);
    globfree(&found);
    return result == 0;
}

bool isMountPoint(const QString &path)
{
    struct stat own {};
    struct stat above {};
    const QByteArray name = QFile::encodeName(QDir::cleanPath(path));
    if (stat(name.constData(), &own) != 0 || stat((name + "/..").constData(), &above) != 0)
        return false;
    return own.st_dev != above.st_dev || own.st_ino == above.st_ino;
}

bool isFilledDirectory(const QString &path)
{
    return !QDir(path)
                .entryList(QDir::AllEntries | QDir::Hidden | QDir::System | QDir::NoDotAndDotDot)
                .isEmpty();
}

bool isUser(const QString &name)
{
    if (name == QLatin1String("@system"))
        return getuid() < 1000 || getuid() == 65534;
    const auto user = findUser(name);
    return user && user->uid == getuid();
}

bool isInGroup(const QString &name)
{
    const auto gid = findGroup(name);
    if (!gid)
        return false;
    const int count = getgroups(0, nullptr);
    std::vector<gid_t> own(size_t(std::max(count, 0)));
    if (count > 0 && getgroups(count, own.data()) < 0)
        return false;
    return *gid == getgid() || std::find(own.begin(), own.end(), *gid) != own.end();
}

bool isHost(const QString &pattern)
{
    return firstLine(QStringLiteral("/etc/machine-id")) == pattern ||
           matches(QSysInfo::machineHostName(), pattern);
}

bool isOnKernelCommandLine(const QString &wanted)
{
    const QStringList words =
        firstLine(QStringLiteral("/proc/cmdline")).split(QLatin1Char(' '), Qt::SkipEmptyParts);
    return std::any_of(words.begin(), words.end(), [&](const QString &word) {
        return word == wanted ||
               (!wanted.contains(QLatin1Char('=')) && word.startsWith(wanted + QLatin1Char('=')));
    });
}

bool isArchitecture(const QString &wanted)
{
    static const QHash<QString, QString> names{
        {QStringLiteral("x86_64"), QStringLiteral("x86-64")},
        {QStringLiteral("aarch64"), QStringLiteral("arm64")},
        {QStringLiteral("i686"), QStringLiteral("x86")}};
    utsname machine{};
    uname(&machine);
    const QString own = QString::fromLatin1(machine.machine);
    return wanted == QLatin1String("native") || wanted == names.value(own, own);
}

/// In a container, a virtual machine, or neither. A node of a local cluster is a container.
QString virtualization()
{
    QFile container(QStringLiteral("/run/systemd/container"));
    if (container.open(QIODevice::ReadOnly))
        return QString::fromUtf8(container.readAll()).trimmed();
    if (firstLine(QStringLiteral("/proc/sys/kernel/osrelease")).contains(QLatin1String("WSL")))
        return QStringLiteral("wsl");
    QFile cpu(QStringLiteral("/proc/cpuinfo"));
    const bool guest = cpu.open(QIODevice::ReadOnly) && cpu.readAll().contains(" hypervisor");
    return guest ? QStringLiteral("vm-other") : QString();
}

bool isVirtualized(const QString &wanted)
{
    const QString kind = virtualization();
    const bool container = !kind.isEmpty() && !kind.startsWith(QStringLiteral("vm"));
    if (wanted == QLatin1String("yes") || wanted == QLatin1String("true"))
        return !kind.isEmpty();
    if (wanted == QLatin1String("no") || wanted == QLatin1String("false"))
        return kind.isEmpty();
    if (wanted == QLatin1String("container"))
        return container;
    if (wanted == QLatin1String("vm"))
        return !kind.isEmpty() && !container;
    return wanted == kind;
}

bool environmentHas(const QString &wanted)
{
    const QString name = wanted.section(QLatin1Char('='), 0, 0);
    const QByteArray key = name.toLocal8Bit();
    if (!qEnvironmentVariableIsSet(key.constData()))
        return false;
    return name.size() == wanted.size() ||
           qEnvironmentVariable(key.constData()) == wanted.mid(name.size() + 1);
}

/// "4", ">=4", "< 8" against a number.
bool compares(const QString &expression, quint64 number)
{
    static const QRegularExpression form(QStringLiteral("^(<=|>=|!=|<|>|=)?\\s*(\\d+)$"));
    const auto match = form.match(expression.trimmed());
    if (!match.hasMatch())
        return false;
    const quint64 wanted = match.captured(2).toULongLong();
    const QString sign = match.captured(1);
    if (sign == QLatin1String("<"))
        return number < wanted;
    if (sign == QLatin1String("<="))
        return number <= wanted;
    if (sign == QLatin1String(">"))
        return number > wanted;
    if (sign == QLatin1String("="))
        return number == wanted;
    if (sign == QLatin1String("!="))
        return number != wanted;
    return number >= wanted;
}

quint64 memoryBytes()
{
    return quint64(sysconf(_SC_PHYS_PAGES)) * quint64(sysconf(_SC_PAGE_SIZE));
}

/// "1G", ">=512M" against the machine's memory.
bool hasMemory(const QString &expression)
{
    static const QRegularExpression form(QStringLiteral("^(\\D*)(\\d.*)$"));
    const auto match = form.match(expression.trimmed());
    const auto bytes = unitfile::parseLimit(match.captured(2).trimmed(), true);
    return bytes && compares(match.captured(1) + QString::number(*bytes), memoryBytes());
}

/// "5.10*", or ">= 5 < 7": every word must hold.
bool isKernelVersion(const QString &wanted)
{
    utsname machine{};
    uname(&machine);
    static const QRegularExpression form(QStringLiteral("(<=|>=|!=|<|>|=)?\\s*([^\\s<>=!]\\S*)"));
    auto words = form.globalMatch(wanted);
    bool any = false;
    while (words.hasNext()) {
        const auto word = words.next();
        const QString sign = word.captured(1);
        const int order = strverscmp(machine.release, word.captured(2).toLatin1().constData());
        const bool holds = sign.isEmpty()
                               ? matches(QLatin1String(machine.release), word.captured(2))
                           : sign == u"<"  ? order < 0
                           : sign == u"<=" ? order <= 0
                           : sign == u">"  ? order > 0
                           : sign == u">=" ? order >= 0
                           : sign == u"="  ? order == 0
                                           : order != 0;
        if (!holds)
            return false;
        any = true;
    }
    return any;
}

/// Whether a process of this machine may have the capability: it is in the bounding set.
bool hasCapability(const QString &wanted)
{
    static const QStringList names = // as the kernel numbers them
        QStringLiteral("CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID "
                       "SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW "
                       "IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT "
                       "SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD "
                       "LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG "
                       "WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE")
            .split(u' ');
    QString name = wanted.toUpper();
    if (name.startsWith(QLatin1String("CAP_")))
        name.remove(0, 4);
    const qsizetype number = names.indexOf(name);
    QFile status(QStringLiteral("/proc/self/status"));
    if (number < 0 || !status.open(QIODevice::ReadOnly))
        return false;
    const QList<QByteArray> lines = status.readAll().split('\n');
    for (const QByteArray &line : lines) {
        if (line.startsWith("CapBnd:"))
            return line.mid(7).trimmed().toULongLong(nullptr, 16) >> number & 1U;
    }
    return false;
}

bool hasSecurity(const QString &wanted)
{
    const bool isAppArmor = wanted == QLatin1String("apparmor");
    return isAppArmor &&
           firstLine(QStringLiteral("/sys/module/apparmor/parameters/enabled")) == u"Y";
}

/// Whether /usr is newer than what was made of it in /etc or /var.
bool needsUpdate(const QString &folder)
{
    const QFileInfo made(folder + QStringLiteral("/.updated"));
    if (access(QFile::encodeName(folder).constData(), W_OK) != 0)
        return false;
    return !made.exists() || QFileInfo(QStringLiteral("/usr")).lastModified() > made.lastModified();
}

const QHash<QString, Test> &tests()
{
    static const QHash<QString, Test> all{
        {QStringLiteral("PathExists"), [](const QString &p) { return QFileInfo::exists(p); }},
        {QStringLiteral("PathExistsGlob"), globHolds},
        {QStringLiteral("PathIsDirectory"), [](const QString &p) { return QFileInfo(p).isDir(); }},
        {QStringLiteral("PathIsSymbolicLink"),
         [](const QString &p) { return QFileInfo(p).isSymLink(); }},
        {QStringLiteral("PathIsMountPoint"), isMountPoint},
        {QStringLiteral("PathIsReadWrite"),
         [](const QString &p) { return access(QFile::encodeName(p).constData(), W_OK) == 0; }},
        {QStringLiteral("DirectoryNotEmpty"), isFilledDirectory},
        {QStringLiteral("FileNotEmpty"),
         [](const QString &p) { return QFileInfo(p).isFile() && QFileInfo(p).size() > 0; }},
        {QStringLiteral("FileIsExecutable"),
         [](const QString &p) { return QFileInfo(p).isFile() && QFileInfo(p).isExecutable(); }},
        {QStringLiteral("User"), isUser},
        {QStringLiteral("Group"), isInGroup},
        {QStringLiteral("Host"), isHost},
        {QStringLiteral("KernelCommandLine"), isOnKernelCommandLine},
        {QStringLiteral("Architecture"), isArchitecture},
        {QStringLiteral("Virtualization"), isVirtualized},
        {QStringLiteral("Environment"), environmentHas},
        {QStringLiteral("CPUs"),
         [](const QString &p) { return compares(p, quint64(QThread::idealThreadCount())); }},
        {QStringLiteral("Memory"), hasMemory},
        {QStringLiteral("KernelVersion"), isKernelVersion},
        {QStringLiteral("Capability"), hasCapability},
        {QStringLiteral("Security"), hasSecurity},
        {QStringLiteral("NeedsUpdate"), needsUpdate},
        {QStringLiteral("FirstBoot"), [](const QString &p) { return p == QLatin1String("no"); }},
        {QStringLiteral("ACPower"), [](const QString &p) { return p != QLatin1String("false"); }}};
    return all;
}

} // namespace

bool holds(const Condition &condition)
{
    QString kind = condition.type;
    for (const QString &prefix : {QStringLiteral("Condition"), QStringLiteral("Assert")}) {
        if (kind.startsWith(prefix))
            kind.remove(0, prefix.size());
    }
    const Test test = tests().value(kind);
    return test && test(condition.parameter);
}

bool isDevice(const QString &path)
{
    struct stat found {};
    if (stat(QFile::encodeName(path).constData(), &found) != 0)
        return false;
    return S_ISBLK(found.st_mode) || S_ISCHR(found.st_mode) ||
           path.startsWith(QLatin1String("/sys/"));
}

} // namespace qd::units
