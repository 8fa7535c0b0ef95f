// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/config.h"
#include "tests/support/proof.h"

#include <QTemporaryDir>

using namespace qd;
using namespace qd::node;

class TestConfig : public QObject {
    Q_OBJECT

    QTemporaryDir m_dir;

    QString write(const QByteArray &text)
    {
        QFile file(m_dir.filePath(QStringLiteral("agent.toml")));
        if (file.open(QIODevice::WriteOnly | QIODevice::Truncate))
            file.write(text);
        return file.fileName();
    }

    static Result<Config>
    load(const QStringList &flags, const QProcessEnvironment &environment = {})
    {
        QStringList rest;
        return loadConfig(flags, environment, &rest);
    }

private Q_SLOTS:
    void aFlagBeatsTheEnvironmentWhichBeatsTheFile()
    {
        const QString file = write("name = \"file\"\naddress = \"127.0.0.2\"\npresence-ttl = 7\n");
        QProcessEnvironment environment;
        environment.insert(QStringLiteral("QD_NAME"), QStringLiteral("environment"));
        environment.insert(QStringLiteral("QD_ADDRESS"), QStringLiteral("127.0.0.3"));
        const auto config =
            load({QStringLiteral("--config"), file, QStringLiteral("--name=flag")}, environment);
        QVERIFY2(config.has_value(), qPrintable(config ? QString() : config.error().text()));
        QCOMPARE(config->name, QStringLiteral("flag"));
        QCOMPARE(config->address, QStringLiteral("127.0.0.3"));
        QCOMPARE(config->presenceTtl, 7);
    }
    void etcdsAndFleetsVariablesMap()
    {
        QProcessEnvironment environment;
        environment.insert(QStringLiteral("ETCD_NAME"), QStringLiteral("infra0"));
        environment.insert(QStringLiteral("FLEET_METADATA"), QStringLiteral("rack=a,disk=ssd"));
        const auto config = load({}, environment);
        QVERIFY(config.has_value());
        QCOMPARE(config->name, QStringLiteral("infra0"));
        QCOMPARE(config->metadata.value(QStringLiteral("disk")), QStringLiteral("ssd"));
    }
    void etcdsFlagsAndVariablesSayTheSame()
    {
        QD_PROVES("E28");
        const QStringList flags{
            QStringLiteral("--name"),
            QStringLiteral("core-01"),
            QStringLiteral("-data-dir=/tmp/x"), // one dash will do
            QStringLiteral("--listen-client-urls"),
            QStringLiteral("http://10.0.2.15:2379,http://127.0.0.1:2379"),
            QStringLiteral("--advertise-client-urls"),
            QStringLiteral("http://10.0.2.15:2379"),
            QStringLiteral("--listen-peer-urls"),
            QStringLiteral("http://10.0.2.15:2390"),
            QStringLiteral("--initial-cluster"),
            QStringLiteral("core-01=http://10.0.2.15:2390,core-02=http://10.0.2.16:2380"),
            QStringLiteral("--initial-cluster-state"),
            QStringLiteral("existing"),
            QStringLiteral("--initial-cluster-token"),
            QStringLiteral("t"),
            QStringLiteral("--heartbeat-interval"),
            QStringLiteral("50"),
            QStringLiteral("--election-timeout=300"),
            QStringLiteral("--snapshot-count=77"),
            QStringLiteral("--force-new-cluster")};
        const auto byFlags = load(flags);
        QVERIFY2(byFlags.has_value(), qPrintable(byFlags ? QString() : byFlags.error().text()));
        QCOMPARE(byFlags->name, QStringLiteral("core-01"));
        QCOMPARE(byFlags->paths.state, QStringLiteral("/tmp/x"));
        QCOMPARE(byFlags->address, QStringLiteral("10.0.2.15"));
        QCOMPARE(byFlags->peerPort, quint16(2390));
        QCOMPARE(byFlags->etcdAddress, QStringLiteral("10.0.2.15"));
        QCOMPARE(byFlags->etcdOldPort, quint16(0));
        QCOMPARE(byFlags->etcd.listenClient.size(), 2);
        QCOMPARE(byFlags->etcd.initialCluster.size(), 2);
        QCOMPARE(byFlags->etcd.initialCluster[1].place.host, QStringLiteral("10.0.2.16"));
        QVERIFY(byFlags->etcd.existing && byFlags->etcd.forceNewCluster);
        QCOMPARE(byFlags->heartbeatMs, 50);
        QCOMPARE(byFlags->electionMs, 300);
        QCOMPARE(byFlags->snapshotCount, 77);

        QProcessEnvironment environment;
        for (const char *pair :
             {"ETCD_NAME=core-01", "ETCD_DATA_DIR=/tmp/x",
              "ETCD_LISTEN_CLIENT_URLS=http:%2f10.0.2.15:2379,http:%2f127.0.0.1:2379",
              "ETCD_ADVERTISE_CLIENT_URLS=http:%2f10.0.2.15:2379",
              "ETCD_LISTEN_PEER_URLS=http:%2f10.0.2.15:2390",
              "ETCD_INITIAL_CLUSTER=core-01=http:%2f10.0.2.15:2390,core-02=http:%2f10.0.2.16:2380",
              "ETCD_INITIAL_CLUSTER_STATE=existing", "ETCD_INITIAL_CLUSTER_TOKEN=t",
              "ETCD_HEARTBEAT_INTERVAL=50", "ETCD_ELECTION_TIMEOUT=300", "ETCD_SNAPSHOT_COUNT=77",
              "ETCD_FORCE_NEW_CLUSTER=true"}) {
            QString text = QString::fromLatin1(pair);
            text.replace(QStringLiteral("%2f"), QStringLiteral("//"));
            environment.insert(
                text.section(QLatin1Char('='), 0, 0), text.section(QLatin1Char('='), 1));
        }
        const auto byVariables = load({}, environment);
        QVERIFY(byVariables.has_value());
        QCOMPARE(byVariables->etcd.listenClient, byFlags->etcd.listenClient);
        QCOMPARE(byVariables->etcd.initialCluster, byFlags->etcd.initialCluster);
        QCOMPARE(byVariables->etcd.token, byFlags->etcd.token);
        QCOMPARE(byVariables->peerPort, byFlags->peerPort);
        QCOMPARE(byVariables->heartbeatMs, byFlags->heartbeatMs);
        QVERIFY(byVariables->etcd.existing && byVariables->etcd.forceNewCluster);
        // The command line wins.
        QCOMPARE(load({QStringLiteral("--name=flag")}, environment)->name, QStringLiteral("flag"));
    }
    void aBadEtcdFlagIsNamedWithItsValue_data()
    {
        QTest::addColumn<QString>("flag");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("sentence");
        const auto row = [](const char *flag, const char *value, const char *sentence) {
            QTest::newRow(flag) << QString::fromLatin1(flag) << QString::fromLatin1(value)
                                << QString::fromLatin1(sentence);
        };
        row("listen-client-urls", "http://a.example:2379", "expected IP in URL for binding");
        row("listen-peer-urls", "ftp://10.0.0.1:2380", "URL scheme must be http or https");
        row("advertise-client-urls", "http://10.0.0.1", "does not have the form \"host:port\"");
        row("initial-advertise-peer-urls", "http://10.0.0.1:1/x", "must not contain a path");
        row("initial-cluster", "a=http://10.0.0.1", "does not have the form");
        row("initial-cluster", "x", "is not of the form name=URL");
        row("initial-cluster", "a=http://h:1,b=http://h:1", "has duplicate url");
        row("initial-cluster-state", "old", "\"old\" is none of new, existing");
        row("discovery", "nonsense", "is not an HTTP URL");
        row("discovery-fallback", "maybe", "none of proxy, exit");
        row("proxy", "yes", "none of off, on, readonly");
        row("force-new-cluster", "perhaps", "neither true nor false");
        row("cors", "example.org", "is not an HTTP URL");
        row("client-cert-auth", "perhaps", "neither true nor false");
        row("proxy-dial-timeout", "soon", "not a number of milliseconds");
        row("heartbeat-interval", "fast", "is not a whole number");
    }
    void aBadEtcdFlagIsNamedWithItsValue()
    {
        QFETCH(QString, flag);
        QFETCH(QString, value);
        QFETCH(QString, sentence);
        const auto config = load({QStringLiteral("--%1=%2").arg(flag, value)});
        QVERIFY(!config.has_value());
        const QString text = config.error().text();
        QVERIFY2(text.startsWith(QStringLiteral("--") + flag), qPrintable(text));
        QVERIFY2(text.contains(sentence), qPrintable(text));
    }
    void etcdsFlagsMustFitTogether()
    {
        QD_PROVES("E29");
        const QString cluster = QStringLiteral("--initial-cluster=a=http://h:1");
        const QString discovery = QStringLiteral("--discovery=http://h:8087/t");
        const QString srv = QStringLiteral("--discovery-srv=example.org");
        for (const QStringList &two :
             {QStringList{cluster, discovery}, {cluster, srv}, {discovery, srv}})
            QCOMPARE(
                load(two).error().text(),
                QStringLiteral("multiple discovery or bootstrap flags are set. Choose one of "
                               "\"initial-cluster\", \"discovery\" or \"discovery-srv\""));
        QVERIFY(load({discovery, QStringLiteral("--initial-cluster-state=existing")})
                    .error()
                    .text()
                    .contains(QStringLiteral("should not be set when joining existing")));
        const QString listen = QStringLiteral("--listen-client-urls=http://10.0.0.1:2379");
        QVERIFY(load({listen}).error().text().contains(QStringLiteral("advertise-client-urls")));
        QVERIFY(load({listen, QStringLiteral("--proxy=on")}).has_value());
        QVERIFY(load({QStringLiteral("--heartbeat-interval=300")})
                    .error()
                    .text()
                    .contains(QStringLiteral("at least as 5 times")));
        QVERIFY(load({QStringLiteral("--listen-peer-urls=http://0.0.0.0:2380")})
                    .error()
                    .text()
                    .contains(QStringLiteral("--address")));
    }
    void flagsForTlsMustBeWhole()
    {
        const auto flags = [](std::initializer_list<const char *> words) {
            QStringList out{
                QStringLiteral("--advertise-client-urls=https://10.0.0.1:2379"),
                QStringLiteral("--address=10.0.0.1")};
            for (const char *word : words)
                out.append(QStringLiteral("--") + QString::fromLatin1(word));
            return out;
        };
        const char *const secret = "listen-client-urls=https://10.0.0.1:2379,http://127.0.0.1:2379";
        const char *const plain = "listen-client-urls=http://127.0.0.1:2379";
        const auto complaint = [&flags](std::initializer_list<const char *> words) {
            const auto config = load(flags(words));
            return config ? QString() : config.error().text();
        };
        QCOMPARE(
            complaint({secret}),
            QStringLiteral("TLS key/cert (--cert-file, --key-file) must be provided for client url "
                           "https://10.0.0.1:2379 with HTTPS scheme"));
        QCOMPARE(
            complaint({secret, "cert-file=a.pem"}),
            QStringLiteral("KeyFile and CertFile must both be present[key: , cert: a.pem]"));
        QVERIFY(complaint({secret, "auto-tls", "client-cert-auth"}).contains("--trusted-ca-file"));
        for (const char *flag : {"auto-tls", "trusted-ca-file=c.pem"})
            QVERIFY(complaint({plain, flag}).contains("nothing would be encrypted"));
        // A proxy may need them for the members alone.
        QCOMPARE(complaint({plain, "trusted-ca-file=c.pem", "proxy=on"}), QString());
        const auto whole =
            load(flags({secret, "cert-file=a.pem", "key-file=b.pem", "ca-file=c.pem"}));
        QVERIFY(whole.has_value());
        QCOMPARE(whole->etcd.clientTls.trusted, QStringLiteral("c.pem"));
        QCOMPARE(whole->etcd.warnings.size(), 1); // the plain listener is said
        QVERIFY(whole->etcd.warnings.first().startsWith("http://127.0.0.1:2379 is plain HTTP"));
    }
    void whatChangesNothingIsSaidOnce()
    {
        QProcessEnvironment environment;
        environment.insert(QStringLiteral("ETCD_MAX_WALS"), QStringLiteral("5"));
        const auto config = load(
            {QStringLiteral("--max-wals=3"), QStringLiteral("--debug"),
             QStringLiteral("--peer-cert-file"), QStringLiteral("x")});
        QVERIFY(config.has_value());
        QCOMPARE(config->etcd.warnings.size(), 3);
        QVERIFY(config->etcd.warnings.filter(QStringLiteral("--max-wals: a segment")).size() == 1);
        QCOMPARE(load({}, environment)->etcd.warnings.size(), 1);
        QVERIFY(load({}, environment)
                    ->etcd.warnings.first()
                    .startsWith(QStringLiteral("ETCD_MAX_WALS: ")));
    }
    void anUnknownKeyIsNamedWithFileAndLine()
    {
        const QString file = write("name = \"a\"\n\ncolour = \"red\"\n");
        const auto config = load({QStringLiteral("--config"), file});
        QVERIFY(!config.has_value());
        QVERIFY(
            config.error().text().contains(file + QStringLiteral(":3: unknown key \"colour\"")));
    }
    void aBadValueIsNamedWithItsPlace()
    {
        const auto config = load({QStringLiteral("--etcd-port"), QStringLiteral("99999")});
        QVERIFY(!config.has_value());
        QVERIFY(config.error().text().startsWith(QStringLiteral("--etcd-port: \"99999\"")));
    }
    void metadataMayBeATable()
    {
        const auto config =
            load({QStringLiteral("--config"), write("metadata = { rack = \"b\", slot = 3 }\n")});
        QVERIFY(config.has_value());
        QCOMPARE(config->metadata.value(QStringLiteral("rack")), QStringLiteral("b"));
        QCOMPARE(config->metadata.value(QStringLiteral("slot")), QStringLiteral("3"));
    }
    void brokenTomlIsNamedWithItsLine()
    {
        const QString file = write("name = \n");
        const auto config = load({QStringLiteral("--config"), file});
        QVERIFY(!config.has_value());
        QVERIFY(config.error().text().startsWith(file + QStringLiteral(":1")));
    }
};

QD_TEST_MAIN(TestConfig)
#include "tst_config.moc"
