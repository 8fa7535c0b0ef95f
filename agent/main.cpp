// SPDX-License-Identifier: GPL-3.0-or-later
// quarterdeckd: the agent of a node, and the commands around it.
#include "agent/host/commands.h"
#include "agent/node/commands.h"
#include "agent/node/config.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <cstdio>

namespace {

int help()
{
    printf(
        "quarterdeckd %s - the agent of a Quarterdeck node\n\n"
        "usage: quarterdeckd run [OPTIONS]                    run the agent\n"
        "       quarterdeckd init [OPTIONS]                   make a cluster with this node as its "
        "first\n"
        "       quarterdeckd token [--kind node|console] [--role viewer|operator|admin]\n"
        "                                                     print a one-time token (15 minutes)\n"
        "       quarterdeckd join TOKEN --peer ADDR [OPTIONS] make this node a member of a "
        "cluster\n"
        "       quarterdeckd authority DIR                    make the authority of members that "
        "start\n"
        "                                                     together with etcd's flags\n"
        "       quarterdeckd --name N --initial-cluster ...   run, with etcd's flags\n"
        "       quarterdeckd backup --backup-dir DIR [OPTIONS] copy the node, with new ids\n"
        "       quarterdeckd wal-dump DIR                     list a log's entries\n"
        "       quarterdeckd host|local ...                   nodes of a cluster on this "
        "machine\n\n"
        "options: --config FILE (TOML), and\n%s",
        QD_VERSION, qPrintable(qd::node::settingsHelp()));
    return 0;
}

/// Whether it is called by etcd's name (E20): then its words are etcd's flags, all of them.
bool isCalledEtcd(const char *program)
{
    const QString name = QFileInfo(QString::fromLocal8Bit(program)).fileName();
    return name == QLatin1String("etcd") || name == QLatin1String("etcd2");
}

} // namespace

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("quarterdeckd"));
    QCoreApplication::setApplicationVersion(QStringLiteral(QD_VERSION));
    const QStringList words = QCoreApplication::arguments().mid(1);
    const QString verb = words.value(0);
    if (words.contains(QStringLiteral("--help")) || verb == QLatin1String("-h") ||
        verb == QLatin1String("help"))
        return help();
    if (verb == QLatin1String("--version")) {
        printf("quarterdeckd %s\n", QD_VERSION);
        return 0;
    }
    static const QMap<QString, int (*)(const QStringList &)> commands{
        {QStringLiteral("run"), qd::node::runCommand},
        {QStringLiteral("init"), qd::node::initCommand},
        {QStringLiteral("token"), qd::node::tokenCommand},
        {QStringLiteral("join"), qd::node::joinCommand},
        {QStringLiteral("authority"), qd::node::authorityCommand},
        {QStringLiteral("backup"), qd::node::backupCommand},
        {QStringLiteral("wal-dump"), qd::node::walDumpCommand},
        {QStringLiteral("host"), qd::host::hostCommand},
        {QStringLiteral("local"), qd::host::localCommand}};
    if (isCalledEtcd(argv[0]))
        return qd::node::runCommand(words);
    if (const auto command = commands.value(verb))
        return command(words.mid(1));
    if (verb.startsWith(QLatin1Char('-'))) // as etcd is called: flags alone
        return qd::node::runCommand(words);
    fprintf(
        stderr, "quarterdeckd: unknown command \"%s\"; quarterdeckd --help lists them\n",
        qPrintable(verb));
    return 2;
}
