// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/host/node_host.h"

#include "agent/host/machine.h"
#include "agent/host/process.h"

#include <QDir>
#include <QFile>
#include <QJsonDocument>
#include <QSaveFile>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace qd::host {

Result<NodeSpec> NodeSpec::load(const QString &dir)
{
    QFile file(dir + QStringLiteral("/node.json"));
    if (!file.open(QIODevice::ReadOnly))
        return fail(
            code::notFound,
            QStringLiteral("there is no node in %1: %2").arg(dir, file.errorString()));
    const QJsonObject json = QJsonDocument::fromJson(file.readAll()).object();
    NodeSpec spec;
    spec.dir = dir;
    spec.name = json.value(QStringLiteral("name")).toString();
    spec.address = json.value(QStringLiteral("address")).toString();
    spec.machineId = json.value(QStringLiteral("machineId")).toString();
    spec.cluster = json.value(QStringLiteral("cluster")).toString();
    spec.presenceTtl = json.value(QStringLiteral("presenceTtl")).toInt(5);
    if (spec.name.isEmpty() || spec.address.isEmpty() || spec.machineId.size() != 32)
        return fail(
            code::badInput,
            QStringLiteral("%1 lacks a name, an address or a machine id").arg(file.fileName()));
    return spec;
}

Result<void> NodeSpec::save() const
{
    for (const QString &folder : {stateDir(), logDir(), dir + QStringLiteral("/etc")}) {
        if (!QDir().mkpath(folder))
            return fail(code::io, QStringLiteral("cannot make the folder %1").arg(folder));
    }
    QSaveFile file(dir + QStringLiteral("/node.json"));
    const QJsonObject json{
        {QStringLiteral("name"), name},
        {QStringLiteral("address"), address},
        {QStringLiteral("machineId"), machineId},
        {QStringLiteral("cluster"), cluster},
        {QStringLiteral("presenceTtl"), presenceTtl}};
    if (!file.open(QIODevice::WriteOnly) || file.write(QJsonDocument(json).toJson()) < 0 ||
        !file.commit())
        return fail(
            code::io,
            QStringLiteral("cannot write %1: %2").arg(file.fileName(), file.errorString()));
    return {};
}

pid_t firstProcess(const QString &nodeDir)
{
    QFile file(nodeDir + QStringLiteral("/host.pid"));
    if (!file.open(QIODevice::ReadOnly))
        return 0;
    // The process id alone could by now belong to a stranger: the start time must fit as well.
    const QList<QByteArray> words = file.readAll().simplified().split(' ');
    if (words.size() != 2)
        return 0;
    const pid_t pid = words.at(0).toInt();
    return isAlive(pid) && startTime(pid) == words.at(1).toULongLong() ? pid : 0;
}

namespace {

Result<void> writePidFile(const NodeSpec &spec, pid_t pid)
{
    QSaveFile file(spec.pidFile());
    if (!file.open(QIODevice::WriteOnly) ||
        file.write(QByteArray::number(pid) + ' ' + QByteArray::number(startTime(pid)) + '\n') < 0 ||
        !file.commit())
        return fail(
            code::io,
            QStringLiteral("cannot write %1: %2").arg(spec.pidFile(), file.errorString()));
    return {};
}

pid_t g_firstProcess = 0;

void forwardToFirstProcess(int signal)
{
    if (g_firstProcess > 0)
        kill(g_firstProcess, signal);
}

int complain(const QString &sentence)
{
    fprintf(stderr, "node host: %s\n", qPrintable(sentence));
    return 1;
}

QString noNamespaces()
{
    return QStringLiteral("cannot make the node's namespaces: %1")
        .arg(QString::fromLocal8Bit(strerror(errno)));
}

int awaitFirstProcess(pid_t pid)
{
    g_firstProcess = pid;
    struct sigaction action {};
    action.sa_handler = forwardToFirstProcess;
    sigaction(SIGTERM, &action, nullptr);
    sigaction(SIGINT, &action, nullptr);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace

int runNodeHost(const NodeSpec &spec)
{
    if (firstProcess(spec.dir) != 0)
        return complain(QStringLiteral("%1 is up already").arg(spec.name));
    if (const auto user = enterUserNamespace(); !user)
        return complain(user.error().text());
    const QStringList groups = enterControlGroups(spec.cluster + QLatin1Char('-') + spec.name);
    // Only the process ids here: this process stays outside, to clean up after the node.
    if (unshare(CLONE_NEWPID) != 0)
        return complain(noNamespaces());
    const pid_t pid = fork();
    if (pid < 0)
        return complain(
            QStringLiteral("cannot fork: %1").arg(QString::fromLocal8Bit(strerror(errno))));
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP) != 0)
            _exit(complain(noNamespaces()));
        _exit(runFirstProcess(spec, groups));
    }
    if (const auto written = writePidFile(spec, pid); !written) {
        kill(pid, SIGKILL);
        return complain(written.error().text());
    }
    const int status = awaitFirstProcess(pid);
    QFile::remove(spec.pidFile());
    leaveControlGroups(groups);
    return status;
}

} // namespace qd::host
