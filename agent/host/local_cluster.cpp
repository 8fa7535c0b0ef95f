// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/host/local_cluster.h"

#include "agent/host/ports.h"
#include "agent/host/power.h"
#include "agent/host/process.h"
#include "shared/base/clock.h"
#include "shared/base/random.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QHostAddress>
#include <QJsonArray>
#include <QJsonDocument>
#include <QSaveFile>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <poll.h>
#include <unistd.h>

namespace qd::host {

namespace {

constexpr int kHealthTimeoutMs = 60'000;
constexpr int kProgramTimeoutMs = 30'000;
constexpr int kMaxNodes = 100;
constexpr quint32 kLoopbackBroadcast = 0x7fffffff;

QString ownProgram(const QString &name)
{
    return QCoreApplication::applicationDirPath() + QLatin1Char('/') + name;
}

/// Runs one of our programs; its complaint becomes the error.
Result<QString> ask(const QStringList &command, int timeoutMs = kProgramTimeoutMs)
{
    const auto finished = runToEnd(command, timeoutMs);
    if (!finished)
        return fail(finished.error());
    if (finished->exitCode != 0)
        return fail(
            code::internal, QStringLiteral("%1 %2 failed: %3")
                                .arg(
                                    QFileInfo(command.value(0)).fileName(), command.value(1),
                                    finished->errors.trimmed()));
    return finished->output.trimmed();
}

/// The last lines of a node's logs, for an error's reader.
QString tailOf(const NodeSpec &spec)
{
    QString tail;
    for (const QString &name : {QStringLiteral("/host.log"), QStringLiteral("/log/agent.log")}) {
        QFile file(spec.dir + name);
        if (!file.open(QIODevice::ReadOnly))
            continue;
        file.seek(qMax(qint64(0), file.size() - 1500));
        tail +=
            QStringLiteral("\n--- %1\n").arg(file.fileName()) + QString::fromUtf8(file.readAll());
    }
    return tail;
}

} // namespace

bool LocalCluster::isAdmitted(const NodeSpec &spec)
{
    return QFile::exists(spec.stateDir() + QStringLiteral("/identity.json"));
}

bool LocalCluster::exists(const QString &dir)
{
    return QFile::exists(dir + QStringLiteral("/cluster.json"));
}

Result<LocalCluster> LocalCluster::load(const QString &dir)
{
    QFile file(dir + QStringLiteral("/cluster.json"));
    if (!file.open(QIODevice::ReadOnly))
        return fail(
            code::notFound,
            QStringLiteral("there is no local cluster in %1: ./qd run starts one").arg(dir));
    const QJsonObject json = QJsonDocument::fromJson(file.readAll()).object();
    LocalCluster cluster;
    cluster.dir = dir;
    cluster.base = json.value(QStringLiteral("base")).toString(cluster.base);
    const QJsonArray nodes = json.value(QStringLiteral("nodes")).toArray();
    for (const QJsonValue &name : nodes) {
        const auto spec = NodeSpec::load(dir + QLatin1Char('/') + name.toString());
        if (!spec)
            return fail(spec.error());
        cluster.nodes.push_back(*spec);
    }
    return cluster;
}

Result<LocalCluster> LocalCluster::create(const QString &dir, const QString &base, int count)
{
    const QHostAddress first(base);
    if (!first.isLoopback() || first.protocol() != QAbstractSocket::IPv4Protocol)
        return fail(
            code::badInput, QStringLiteral("--base %1 is not a loopback IPv4 address").arg(base));
    if (count < 1 || count > kMaxNodes)
        return fail(code::badInput, QStringLiteral("--nodes must be from 1 to %1").arg(kMaxNodes));
    if (first.toIPv4Address() + quint32(count) > kLoopbackBroadcast)
        return fail(
            code::badInput, QStringLiteral("--base %1 leaves no loopback addresses for %2 nodes")
                                .arg(base)
                                .arg(count));
    LocalCluster cluster;
    cluster.dir = dir;
    cluster.base = base;
    for (int i = 0; i < count; ++i) {
        NodeSpec spec;
        spec.name = QStringLiteral("node-%1").arg(i + 1);
        spec.dir = dir + QLatin1Char('/') + spec.name;
        spec.address = QHostAddress(first.toIPv4Address() + quint32(i)).toString();
        spec.machineId = QString::fromLatin1(SystemRandom::bytes(16).toHex());
        spec.cluster = QStringLiteral("local-%1").arg(base);
        cluster.nodes.push_back(spec);
    }
    return cluster;
}

Result<void> LocalCluster::save() const
{
    QJsonArray names;
    for (const NodeSpec &spec : nodes) {
        if (const auto saved = spec.save(); !saved)
            return saved;
        names.append(spec.name);
    }
    QSaveFile file(dir + QStringLiteral("/cluster.json"));
    const QJsonObject json{{QStringLiteral("base"), base}, {QStringLiteral("nodes"), names}};
    if (!file.open(QIODevice::WriteOnly) || file.write(QJsonDocument(json).toJson()) < 0 ||
        !file.commit())
        return fail(
            code::io,
            QStringLiteral("cannot write %1: %2").arg(file.fileName(), file.errorString()));
    return {};
}

Result<NodeSpec> LocalCluster::node(int number) const
{
    if (number < 1 || number > int(nodes.size()))
        return fail(
            code::badInput, QStringLiteral("there is no node %1: the cluster has 1 to %2")
                                .arg(number)
                                .arg(nodes.size()));
    return nodes.at(size_t(number - 1));
}

Result<void> LocalCluster::requireAddresses() const
{
    for (const NodeSpec &spec : nodes) {
        if (firstProcess(spec.dir) != 0)
            continue;
        if (const auto free = requireFree(spec.address); !free)
            return free;
    }
    return {};
}

Result<void> LocalCluster::up()
{
    if (const auto free = requireAddresses(); !free)
        return free;
    if (const auto ready = initFirst(); !ready)
        return ready;
    // Members need each other to be healthy: all that were admitted before start together.
    std::vector<const NodeSpec *> started;
    for (const NodeSpec &spec : nodes) {
        if (!isAdmitted(spec))
            continue;
        if (const auto launched = launch(spec); !launched)
            return launched;
        started.push_back(&spec);
    }
    for (const NodeSpec *spec : started) {
        if (const auto healthy = awaitHealthy(*spec); !healthy)
            return healthy;
    }
    for (const NodeSpec &spec : nodes) {
        if (isAdmitted(spec))
            continue;
        if (const auto admitted = admit(spec); !admitted)
            return admitted;
        if (const auto up = startHost(spec); !up)
            return up;
    }
    if (const auto paired = pairConsole(); !paired)
        return paired;
    return awaitHealth();
}

Result<void> LocalCluster::initFirst()
{
    const NodeSpec &spec = nodes.front();
    if (isAdmitted(spec))
        return {};
    const auto done = ask(
        {ownProgram(QStringLiteral("quarterdeckd")), QStringLiteral("init"),
         QStringLiteral("--state"), spec.stateDir(), QStringLiteral("--name"), spec.name,
         QStringLiteral("--address"), spec.address, QStringLiteral("--machine-id"), spec.machineId,
         QStringLiteral("--cluster-name"), QStringLiteral("local")});
    return done ? Result<void>{} : fail(done.error());
}

Result<void> LocalCluster::admit(const NodeSpec &spec)
{
    const NodeSpec &first = nodes.front();
    const QString program = ownProgram(QStringLiteral("quarterdeckd"));
    const auto token = ask(
        {program, QStringLiteral("token"), QStringLiteral("--state"), first.stateDir(),
         QStringLiteral("--address"), first.address, QStringLiteral("--kind"),
         QStringLiteral("node")});
    if (!token)
        return fail(token.error().during(QStringLiteral("admitting %1").arg(spec.name)));
    const auto joined = ask(
        {program, QStringLiteral("join"), *token, QStringLiteral("--peer"), first.address,
         QStringLiteral("--state"), spec.stateDir(), QStringLiteral("--name"), spec.name,
         QStringLiteral("--address"), spec.address, QStringLiteral("--machine-id"),
         spec.machineId});
    if (!joined)
        return fail(joined.error().during(QStringLiteral("admitting %1").arg(spec.name)));
    return {};
}

Result<void> LocalCluster::launch(const NodeSpec &spec)
{
    if (firstProcess(spec.dir) != 0)
        return {};
    const auto started = start(
        {ownProgram(QStringLiteral("quarterdeckd")), QStringLiteral("host"),
         QStringLiteral("--dir"), spec.dir},
        spec.dir + QStringLiteral("/host.log"), true);
    if (!started)
        return fail(started.error());
    m_hosts[spec.name] = *started;
    return {};
}

Result<void> LocalCluster::awaitHealthy(const NodeSpec &spec)
{
    const auto host = m_hosts.constFind(spec.name);
    const SystemClock clock;
    const qint64 end = clock.monotonicMs() + kHealthTimeoutMs;
    while (!answersHealthy(spec.address)) {
        const bool dead = host != m_hosts.constEnd() && !isAlive(*host);
        if (dead || clock.monotonicMs() > end)
            return fail(
                code::deadline, QStringLiteral("%1 %2%3").arg(
                                    spec.name,
                                    dead ? QStringLiteral("ended while starting")
                                         : QStringLiteral("is not healthy in time"),
                                    tailOf(spec)));
        poll(nullptr, 0, 30);
    }
    return {};
}

Result<void> LocalCluster::startHost(const NodeSpec &spec)
{
    const auto launched = launch(spec);
    return launched ? awaitHealthy(spec) : launched;
}

Result<void> LocalCluster::pairConsole()
{
    const QString config = dir + QStringLiteral("/console");
    const QString marker = config + QStringLiteral("/local.paired");
    if (QFile::exists(marker))
        return {};
    const NodeSpec &first = nodes.front();
    const auto token = ask(
        {ownProgram(QStringLiteral("quarterdeckd")), QStringLiteral("token"),
         QStringLiteral("--state"), first.stateDir(), QStringLiteral("--address"), first.address,
         QStringLiteral("--kind"), QStringLiteral("console"), QStringLiteral("--role"),
         QStringLiteral("admin")});
    if (!token)
        return fail(token.error().during(QStringLiteral("pairing the console")));
    const auto paired = ask(
        {ownProgram(QStringLiteral("qdctl")), QStringLiteral("--config"), config,
         QStringLiteral("pair"), *token, QStringLiteral("--address"), first.address,
         QStringLiteral("--name"), QStringLiteral("local")});
    if (!paired)
        return fail(paired.error().during(QStringLiteral("pairing the console")));
    QFile file(marker);
    if (!file.open(QIODevice::WriteOnly))
        return fail(code::io, QStringLiteral("cannot write %1").arg(marker));
    return {};
}

Result<void> LocalCluster::awaitHealth()
{
    const auto healthy =
        ask({ownProgram(QStringLiteral("qdctl")), QStringLiteral("--config"),
             dir + QStringLiteral("/console"), QStringLiteral("--profile"), QStringLiteral("local"),
             QStringLiteral("cluster"), QStringLiteral("health"), QStringLiteral("--wait"),
             QString::number(kHealthTimeoutMs / 1000), QStringLiteral("--nodes"),
             QString::number(nodes.size())},
            kHealthTimeoutMs + 5000);
    return healthy ? Result<void>{} : fail(healthy.error());
}

Result<void> LocalCluster::down()
{
    std::vector<pid_t> firsts;
    for (const NodeSpec &spec : nodes) {
        const pid_t pid = firstProcess(spec.dir);
        if (pid == 0)
            continue;
        firsts.push_back(pid);
        kill(pid, SIGTERM);
    }
    for (const pid_t pid : firsts) {
        if (!awaitGone(pid, 45'000)) {
            kill(pid, SIGKILL);
            awaitGone(pid, 5000);
        }
    }
    return {};
}

Result<void> LocalCluster::crash(int number)
{
    const auto spec = node(number);
    if (!spec)
        return fail(spec.error());
    const pid_t pid = firstProcess(spec->dir);
    if (pid == 0)
        return fail(code::notFound, QStringLiteral("%1 is down already").arg(spec->name));
    kill(pid, SIGKILL);
    if (!awaitGone(pid, 5000))
        return fail(code::deadline, QStringLiteral("%1 does not die").arg(spec->name));
    return {};
}

Result<void> LocalCluster::startNode(int number)
{
    const auto spec = node(number);
    if (!spec)
        return fail(spec.error());
    if (firstProcess(spec->dir) != 0)
        return fail(code::conflict, QStringLiteral("%1 is up already").arg(spec->name));
    if (const auto free = requireFree(spec->address); !free)
        return free;
    return startHost(*spec);
}

Result<void> LocalCluster::wakeNode(int number)
{
    const auto spec = node(number);
    return spec ? wake(*spec) : fail(spec.error());
}

Result<void> LocalCluster::restartAgent(int number)
{
    const auto spec = node(number);
    if (!spec)
        return fail(spec.error());
    const pid_t pid = firstProcess(spec->dir);
    if (pid == 0)
        return fail(code::notFound, QStringLiteral("%1 is down").arg(spec->name));
    const pid_t agent = childNamed(pid, QStringLiteral("quarterdeckd"));
    if (agent == 0)
        return fail(code::notFound, QStringLiteral("%1 has no agent just now").arg(spec->name));
    kill(agent, SIGKILL);
    if (!awaitGone(agent, 5000))
        return fail(code::deadline, QStringLiteral("the agent of %1 does not die").arg(spec->name));
    return {};
}

Result<void> LocalCluster::enter(int number, const QStringList &command)
{
    const auto spec = node(number);
    if (!spec)
        return fail(spec.error());
    const pid_t pid = firstProcess(spec->dir);
    if (pid == 0)
        return fail(code::notFound, QStringLiteral("%1 is down").arg(spec->name));
    QStringList words{QStringLiteral("nsenter"), QStringLiteral("--target"),
                      QString::number(pid),      QStringLiteral("--mount"),
                      QStringLiteral("--pid"),   QStringLiteral("--uts"),
                      QStringLiteral("--ipc"),   QStringLiteral("--cgroup")};
    if (geteuid() != 0)
        words << QStringLiteral("--user") << QStringLiteral("--preserve-credentials");
    words << QStringLiteral("--");
    if (command.isEmpty())
        words << qEnvironmentVariable("SHELL", QStringLiteral("/bin/sh"));
    else
        words << command;
    std::vector<QByteArray> bytes;
    for (const QString &word : words)
        bytes.push_back(QFile::encodeName(word));
    std::vector<char *> arguments;
    arguments.reserve(bytes.size() + 1);
    for (QByteArray &word : bytes)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    execvp(arguments[0], arguments.data());
    return fail(
        code::io,
        QStringLiteral("cannot run nsenter: %1").arg(QString::fromLocal8Bit(strerror(errno))));
}

} // namespace qd::host
