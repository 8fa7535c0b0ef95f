// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/commands.h"

#include "agent/node/agent_run.h"
#include "agent/node/heap.h"
#include "agent/node/open_files.h"
#include "agent/node/recovery.h"
#include "agent/node/setup.h"
#include "shared/base/log.h"
#include "shared/base/stop_signals.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <systemd/sd-daemon.h>
#include <unistd.h>
#include <vector>

namespace qd::node {

namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kCannotReach = 3;
/// A node that was removed from its cluster: starting it again changes nothing.
constexpr int kRemoved = 4;

int statusOf(const Error &error)
{
    const bool unreachable = error.code == code::unreachable || error.code == code::deadline;
    return unreachable ? kCannotReach : kFailed;
}

int complain(const Error &error)
{
    fprintf(stderr, "quarterdeckd: %s\n", qPrintable(error.text()));
    return statusOf(error);
}

int usage(const QString &sentence)
{
    fprintf(stderr, "quarterdeckd: %s\n", qPrintable(sentence));
    return kUsage;
}

/// Takes `--key value` or `--key=value` out of the words.
std::optional<QString> take(QStringList &words, const QString &key)
{
    for (qsizetype i = 0; i < words.size(); ++i) {
        if (words.at(i) == key && i + 1 < words.size()) {
            const QString value = words.at(i + 1);
            words.remove(i, 2);
            return value;
        }
        if (words.at(i).startsWith(key + QLatin1Char('=')))
            return words.takeAt(i).mid(key.size() + 1);
    }
    return std::nullopt;
}

Result<Config> configOf(const QStringList &words, QStringList *rest)
{
    return loadConfig(words, QProcessEnvironment::systemEnvironment(), rest);
}

/// The configuration of a command that takes no words beside options; the exit status otherwise.
std::optional<Config> plainConfig(const QStringList &words, int *status)
{
    QStringList rest;
    const auto config = configOf(words, &rest);
    if (config && rest.isEmpty())
        return *config;
    *status = usage(
        config ? QStringLiteral("unexpected word \"%1\"").arg(rest.first())
               : config.error().text());
    return std::nullopt;
}

void beginLog()
{
    logOnOneLine();
    // The journal knows the time itself.
    if (!qEnvironmentVariableIsSet("JOURNAL_STREAM"))
        qSetMessagePattern(
            QStringLiteral("%{time yyyy-MM-ddTHH:mm:ss.zzz} %{type} %{category}: %{message}"));
}

/// The exit status of an agent that ends.
int statusOfEnd(const std::optional<Error> &why)
{
    if (!why)
        return kDone;
    const int failure = complain(*why);
    return why->code == code::denied ? kRemoved : failure;
}

/// Until it is told to stop; `again`: it was told to start anew. The exit status.
int runAgent(const Config &config, bool &again)
{
    bool isStopping = false;
    StopSignals signalsOfStop;
    AgentRun agent(config);
    QObject::connect(&agent, &AgentRun::ready, &agent, [] { sd_notify(0, "READY=1"); });
    QObject::connect(&agent, &AgentRun::ended, &agent, [](const std::optional<Error> &why) {
        QCoreApplication::exit(statusOfEnd(why));
    });
    QObject::connect(&agent, &AgentRun::removed, &agent, [] { QCoreApplication::exit(kRemoved); });
    QObject::connect(&signalsOfStop, &StopSignals::asked, &agent, [&agent, &again, &isStopping] {
        again = false;
        isStopping = true;
        sd_notify(0, "STOPPING=1");
        qCInfo(lcNode) << "stops";
        agent.stop();
    });
    QObject::connect(&agent, &AgentRun::restartAsked, &agent, [&agent, &again, &isStopping] {
        if (isStopping) // who stops the process waits for its end
            return;
        again = true;
        agent.stop();
    });
    QMetaObject::invokeMethod(&agent, &AgentRun::start, Qt::QueuedConnection);
    return QCoreApplication::exec();
}

/// The same process, with the program as it lies there now: who watches the process sees no end.
int beginAnew(const QString &program)
{
    std::vector<QByteArray> words;
    for (const QString &word : QCoreApplication::arguments())
        words.push_back(QFile::encodeName(word));
    std::vector<char *> arguments;
    for (QByteArray &word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    execv(QFile::encodeName(program).constData(), arguments.data());
    return complain(
        {code::io,
         QStringLiteral("cannot run %1: %2").arg(program, QString::fromLocal8Bit(strerror(errno))),
         {},
         nullptr});
}

} // namespace

int runCommand(const QStringList &words)
{
    int status = kFailed;
    const auto config = plainConfig(words, &status);
    if (!config)
        return status;
    beginLog();
    raiseOpenFileLimit();
    keepHeapSmall();
    for (const QString &warning : config->etcd.warnings)
        qCWarning(lcNode).noquote() << warning;
    const QString program = QCoreApplication::applicationFilePath(); // may be replaced meanwhile
    bool again = false;
    status = runAgent(*config, again);
    return again && status == kDone ? beginAnew(program) : status;
}

int initCommand(const QStringList &words)
{
    int status = kFailed;
    const auto config = plainConfig(words, &status);
    if (!config)
        return status;
    const auto made = initCluster(*config);
    if (!made)
        return complain(made.error());
    printf(
        "cluster \"%s\" (%s) with %s as its first node: start it with `quarterdeckd run`\n",
        qPrintable(made->clusterName), qPrintable(idText(made->cluster)),
        qPrintable(made->self.name));
    return kDone;
}

int tokenCommand(const QStringList &words)
{
    QStringList left = words;
    const QString kind = take(left, QStringLiteral("--kind")).value_or(QStringLiteral("node"));
    const QString role = take(left, QStringLiteral("--role")).value_or(QStringLiteral("viewer"));
    int status = kFailed;
    const auto config = plainConfig(left, &status);
    if (!config)
        return status;
    TokenRequest request;
    QMetaObject::invokeMethod(
        &request,
        [&] {
            request.start(*config, kind, role, [](const Result<QString> &token) {
                if (token)
                    printf("%s\n", qPrintable(*token));
                QCoreApplication::exit(token ? kDone : complain(token.error()));
            });
        },
        Qt::QueuedConnection);
    return QCoreApplication::exec();
}

int joinCommand(const QStringList &words)
{
    QStringList left = words;
    const auto peer = take(left, QStringLiteral("--peer"));
    QStringList rest;
    const auto config = configOf(left, &rest);
    if (!config)
        return usage(config.error().text());
    if (!peer || rest.size() != 1)
        return usage(QStringLiteral("usage: quarterdeckd join TOKEN --peer ADDR [OPTIONS]"));
    Joining joining(*config);
    QMetaObject::invokeMethod(
        &joining,
        [&] {
            joining.start(rest.first(), *peer, [](const Result<NodeIdentity> &joined) {
                if (joined)
                    printf(
                        "%s is a member of the cluster \"%s\": start it with `quarterdeckd run`\n",
                        qPrintable(joined->self.name), qPrintable(joined->clusterName));
                QCoreApplication::exit(joined ? kDone : complain(joined.error()));
            });
        },
        Qt::QueuedConnection);
    return QCoreApplication::exec();
}

int authorityCommand(const QStringList &words)
{
    QStringList rest;
    const auto config = configOf(words, &rest);
    if (!config)
        return usage(config.error().text());
    if (rest.size() != 1)
        return usage(QStringLiteral("usage: quarterdeckd authority DIR [--cluster-name NAME]"));
    const auto made = makeAuthority(rest.first(), config->clusterName);
    if (!made)
        return complain(made.error());
    printf(
        "%s holds an authority: copy it to each machine that starts the cluster, and keep it "
        "secret\n",
        qPrintable(rest.first()));
    return kDone;
}

int backupCommand(const QStringList &words)
{
    QStringList left = words;
    const auto target = take(left, QStringLiteral("--backup-dir"));
    int status = kFailed;
    const auto config = plainConfig(left, &status);
    if (!config)
        return status;
    if (!target)
        return usage(QStringLiteral("usage: quarterdeckd backup --state DIR --backup-dir DIR"));
    const auto made = backUp(config->paths, *target);
    if (!made)
        return complain(made.error());
    printf(
        "%s holds member %s of cluster %s: start it with `quarterdeckd run --state %s "
        "--force-new-cluster`\n",
        qPrintable(*target), qPrintable(idText(made->self.id)), qPrintable(idText(made->cluster)),
        qPrintable(*target));
    return kDone;
}

int walDumpCommand(const QStringList &words)
{
    if (words.size() != 1 || !QDir(words.first()).exists())
        return usage(QStringLiteral("usage: quarterdeckd wal-dump DIR (a log's folder)"));
    const auto disk = wal::PosixDisk::open(words.first());
    if (!disk)
        return complain(disk.error());
    const auto entries = wal::inspect(**disk);
    if (!entries)
        return complain(entries.error());
    static const QMap<raft::EntryType, QByteArray> types{
        {raft::EntryType::Noop, "noop"},
        {raft::EntryType::Command, "command"},
        {raft::EntryType::Config, "config"}};
    for (const wal::EntryInfo &entry : *entries)
        printf(
            "%llu %llu %s %08x\n", static_cast<unsigned long long>(entry.index),
            static_cast<unsigned long long>(entry.term), types.value(entry.type).constData(),
            entry.crc);
    return kDone;
}

} // namespace qd::node
