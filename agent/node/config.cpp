// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/config.h"

#include <QFile>
#include <QHostAddress>
#include <QHostInfo>
#include <QRegularExpression>

namespace qd::node {

namespace {

const QString kDefaultFile = QStringLiteral("/etc/quarterdeck/agent.toml");

template <class T>
Result<void> wholeNumber(T &target, const QString &value, qint64 least, qint64 most)
{
    bool ok = false;
    const qint64 number = value.toLongLong(&ok);
    if (!ok || number < least || number > most)
        return fail(
            code::badInput, QStringLiteral("\"%1\" is not a whole number from %2 to %3")
                                .arg(value)
                                .arg(least)
                                .arg(most));
    target = T(number);
    return {};
}

Result<void> text(QString &target, const QString &value)
{
    if (value.isEmpty())
        return fail(code::badInput, QStringLiteral("the value is empty"));
    target = value;
    return {};
}

Result<void> address(QString &target, const QString &value)
{
    if (QHostAddress(value).isNull())
        return fail(code::badInput, QStringLiteral("\"%1\" is not an IP address").arg(value));
    target = value;
    return {};
}

Result<void> machineId(QString &target, const QString &value)
{
    static const QRegularExpression form(QStringLiteral("^[0-9a-f]{32}$"));
    if (!form.match(value).hasMatch())
        return fail(
            code::badInput,
            QStringLiteral("\"%1\" is not a machine id (32 hex digits)").arg(value));
    target = value;
    return {};
}

/// fleet's form: k=v,k=v
Result<void> metadata(QMap<QString, QString> &target, const QString &value)
{
    target.clear();
    const QStringList pairs = value.split(QLatin1Char(','), Qt::SkipEmptyParts);
    for (const QString &pair : pairs) {
        const qsizetype equals = pair.indexOf(QLatin1Char('='));
        if (equals <= 0)
            return fail(
                code::badInput, QStringLiteral("\"%1\" is not of the form key=value").arg(pair));
        target.insert(pair.left(equals).trimmed(), pair.mid(equals + 1).trimmed());
    }
    return {};
}

QString machineIdOfThisMachine()
{
    QFile file(QStringLiteral("/etc/machine-id"));
    return file.open(QIODevice::ReadOnly) ? QString::fromLatin1(file.readAll()).trimmed()
                                          : QString();
}

const Setting *find(const QString &key)
{
    for (const Setting &setting : settings()) {
        if (setting.key == key)
            return &setting;
    }
    return nullptr;
}

Result<QMap<QString, Given>> readFlags(const QStringList &words, QString *file, QStringList *rest)
{
    QMap<QString, Given> given;
    for (qsizetype i = 0; i < words.size(); ++i) {
        QString key = words.at(i);
        const qsizetype dashes = key.startsWith(QLatin1String("--")) ? 2 : 1; // etcd takes one, too
        if (!key.startsWith(QLatin1Char('-')) || key.size() <= dashes) {
            rest->append(key);
            continue;
        }
        key = key.mid(dashes);
        QString value;
        const qsizetype equals = key.indexOf(QLatin1Char('='));
        if (equals >= 0) {
            value = key.mid(equals + 1);
            key = key.left(equals);
        }
        const Setting *const setting = find(key);
        if (key != QLatin1String("config") && setting == nullptr)
            return fail(code::badInput, QStringLiteral("unknown option --%1").arg(key));
        if (equals < 0 && setting != nullptr && setting->isSwitch)
            value = QStringLiteral("true");
        else if (equals < 0) {
            if (i + 1 >= words.size())
                return fail(code::badInput, QStringLiteral("--%1 needs a value").arg(key));
            value = words.at(++i);
        }
        if (key == QLatin1String("config"))
            *file = value;
        else
            given.insert(key, {value, QStringLiteral("--") + key});
    }
    return given;
}

QMap<QString, Given> readEnvironment(const QProcessEnvironment &environment)
{
    QMap<QString, Given> given;
    for (const Setting &setting : settings()) {
        for (const QString &variable : setting.variables) {
            if (environment.contains(variable) && !given.contains(setting.key))
                given.insert(setting.key, {environment.value(variable), variable});
        }
    }
    return given;
}

Result<void> apply(Config &config, const QMap<QString, Given> &source)
{
    for (auto it = source.cbegin(); it != source.cend(); ++it) {
        const Setting &setting = *find(it.key());
        if (const auto done = setting.apply(config, it->value); !done)
            return fail(done.error().during(it->where));
        if (!setting.idle.isEmpty())
            config.etcd.warnings.append(
                QStringLiteral("%1: %2 - it changes nothing here").arg(it->where, setting.idle));
    }
    return {};
}

QStringList own(const char *variable)
{
    return {QString::fromLatin1(variable)};
}

/// How machines come to a cluster, beside tokens.
QList<Setting> beginningSettings()
{
    return {
        {QStringLiteral("authority"), own("QD_AUTHORITY"),
         QStringLiteral("folder that `quarterdeckd authority` made, for members that start\n"
                        "                     together"),
         [](Config &c, const QString &v) { return text(c.authority, v); }},
        {QStringLiteral("dns-server"), own("QD_DNS_SERVER"),
         QStringLiteral("IP address of the server that --discovery-srv asks (the system's)"),
         [](Config &c, const QString &v) { return address(c.dnsServer, v); }},
        {QStringLiteral("discovery-port"), own("QD_DISCOVERY_PORT"),
         QStringLiteral("a discovery service for new clusters, usually 8087 (0: none)"),
         [](Config &c, const QString &v) { return wholeNumber(c.discoveryPort, v, 0, 65535); }},
        {QStringLiteral("discovery-host"), own("QD_DISCOVERY_HOST") << QStringLiteral("DISC_HOST"),
         QStringLiteral("URL that its tokens begin with (http://ADDRESS:PORT)"),
         [](Config &c, const QString &v) { return text(c.discoveryBase, v); }},
    };
}

/// etcd's names beside ours, and settings that only etcd has.
QList<Setting> withEtcds(QList<Setting> all)
{
    const QList<std::pair<QString, QString>> names{
        {QStringLiteral("data-dir"), QStringLiteral("state")},
        {QStringLiteral("heartbeat-interval"), QStringLiteral("heartbeat-ms")},
        {QStringLiteral("election-timeout"), QStringLiteral("election-ms")}};
    for (const auto &[etcds, own] : names) {
        const auto same = std::find_if(
            all.begin(), all.end(), [own = own](const Setting &each) { return each.key == own; });
        all.append({etcds, {}, QStringLiteral("etcd's name of --") + own, same->apply});
    }
    return all + beginningSettings() + etcdSettings();
}

} // namespace

const QList<Setting> &settings()
{
    static const QList<Setting> all = withEtcds({
        {QStringLiteral("state"), own("QD_STATE") << QStringLiteral("ETCD_DATA_DIR"),
         QStringLiteral("folder of the node's state (/var/lib/quarterdeck)"),
         [](Config &c, const QString &v) { return text(c.paths.state, v); }},
        {QStringLiteral("run"), own("QD_RUN"),
         QStringLiteral("folder of runtime files (/run/quarterdeck)"),
         [](Config &c, const QString &v) { return text(c.paths.run, v); }},
        {QStringLiteral("log"), own("QD_LOG"),
         QStringLiteral("folder that holds journal/ (/var/log)"),
         [](Config &c, const QString &v) { return text(c.paths.log, v); }},
        {QStringLiteral("name"), own("QD_NAME") << QStringLiteral("ETCD_NAME"),
         QStringLiteral("the node's name (host name)"),
         [](Config &c, const QString &v) { return text(c.name, v); }},
        {QStringLiteral("address"), own("QD_ADDRESS") << QStringLiteral("FLEET_PUBLIC_IP"),
         QStringLiteral(
             "IP address that the node listens on and is reached at\n"
             "                     (127.0.0.1 at init and join, then what was said there)"),
         [](Config &c, const QString &v) { return address(c.address, v); }},
        {QStringLiteral("machine-id"), own("QD_MACHINE_ID"),
         QStringLiteral("32 hex digits (/etc/machine-id)"),
         [](Config &c, const QString &v) { return machineId(c.machineId, v); }},
        {QStringLiteral("cluster-name"), own("QD_CLUSTER_NAME"),
         QStringLiteral("the cluster's name, at init (quarterdeck)"),
         [](Config &c, const QString &v) { return text(c.clusterName, v); }},
        {QStringLiteral("etcd-address"), own("QD_ETCD_ADDRESS"),
         QStringLiteral("where etcd's HTTP API listens without TLS (127.0.0.1)"),
         [](Config &c, const QString &v) { return address(c.etcdAddress, v); }},
        {QStringLiteral("etcd-port"), own("QD_ETCD_PORT"), QStringLiteral("etcd's HTTP API (2379)"),
         [](Config &c, const QString &v) { return wholeNumber(c.etcdPort, v, 1, 65535); }},
        {QStringLiteral("etcd-old-port"), own("QD_ETCD_OLD_PORT"),
         QStringLiteral("the same for clients from before etcd 2.0 (4001; 0: none)"),
         [](Config &c, const QString &v) { return wholeNumber(c.etcdOldPort, v, 0, 65535); }},
        {QStringLiteral("peer-port"), own("QD_PEER_PORT"), QStringLiteral("raft (2380)"),
         [](Config &c, const QString &v) { return wholeNumber(c.peerPort, v, 1, 65535); }},
        {QStringLiteral("peer-old-port"), own("QD_PEER_OLD_PORT"),
         QStringLiteral("where members were found before etcd 2.0 (7001; 0: none)"),
         [](Config &c, const QString &v) { return wholeNumber(c.peerOldPort, v, 0, 65535); }},
        {QStringLiteral("control-port"), own("QD_CONTROL_PORT"), QStringLiteral("control (7443)"),
         [](Config &c, const QString &v) { return wholeNumber(c.controlPort, v, 1, 65535); }},
        {QStringLiteral("heartbeat-ms"),
         own("QD_HEARTBEAT_MS") << QStringLiteral("ETCD_HEARTBEAT_INTERVAL"),
         QStringLiteral("raft heartbeat (100)"),
         [](Config &c, const QString &v) { return wholeNumber(c.heartbeatMs, v, 5, 10'000); }},
        {QStringLiteral("election-ms"),
         own("QD_ELECTION_MS") << QStringLiteral("ETCD_ELECTION_TIMEOUT"),
         QStringLiteral("least raft election time-out (1000)"),
         [](Config &c, const QString &v) { return wholeNumber(c.electionMs, v, 50, 50'000); }},
        {QStringLiteral("snapshot-count"),
         own("QD_SNAPSHOT_COUNT") << QStringLiteral("ETCD_SNAPSHOT_COUNT"),
         QStringLiteral("log entries between snapshots (10000)"),
         [](Config &c, const QString &v) {
             return wholeNumber(c.snapshotCount, v, 10, 10'000'000);
         }},
        {QStringLiteral("presence-ttl"), own("QD_PRESENCE_TTL"),
         QStringLiteral("seconds after which a silent machine is lost (30)"),
         [](Config &c, const QString &v) { return wholeNumber(c.presenceTtl, v, 1, 3600); }},
        {QStringLiteral("metadata"), own("QD_METADATA") << QStringLiteral("FLEET_METADATA"),
         QStringLiteral("the machine's metadata, k=v,k=v"),
         [](Config &c, const QString &v) { return metadata(c.metadata, v); }},
        {QStringLiteral("fixture"), own("QD_FIXTURE"),
         QStringLiteral("units:N serves N generated units, for tests of a console"),
         [](Config &c, const QString &v) { return text(c.fixture, v); }},
    });
    return all;
}

Result<Config>
loadConfig(const QStringList &flags, const QProcessEnvironment &environment, QStringList *rest)
{
    QString file;
    const auto fromFlags = readFlags(flags, &file, rest);
    if (!fromFlags)
        return fail(fromFlags.error());
    Config config;
    config.name = QHostInfo::localHostName();
    config.machineId = machineIdOfThisMachine();
    if (!file.isEmpty() || QFile::exists(kDefaultFile)) {
        const auto fromFile = readConfigFile(file.isEmpty() ? kDefaultFile : file);
        if (!fromFile)
            return fail(fromFile.error());
        if (const auto done = apply(config, *fromFile); !done)
            return fail(done.error());
    }
    if (const auto done = apply(config, readEnvironment(environment)); !done)
        return fail(done.error());
    if (const auto done = apply(config, *fromFlags); !done)
        return fail(done.error());
    if (const auto done = settleEtcdOptions(config); !done)
        return fail(done.error());
    return config;
}

QString etcdAddress(const Config &config, const QString &address)
{
    if (!config.etcdAddress.isEmpty())
        return config.etcdAddress;
    return QHostAddress(address).isLoopback() ? address : QStringLiteral("127.0.0.1");
}

QString settingsHelp()
{
    QString out;
    for (const Setting &setting : settings())
        out += QStringLiteral("  --%1 %2 [%3]\n")
                   .arg(setting.key, -16)
                   .arg(setting.help, setting.variables.join(QStringLiteral(", ")));
    return out;
}

} // namespace qd::node
