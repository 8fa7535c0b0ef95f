// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/plan.h"

#include "agent/units/driver/exit_status.h"
#include "agent/units/driver/users.h"
#include "shared/unitfile/environment.h"

#include <QFile>
#include <fcntl.h>
#include <unistd.h>

namespace qd::units {

namespace {

const QString kJournal = QStringLiteral("journal");
const QString kInherit = QStringLiteral("inherit");
const QString kSocket = QStringLiteral("socket");
const QByteArray kPidVariable = "SYSTEMD_EXEC_PID=";
const QByteArray kListenPidVariable = "LISTEN_PID=";
constexpr qsizetype kPidDigits = 10;
constexpr quint64 kSoftFiles = 1024;
constexpr quint64 kHardFiles = 524'288;

/// Whether an output of this kind ends in the journal; the console and the kernel's log do too.
bool isJournal(const QString &kind)
{
    return kind.startsWith(kJournal) || kind.startsWith(QStringLiteral("syslog")) ||
           kind.startsWith(QStringLiteral("kmsg"));
}

/// "file:/x" -> "/x"
QByteArray pathIn(const QString &kind)
{
    return QFile::encodeName(kind.section(QLatin1Char(':'), 1));
}

ChildPlan::Stream fileStream(const QByteArray &path, int flags)
{
    ChildPlan::Stream out;
    out.path = path;
    out.flags = flags | O_CLOEXEC;
    return out;
}

ChildPlan::Stream openStream(int file)
{
    ChildPlan::Stream out;
    out.fd = file;
    return out;
}

ChildPlan::Stream inputStream(const QString &kind, int socket)
{
    if (kind == kSocket)
        return openStream(socket);
    if (kind.startsWith(QStringLiteral("file:")))
        return fileStream(pathIn(kind), O_RDONLY);
    if (kind.startsWith(QStringLiteral("tty")))
        return fileStream("/dev/console", O_RDWR);
    return fileStream("/dev/null", O_RDONLY);
}

ChildPlan::Stream outputStream(const QString &kind, int toJournal, int socket)
{
    if (kind == kSocket)
        return openStream(socket);
    if (isJournal(kind) && toJournal >= 0)
        return openStream(toJournal);
    if (kind.startsWith(QStringLiteral("file:")))
        return fileStream(pathIn(kind), O_WRONLY | O_CREAT);
    if (kind.startsWith(QStringLiteral("append:")))
        return fileStream(pathIn(kind), O_WRONLY | O_CREAT | O_APPEND);
    if (kind.startsWith(QStringLiteral("truncate:")))
        return fileStream(pathIn(kind), O_WRONLY | O_CREAT | O_TRUNC);
    if (kind == QLatin1String("tty"))
        return fileStream("/dev/console", O_WRONLY);
    return fileStream("/dev/null", O_WRONLY);
}

void planStreams(ChildPlan &plan, const ExecSettings &exec, const OpenFiles &files)
{
    const int socket = files.sockets.empty() ? -1 : files.sockets.front();
    plan.input = inputStream(exec.standardInput, socket);
    const bool fromInput =
        exec.standardOutput == kInherit &&
        (exec.standardInput.startsWith(QStringLiteral("file:")) ||
         exec.standardInput.startsWith(QStringLiteral("tty")) || exec.standardInput == kSocket);
    plan.output = outputStream(exec.standardOutput, files.toJournal, socket);
    if (fromInput)
        plan.output.fd = STDIN_FILENO;
    if (exec.standardError != kInherit && exec.standardError != exec.standardOutput)
        plan.errors = outputStream(exec.standardError, files.toJournal, socket);
    if (files.streams.contains(STDIN_FILENO))
        plan.input = openStream(files.streams.value(STDIN_FILENO));
    if (files.streams.contains(STDOUT_FILENO))
        plan.output = openStream(files.streams.value(STDOUT_FILENO));
    if (files.streams.contains(STDERR_FILENO))
        plan.errors = openStream(files.streams.value(STDERR_FILENO));
}

const QMap<QString, int> &resources()
{
    static const QMap<QString, int> all{{QStringLiteral("CPU"), RLIMIT_CPU},
                                        {QStringLiteral("FSIZE"), RLIMIT_FSIZE},
                                        {QStringLiteral("DATA"), RLIMIT_DATA},
                                        {QStringLiteral("STACK"), RLIMIT_STACK},
                                        {QStringLiteral("CORE"), RLIMIT_CORE},
                                        {QStringLiteral("RSS"), RLIMIT_RSS},
                                        {QStringLiteral("NOFILE"), RLIMIT_NOFILE},
                                        {QStringLiteral("AS"), RLIMIT_AS},
                                        {QStringLiteral("NPROC"), RLIMIT_NPROC},
                                        {QStringLiteral("MEMLOCK"), RLIMIT_MEMLOCK},
                                        {QStringLiteral("LOCKS"), RLIMIT_LOCKS},
                                        {QStringLiteral("SIGPENDING"), RLIMIT_SIGPENDING},
                                        {QStringLiteral("MSGQUEUE"), RLIMIT_MSGQUEUE},
                                        {QStringLiteral("NICE"), RLIMIT_NICE},
                                        {QStringLiteral("RTPRIO"), RLIMIT_RTPRIO},
                                        {QStringLiteral("RTTIME"), RLIMIT_RTTIME}};
    return all;
}

void planResources(ChildPlan &plan, const ExecSettings &exec)
{
    plan.umask = mode_t(exec.umask);
    plan.nice = exec.nice;
    plan.ignoreSigpipe = exec.ignoreSigpipe;
    plan.keepsSession = exec.sameProcessGroup;
    if (exec.oomScoreAdjust)
        plan.oomScore = QByteArray::number(*exec.oomScoreAdjust);
    QMap<QString, Limit> limits = exec.limits;
    const QString files = QStringLiteral("NOFILE");
    if (!limits.contains(files))
        limits.insert(files, defaultLimit(files));
    for (auto it = limits.begin(); it != limits.end(); ++it) {
        if (const auto resource = resources().constFind(it.key()); resource != resources().cend())
            plan.limits.push_back({*resource, rlimit{it.value().soft, it.value().hard}});
    }
}

/// A user namespace of somebody who is not root forbids setting groups.
bool mayTheSetGroups()
{
    QFile file(QStringLiteral("/proc/self/setgroups"));
    return !file.open(QIODevice::ReadOnly) || file.readAll().trimmed() != "deny";
}

void planGroups(ChildPlan &plan, const ExecSettings &exec, const std::optional<UserInfo> &user)
{
    if (user) {
        plan.gid = user->gid;
        plan.groups = groupsOf(user->name, user->gid);
    }
    if (!exec.group.isEmpty()) {
        const auto gid = findGroup(exec.group);
        if (!gid)
            plan.refuse(exit_status::kGroup);
        plan.gid = gid.value_or(plan.gid.value_or(0));
        if (user && gid)
            plan.groups = groupsOf(user->name, *gid);
    }
    for (const QString &name : exec.supplementaryGroups) {
        const auto gid = findGroup(name);
        if (!gid)
            plan.refuse(exit_status::kGroup);
        else
            plan.groups.push_back(*gid);
    }
    const bool asked = user || !exec.group.isEmpty() || !exec.supplementaryGroups.isEmpty();
    plan.setGroups = asked && mayTheSetGroups();
}

/// Who the process becomes. Gives the user, for its environment.
std::optional<UserInfo> planIdentity(ChildPlan &plan, const SpawnRequest &request)
{
    const ExecSettings &exec = request.exec;
    std::optional<UserInfo> user;
    if (!exec.user.isEmpty()) {
        user = findUser(exec.user);
        if (!user)
            plan.refuse(exit_status::kUser);
    }
    const unitfile::Command &command = request.command;
    if (request.staysPrivileged || command.fullyPrivileged || command.noSetuid || command.ambient)
        return user;
    planGroups(plan, exec, user);
    if (user)
        plan.uid = user->uid;
    // An engine that is not root runs everything as itself; asking for just that is no error.
    if (geteuid() != 0 && user && user->uid == geteuid()) {
        plan.setGroups = false;
        plan.uid.reset();
        if (plan.gid == getegid())
            plan.gid.reset();
    }
    return user;
}

void planFolder(ChildPlan &plan, const ExecSettings &exec, const std::optional<UserInfo> &user)
{
    plan.root = QFile::encodeName(exec.rootDirectory);
    plan.folderMayBeMissing = exec.workingDirectoryMayBeMissing;
    QString folder = exec.workingDirectory;
    if (exec.workingDirectoryIsHome)
        folder = user ? user->home : findUser(QString::number(geteuid()))->home;
    plan.folder = folder.isEmpty() ? QByteArray("/") : QFile::encodeName(folder);
}

/// Descriptors from 3 on; a socket that is a standard stream is none of them.
bool passesSockets(const SpawnRequest &request, const OpenFiles &files)
{
    return !files.sockets.empty() && !wantsSocket(request.exec);
}

/// What stands in for a shell where nobody is to log in.
bool isNoShell(const QString &shell)
{
    return shell.isEmpty() || shell.endsWith(QLatin1String("/nologin")) ||
           shell.endsWith(QLatin1String("/false")) || shell.endsWith(QLatin1String("/true"));
}

QMap<QString, QString> environmentOf(
    const SpawnRequest &request, const std::optional<UserInfo> &user, const OpenFiles &files)
{
    QStringList all = request.environment;
    if (user) {
        all += QStringLiteral("HOME=") + user->home;
        all += QStringLiteral("LOGNAME=") + user->name;
        all += QStringLiteral("USER=") + user->name;
        if (!isNoShell(user->shell))
            all += QStringLiteral("SHELL=") + user->shell;
    }
    if (!request.invocationId.isEmpty())
        all += QStringLiteral("INVOCATION_ID=") + request.invocationId;
    if (!files.notifySocket.isEmpty())
        all += QStringLiteral("NOTIFY_SOCKET=") + files.notifySocket;
    if (passesSockets(request, files)) {
        all += QStringLiteral("LISTEN_FDS=%1").arg(files.sockets.size());
        all += QStringLiteral("LISTEN_FDNAMES=") + files.socketNames.join(QLatin1Char(':'));
    }
    for (const QString &name : request.exec.passEnvironment) {
        const QByteArray key = name.toLocal8Bit();
        if (qEnvironmentVariableIsSet(key.constData()))
            all += name + QLatin1Char('=') + qEnvironmentVariable(key.constData());
    }
    all += request.unitEnvironment;
    QMap<QString, QString> out = unitfile::environmentMap(all);
    for (const QString &name : request.exec.unsetEnvironment) {
        const qsizetype equals = name.indexOf(QLatin1Char('='));
        if (equals < 0)
            out.remove(name);
        else if (out.value(name.left(equals)) == name.mid(equals + 1))
            out.remove(name.left(equals));
    }
    return out;
}

void planEnvironment(ChildPlan &plan, const QMap<QString, QString> &environment)
{
    std::vector<QByteArray> out;
    for (auto it = environment.begin(); it != environment.end(); ++it)
        out.push_back((it.key() + QLatin1Char('=') + it.value()).toUtf8());
    std::vector<QByteArray> withPid{kPidVariable};
    if (!plan.passed.empty())
        withPid.push_back(kListenPidVariable);
    for (const QByteArray &name : withPid)
        out.push_back(name + QByteArray(kPidDigits, '0'));
    plan.environment = CStrings(std::move(out));
    const size_t first = plan.environment.size() - withPid.size();
    for (size_t i = 0; i < withPid.size(); ++i)
        plan.pidTexts.push_back(plan.environment.at(first + i) + withPid[i].size());
}

void planCommand(
    ChildPlan &plan, const unitfile::Command &command, const QMap<QString, QString> &environment)
{
    QStringList arguments = command.argv;
    if (!command.noVariables && !arguments.isEmpty())
        arguments = arguments.first(1) + unitfile::expandArguments(arguments.mid(1), environment);
    std::vector<QByteArray> words;
    for (const QString &word : std::as_const(arguments))
        words.push_back(word.toUtf8());
    plan.arguments = CStrings(std::move(words));
    std::vector<QByteArray> programs;
    if (command.path.contains(QLatin1Char('/')))
        programs.push_back(QFile::encodeName(command.path));
    else
        for (const QString &folder : programFolders())
            programs.push_back(QFile::encodeName(folder + QLatin1Char('/') + command.path));
    plan.programs = CStrings(std::move(programs));
}

} // namespace

Limit defaultLimit(const QString &name)
{
    rlimit own{};
    getrlimit(__rlimit_resource_t(resources().value(name)), &own);
    if (name != u"NOFILE")
        return Limit{own.rlim_cur, own.rlim_max};
    return Limit{
        std::min<quint64>(kSoftFiles, own.rlim_max), std::min<quint64>(kHardFiles, own.rlim_max)};
}

QStringList limitNames()
{
    return resources().keys();
}

QStringList programFolders()
{
    return {QStringLiteral("/usr/local/sbin"), QStringLiteral("/usr/local/bin"),
            QStringLiteral("/usr/sbin"),       QStringLiteral("/usr/bin"),
            QStringLiteral("/sbin"),           QStringLiteral("/bin")};
}

bool wantsSocket(const ExecSettings &exec)
{
    return exec.standardInput == kSocket || exec.standardOutput == kSocket ||
           exec.standardError == kSocket;
}

bool wantsJournal(const ExecSettings &exec)
{
    return isJournal(exec.standardOutput) || isJournal(exec.standardError);
}

ChildPlan planChild(const SpawnRequest &request, const OpenFiles &files)
{
    ChildPlan plan;
    const auto user = planIdentity(plan, request);
    planStreams(plan, request.exec, files);
    if (passesSockets(request, files)) {
        plan.passed = files.sockets;
        plan.passedDoNotWait = request.exec.nonBlocking;
    }
    planResources(plan, request.exec);
    planFolder(plan, request.exec, user);
    const QMap<QString, QString> environment = environmentOf(request, user, files);
    planEnvironment(plan, environment);
    planCommand(plan, request.command, environment);
    return plan;
}

} // namespace qd::units
