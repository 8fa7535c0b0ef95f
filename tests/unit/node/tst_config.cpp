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
