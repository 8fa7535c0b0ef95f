// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/cloudconfig/apply.h"
#include "agent/cloudconfig/schema.h"
#include "agent/node/config.h"
#include "tests/support/proof.h"

#include <QDir>
#include <QTemporaryDir>

using namespace qd;
using namespace qd::cloudconfig;

namespace {

const QByteArray kDiscovery =
    "coreos:\n  etcd2:\n    discovery: https://discovery.etcd.io/09363c5fcdfcbd42ed60b8931263fda1\n"
    "    advertise-client-urls: http://$public_ipv4:2379\n"
    "    initial-advertise-peer-urls: http://$private_ipv4:2380\n"
    "    listen-client-urls: http://0.0.0.0:2379,http://0.0.0.0:4001\n"
    "    listen-peer-urls: http://$private_ipv4:2380,http://$private_ipv4:7001\n";

/// Writes down what it is asked for.
class Engine final : public UnitEngine {
public:
    QStringList asked;
    QString failing;

    Result<void> reload() override { return note(QStringLiteral("reload")); }
    Result<void> enable(const QString &unit, bool runtime) override
    {
        return note(
            QStringLiteral("enable ") + unit + (runtime ? QStringLiteral(" -r") : QString()));
    }
    Result<void> mask(const QString &unit, bool) override
    {
        return note(QStringLiteral("mask ") + unit);
    }
    Result<void> unmask(const QString &unit, bool) override
    {
        return note(QStringLiteral("unmask ") + unit);
    }
    Result<QString> run(const QString &verb, const QString &unit) override
    {
        const auto noted = note(verb + u' ' + unit);
        return noted ? Result<QString>(QStringLiteral("done")) : fail(noted.error());
    }

private:
    Result<void> note(const QString &what)
    {
        if (what == failing)
            return fail(code::io, QStringLiteral("no"));
        asked.append(what);
        return {};
    }
};

NodeFacts facts()
{
    return {QStringLiteral("core-01"), {"10.0.0.11", "192.0.2.11", {}, {}}, "PATH=/bin\nX=1\n"};
}

Result<Plan> planFor(const QByteArray &text)
{
    const auto root = readYaml(substituted(text, facts().addresses));
    return root ? planOf(*root, facts()) : fail(code::badInput, root.error().problem);
}

const UnitChange *unitOf(const Plan &plan, const char *name)
{
    for (const UnitChange &unit : plan.units) {
        if (unit.name == QLatin1String(name))
            return &unit;
    }
    return nullptr;
}

} // namespace

class TestCloudconfigApply : public QObject {
    Q_OBJECT

    QTemporaryDir m_dir;

    QByteArray contentOf(const QString &path) const
    {
        QFile file(m_dir.path() + path);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("(none)");
    }
    Result<void> applyTo(Engine &engine, const Plan &plan, QStringList *said = nullptr)
    {
        return apply(plan, m_dir.path(), engine, [&](const QString &line) {
            if (said != nullptr)
                said->append(line);
        });
    }

private Q_SLOTS:
    void everyFlagOfEtcdIsAKey()
    {
        QD_PROVES("E42");
        // ch5 4.1; what only prints something is no setting.
        const QStringList flags =
            QString(
                QLatin1String(
                    "name listen-client-urls listen-peer-urls advertise-client-urls "
                    "initial-advertise-peer-urls initial-cluster initial-cluster-state "
                    "initial-cluster-token discovery discovery-srv proxy data-dir "
                    "force-new-cluster "
                    "discovery-fallback discovery-proxy heartbeat-interval election-timeout "
                    "snapshot-count max-snapshots max-wals wal-dir cors proxy-failure-wait "
                    "proxy-refresh-interval proxy-dial-timeout proxy-write-timeout "
                    "proxy-read-timeout "
                    "cert-file key-file client-cert-auth trusted-ca-file ca-file peer-cert-file "
                    "peer-key-file peer-client-cert-auth peer-trusted-ca-file peer-ca-file debug "
                    "log-package-levels"))
                .split(u' ');
        for (const QString &flag : flags) {
            const Field *const field =
                serviceSchema(QStringLiteral("etcd2")).find(QString(flag).replace(u'-', u'_'));
            QVERIFY2(field != nullptr, qPrintable(flag));
            QCOMPARE(
                field->variable,
                QStringLiteral("ETCD_") + QString(flag).toUpper().replace(u'-', u'_'));
        }
    }
    void everyVariableOfEtcd2IsReadByTheAgent()
    {
        QSet<QString> known;
        for (const node::Setting &setting : node::settings()) {
            for (const QString &variable : setting.variables)
                known.insert(variable);
        }
        for (const Field &field : serviceSchema(QStringLiteral("etcd2")).fields)
            QVERIFY2(known.contains(field.variable), qPrintable(field.variable));
        for (const char *const old : {"ETCD_ADDR", "ETCD_PEER_ADDR"})
            QVERIFY(known.contains(QLatin1String(old)));
    }
    void aSectionBecomesADropInWithALineAKey()
    {
        QD_PROVES("E43", "E44");
        const auto plan = planFor(kDiscovery);
        QVERIFY2(plan.has_value(), qPrintable(plan ? QString() : plan.error().text()));
        Engine engine;
        QVERIFY(applyTo(engine, *plan).has_value());
        QCOMPARE(
            contentOf(QStringLiteral("/run/systemd/system/etcd2.service.d/20-cloudinit.conf")),
            QByteArray(
                "[Service]\n"
                "Environment=\"ETCD_ADVERTISE_CLIENT_URLS=http://192.0.2.11:2379\"\n"
                "Environment=\"ETCD_DISCOVERY=https://discovery.etcd.io/"
                "09363c5fcdfcbd42ed60b8931263fda1\"\n"
                "Environment=\"ETCD_INITIAL_ADVERTISE_PEER_URLS=http://10.0.0.11:2380\"\n"
                "Environment=\"ETCD_LISTEN_CLIENT_URLS=http://0.0.0.0:2379,http://0.0.0.0:4001\"\n"
                "Environment=\"ETCD_LISTEN_PEER_URLS=http://10.0.0.11:2380,"
                "http://10.0.0.11:7001\"\n"));
        QCOMPARE(engine.asked.last(), QStringLiteral("reload"));
    }
    void theOldSectionGoesToTheOldUnit()
    {
        QD_PROVES("E44");
        const auto plan = planFor("coreos:\n  etcd:\n    addr: $private_ipv4:2379\n"
                                  "    peer-addr: $private_ipv4:2380\n");
        QVERIFY(plan.has_value());
        const UnitChange *const unit = unitOf(*plan, "etcd.service");
        QVERIFY(unit != nullptr);
        QCOMPARE(
            unit->dropIns.first().content,
            QByteArray("[Service]\nEnvironment=\"ETCD_ADDR=10.0.0.11:2379\"\n"
                       "Environment=\"ETCD_PEER_ADDR=10.0.0.11:2380\"\n"));
        QProcessEnvironment environment;
        environment.insert(QStringLiteral("ETCD_ADDR"), QStringLiteral("10.0.0.11:2379"));
        environment.insert(QStringLiteral("ETCD_PEER_ADDR"), QStringLiteral("10.0.0.11:2380"));
        QStringList rest;
        const auto config = node::loadConfig({}, environment, &rest);
        QVERIFY2(config.has_value(), qPrintable(config ? QString() : config.error().text()));
        QCOMPARE(config->address, QStringLiteral("10.0.0.11"));
        QCOMPARE(
            config->etcd.advertiseClient.first().url(), QStringLiteral("http://10.0.0.11:2379"));
        QVERIFY(
            !node::loadConfig({QStringLiteral("-peers=10.0.0.12:7001")}, {}, &rest).has_value());
    }
    void threeSpellingsAreOneKey()
    {
        QD_PROVES("U55");
        QByteArray first;
        for (const char *const key :
             {"initial-advertise-peer-urls", "initial_advertise_peer_urls",
              "initial-advertise_peer-urls"}) {
            const auto plan =
                planFor("coreos:\n  etcd2:\n    " + QByteArray(key) + ": http://a:2380\n");
            const QByteArray text = unitOf(*plan, "etcd2.service")->dropIns.first().content;
            QVERIFY(text.contains("ETCD_INITIAL_ADVERTISE_PEER_URLS=http://a:2380"));
            QVERIFY(first.isEmpty() || text == first);
            first = text;
        }
    }
    void valuesAreReadByTheirFieldsType()
    {
        const auto plan =
            planFor("coreos:\n  etcd2:\n    proxy: on\n    debug: on\n  fleet:\n"
                    "    metadata: z-region=china, ip=$private_ipv4\n  locksmith:\n"
                    "    endpoint: 10.1.2.3:2379\nwrite_files:\n  - path: /a\n"
                    "    permissions: 0600\n  - path: /b\n    permissions: 744\n  - path: /c\n");
        QVERIFY2(plan.has_value(), qPrintable(plan ? QString() : plan.error().text()));
        QVERIFY(
            unitOf(*plan, "etcd2.service")->dropIns.first().content.contains("ETCD_PROXY=on\""));
        QVERIFY(
            unitOf(*plan, "etcd2.service")->dropIns.first().content.contains("ETCD_DEBUG=true\""));
        QVERIFY(unitOf(*plan, "fleet.service")
                    ->dropIns.first()
                    .content.contains("FLEET_METADATA=z-region=china,ip=10.0.0.11\""));
        QVERIFY(unitOf(*plan, "locksmithd.service")
                    ->dropIns.first()
                    .content.contains("LOCKSMITHD_ENDPOINT=http://10.1.2.3:2379\""));
        QCOMPARE(plan->files.at(0).mode, 0600);
        QCOMPARE(plan->files.at(1).mode, 0744);
        QCOMPARE(plan->files.at(2).mode, 0644);
    }
    void ourAgentIsToldOfEtcdAndFleet()
    {
        const auto plan = planFor("coreos:\n  etcd2:\n    name: a\n  fleet:\n    metadata: x=y\n");
        QCOMPARE(
            unitOf(*plan, "quarterdeckd.service")->dropIns.first().content,
            QByteArray("[Service]\nEnvironment=\"ETCD_NAME=a\"\n"
                       "Environment=\"FLEET_METADATA=x=y\"\n"));
    }
    void whatAUnitFileWouldMisreadIsEscaped()
    {
        const auto plan = planFor("coreos:\n  etcd2:\n    name: 'a\"b\\c%d'\n");
        QVERIFY(unitOf(*plan, "etcd2.service")
                    ->dropIns.first()
                    .content.contains("\"ETCD_NAME=a\\\"b\\\\c%%d\""));
    }
    void addressesComeIntoTheEnvironmentFile()
    {
        QD_PROVES("U10");
        const auto plan = planFor("hostname: x\n");
        QCOMPARE(plan->files.size(), 1);
        QCOMPARE(plan->files.first().path, QStringLiteral("/etc/environment"));
        QCOMPARE(
            plan->files.first().content,
            QByteArray("PATH=/bin\nX=1\nCOREOS_PUBLIC_IPV4=192.0.2.11\n"
                       "COREOS_PRIVATE_IPV4=10.0.0.11\n"));
        // A document that writes the file itself has the last word.
        const auto own = planFor("write_files:\n  - path: /etc/environment\n    content: x\n");
        QCOMPARE(own->files.size(), 1);
        QCOMPARE(own->files.first().content, QByteArray("x"));
    }
    void unitsAreWrittenThenReadThenCommanded()
    {
        QD_PROVES("U38");
        const auto plan = planFor(
            "coreos:\n  units:\n    - name: etcd2.service\n      command: start\n"
            "    - name: a.service\n      runtime: true\n      enable: true\n      content: |\n"
            "        [Service]\n        ExecStart=/bin/true\n      drop-ins:\n"
            "        - name: 50-x.conf\n          content: |\n            [Service]\n"
            "    - name: b.service\n      mask: yes\n    - command: start\n"
            "    - name: static.network\n      command: start\n      content: '[Match]'\n");
        QVERIFY(plan.has_value());
        Engine engine;
        QVERIFY(applyTo(engine, *plan).has_value());
        QCOMPARE(
            engine.asked,
            (QStringList{
                QStringLiteral("unmask a.service"), QStringLiteral("enable a.service -r"),
                QStringLiteral("mask b.service"), QStringLiteral("reload"),
                QStringLiteral("restart systemd-networkd.service"),
                QStringLiteral("start etcd2.service")}));
        QCOMPARE(
            contentOf(QStringLiteral("/run/systemd/system/a.service")),
            QByteArray("[Service]\nExecStart=/bin/true\n"));
        QCOMPARE(
            contentOf(QStringLiteral("/run/systemd/system/a.service.d/50-x.conf")),
            QByteArray("[Service]\n"));
        QCOMPARE(
            contentOf(QStringLiteral("/etc/systemd/network/static.network")),
            QByteArray("[Match]"));
        QVERIFY(plan->remarks.contains(QStringLiteral("units[3] has no name: it is skipped")));
    }
    void filesAreReplacedAsAWhole()
    {
        const QString path = m_dir.filePath(QStringLiteral("deep/er/file"));
        const auto plan = planFor("write_files:\n  - path: /deep/er/file\n    content: new\n");
        QVERIFY(QDir().mkpath(m_dir.filePath(QStringLiteral("deep/er"))));
        QVERIFY(QFile::link(QStringLiteral("/etc/hostname"), path));
        Engine engine;
        for (int turn = 0; turn < 2; ++turn) {
            QVERIFY(applyTo(engine, *plan).has_value());
            QVERIFY(!QFileInfo(path).isSymLink());
            QCOMPARE(contentOf(QStringLiteral("/deep/er/file")), QByteArray("new"));
            QCOMPARE(
                int(QFileInfo(path).permissions() & 0x0fff),
                int(QFile::ReadUser | QFile::WriteUser | QFile::ReadOwner | QFile::WriteOwner |
                    QFile::ReadGroup | QFile::ReadOther) &
                    0x0fff);
        }
        QCOMPARE(QDir(m_dir.filePath(QStringLiteral("deep/er"))).entryList(QDir::Files).size(), 1);
        QVERIFY(engine.asked.isEmpty()); // no unit was written: nothing to read again
    }
    void whatHasTheWrongTypeIsPassedOver()
    {
        const auto plan = planFor("coreos:\n  etcd2:\n    name: a\n    max-wals: many\n"
                                  "    debug: maybe\n  units: {a: {name: x.service}}\n"
                                  "write_files:\n  -\n  - path: /a\n");
        QVERIFY2(plan.has_value(), qPrintable(plan ? QString() : plan.error().text()));
        QCOMPARE(
            unitOf(*plan, "etcd2.service")->dropIns.first().content,
            QByteArray("[Service]\nEnvironment=\"ETCD_NAME=a\"\n"));
        QVERIFY(unitOf(*plan, "x.service") == nullptr);
        QCOMPARE(plan->files.first().path, QStringLiteral("/a"));
        QCOMPARE(plan->remarks.size(), 4);
    }
    void nothingIsWrittenOutsideOfTheRoot()
    {
        const auto plan = planFor("write_files:\n  - path: /../../../escaped\n    content: x\n");
        Engine engine;
        QVERIFY(applyTo(engine, *plan).has_value());
        QCOMPARE(contentOf(QStringLiteral("/escaped")), QByteArray("x"));
    }
    void aCommandThatCannotBeGivenEndsIt()
    {
        const auto plan = planFor("coreos:\n  units:\n    - name: a.service\n      command: start\n"
                                  "    - name: b.service\n      command: start\n");
        Engine engine;
        engine.failing = QStringLiteral("start a.service");
        QVERIFY(!applyTo(engine, *plan).has_value());
        QVERIFY(engine.asked.isEmpty());
    }
    void theFirstStepThatFailsEndsIt()
    {
        const auto plan =
            planFor("write_files:\n  - path: /one\n    content: 1\n    owner: nobody-such\n"
                    "  - path: /two\n    content: 2\n");
        QVERIFY(plan.has_value());
        Engine engine;
        const auto done = applyTo(engine, *plan);
        QVERIFY(!done.has_value());
        QVERIFY(done.error().text().contains(QLatin1String("there is no user \"nobody-such\"")));
        QCOMPARE(contentOf(QStringLiteral("/two")), QByteArray("(none)"));

        Engine second;
        second.failing = QStringLiteral("mask b.service");
        const auto masks = planFor("coreos:\n  units:\n    - name: b.service\n      mask: true\n"
                                   "    - name: c.service\n      command: start\n");
        QVERIFY(!applyTo(second, *masks).has_value());
        QVERIFY(second.asked.isEmpty());
    }
    void whatMakesNoSenseIsRefusedBeforeAnythingIsDone()
    {
        for (const char *const text :
             {"write_files:\n  - path: relative\n", "manage_etc_hosts: everywhere\n",
              "write_files:\n  - path: /usr/x\n", "coreos:\n  units:\n    - name: ../x.service\n",
              "write_files:\n  - path: /a\n    encoding: custom\n    content: x\n"}) {
            const auto plan = planFor(text);
            QVERIFY2(!plan.has_value(), text);
            QCOMPARE(plan.error().code, code::badInput);
        }
    }
    void whatIsNotAppliedIsSaid()
    {
        const auto plan = planFor("hostname: core-01\ncoreos:\n  update:\n    group: alpha\n"
                                  "  nonsense: 1\n");
        QVERIFY(plan.has_value());
        QCOMPARE(
            plan->remarks,
            (QStringList{
                QStringLiteral("line 1: \"hostname\" is checked, but not applied by this version"),
                QStringLiteral("line 3: \"update\" is checked, but not applied by this version"),
                QStringLiteral("line 5: warning: unrecognized key \"nonsense\"")}));
    }
};

QD_TEST_MAIN(TestCloudconfigApply)
#include "tst_cloudconfig_apply.moc"
