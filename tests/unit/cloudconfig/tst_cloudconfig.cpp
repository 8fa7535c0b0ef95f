// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/cloudconfig/content.h"
#include "agent/cloudconfig/options.h"
#include "agent/cloudconfig/user_data.h"
#include "agent/cloudconfig/validate.h"
#include "tests/support/proof.h"

using namespace qd;
using namespace qd::cloudconfig;

namespace {

QStringList findingsOf(const QByteArray &text)
{
    QStringList out;
    const QList<Finding> findings = validate(text);
    for (const Finding &finding : findings)
        out.append(finding.text());
    return out;
}

/// gzip's form of "CoreOS\n", made by gzip -n.
const QByteArray kPacked = QByteArray::fromBase64("H4sIAAAAAAAAA3POL0r1D+YCAP+UQpQHAAAA");

} // namespace

class TestCloudconfig : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void scalarsKeepTheirSourceText()
    {
        const auto root = readYaml("strategy: off\nmode: 0644\nquoted: \"off\"\nnone:\n");
        QVERIFY(root.has_value());
        QCOMPARE(root->find(QStringLiteral("strategy"))->text, QByteArray("off"));
        QCOMPARE(root->find(QStringLiteral("strategy"))->guess, YamlNode::Guess::Boolean);
        QCOMPARE(root->find(QStringLiteral("mode"))->text, QByteArray("0644"));
        QCOMPARE(root->find(QStringLiteral("mode"))->guess, YamlNode::Guess::Integer);
        QCOMPARE(root->find(QStringLiteral("quoted"))->guess, YamlNode::Guess::Text);
        QCOMPARE(root->find(QStringLiteral("none"))->kind, YamlNode::Kind::Nothing);
    }
    void dashesAndUnderscoresAreTheSameInKeys()
    {
        const auto root = readYaml("initial-advertise_peer-urls: a-b\n");
        QVERIFY(root->find(QStringLiteral("initial_advertise_peer_urls")) != nullptr);
        QCOMPARE(root->items.front().text, QByteArray("a-b"));
    }
    void ofAKeyThatStandsThereTwiceTheLastOneCounts()
    {
        QCOMPARE(readYaml("a: 1\na: 2\n")->find(QStringLiteral("a"))->text, QByteArray("2"));
    }
    void aMergedMapGivesWayToItsOwnKeys()
    {
        const auto root = readYaml("- &a {path: /x, mode: 1}\n- &b {mode: 2, owner: o}\n"
                                   "- <<: *a\n  path: /y\n- <<: [*b, *a]\n");
        QVERIFY(root.has_value());
        QCOMPARE(root->items[2].find(QStringLiteral("path"))->text, QByteArray("/y"));
        QCOMPARE(root->items[2].find(QStringLiteral("mode"))->text, QByteArray("1"));
        QCOMPARE(root->items[3].find(QStringLiteral("mode"))->text, QByteArray("2"));
        QCOMPARE(root->items[3].find(QStringLiteral("path"))->text, QByteArray("/x"));
    }
    void aCharacterThatIsNoneIsNamedByItsLine()
    {
        QCOMPARE(readYaml("a: b\nc: \x01\n").error().line, 2);
    }
    void aliasesOfAliasesEndAtALimit()
    {
        QByteArray bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
        for (int i = 1; i < 9; ++i) {
            const QByteArray before = "*a" + QByteArray::number(i - 1);
            bomb += "a" + QByteArray::number(i) + ": &a" + QByteArray::number(i) + " [" +
                    QByteArrayList(10, before).join(", ") + "]\n";
        }
        const auto root = readYaml(bomb);
        QVERIFY(!root.has_value());
        QCOMPARE(root.error().problem, QStringLiteral("the document is too large or too deep"));
    }
    void theFirstLineSaysWhatItIs()
    {
        QCOMPARE(kindOf("#cloud-config\nhostname: x\n"), UserDataKind::CloudConfig);
        QCOMPARE(kindOf("#cloud-config \t\r\n"), UserDataKind::CloudConfig);
        QCOMPARE(kindOf("#cloud-configs\n"), UserDataKind::Unknown);
        QCOMPARE(kindOf("#!/bin/bash\necho\n"), UserDataKind::Script);
        QCOMPARE(kindOf(" \n"), UserDataKind::Empty);
        QCOMPARE(kindOf("{\"ignition\": {\"version\": \"2.0.0\"}}"), UserDataKind::Ignition);
        QCOMPARE(kindOf("{\"ignitionVersion\": 1}"), UserDataKind::Ignition);
        QD_PROVES("U11");
        QCOMPARE(
            findingsOf("hostname: x\n"),
            QStringList{
                QStringLiteral("line 1: error: must be \"#cloud-config\" or begin with \"#!\"")});
    }
    void addressesArePutInAsText()
    {
        QD_PROVES("U9");
        const NodeAddresses known{"10.0.0.11", "192.0.2.11", "fd00::11", {}};
        QCOMPARE(
            substituted(
                "http://$private_ipv4:1,$public_ipv4 \\$public_ipv4 $private_ipv6 [$public_ipv6] "
                "$x",
                known),
            QByteArray("http://10.0.0.11:1,192.0.2.11 $public_ipv4 fd00::11 [] $x"));
    }
    void gzipIsUnpacked()
    {
        QCOMPARE(unpacked("plain").value(), QByteArray("plain"));
        QCOMPARE(unpacked(kPacked).value(), QByteArray("CoreOS\n"));
        QVERIFY(!unpacked(kPacked.chopped(9)).has_value());
    }
    void contentsAreDecoded()
    {
        QD_PROVES("U51");
        QCOMPARE(decoded("text", {}).value(), QByteArray("text"));
        QCOMPARE(
            decoded("Q29yZU9T5LqR56uv5pON5L2c57O757uf\n", "base64").value(),
            QByteArray("CoreOS云端操作系统"));
        QCOMPARE(decoded(kPacked, "gzip").value(), QByteArray("CoreOS\n"));
        QCOMPARE(decoded(kPacked.toBase64(), "gz+b64").value(), QByteArray("CoreOS\n"));
        QCOMPARE(
            decoded("x", "custom").error().message,
            QStringLiteral("content cannot be decoded as \"custom\""));
        QVERIFY(!decoded("not base64!", "b64").has_value());
        QCOMPARE(decoded("Q29y ZU9T\n", "b64").value(), QByteArray("CoreOS"));
    }
    void aGoodDocumentHasNoFindings()
    {
        QCOMPARE(
            findingsOf("#cloud-config\n\ncoreos:\n  etcd2:\n    name: core-01\n    proxy: on\n"
                       "  fleet:\n    public-ip: $public_ipv4\n  update:\n"
                       "    reboot-strategy: off\n  units:\n  - name: a.service\n"
                       "    enable: yes\nwrite_files:\n  - path: /etc/x\n"
                       "    permissions: 0644\nmanage_etc_hosts: localhost\n"),
            QStringList());
        QCOMPARE(findingsOf("#cloud-config\n"), QStringList());
    }
    void aBrokenDocumentIsNamedByLine()
    {
        QD_PROVES("U58");
        QCOMPARE(
            findingsOf("#cloud-config\n\ncoreos:\n  units:\n    - name: a.service\n"
                       "      command: start\n      content: x: y\n"),
            (QStringList{
                QStringLiteral("line 7: error: mapping values are not allowed in this context"),
                QStringLiteral("line 0: warning: incorrect type for \"\" (want struct)")}));
    }
    void everyRuleHasItsFinding_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("finding");
        const auto row = [](const char *text, const char *finding) {
            QTest::newRow(text) << QByteArray(text) << QString::fromUtf8(finding);
        };
        row("coreos:\n  etc2:\n    name: x\n", "line 3: warning: unrecognized key \"etc2\"");
        row("ssh_authorized_keys:\n  - ssh-rsa: AAAA\n",
            "line 3: warning: incorrect type for \"ssh_authorized_keys[0]\" (want string)");
        row("coreos:\n  fleet:\n    verbosity: loud\n",
            "line 4: warning: incorrect type for \"verbosity\" (want int)");
        row("coreos:\n  units:\n    - enable: 1\n",
            "line 4: warning: incorrect type for \"enable\" (want bool)");
        row("coreos:\n  units: x\n",
            "line 3: warning: incorrect type for \"units\" (want []struct)");
        row("coreos:\n  update:\n    reboot-strategy: false\n",
            "line 4: error: invalid value false");
        row("coreos:\n  units:\n    - name: a.service\n      command: go\n",
            "line 5: error: invalid value go");
        row("coreos:\n  etcd2:\n    proxy: maybe\n", "line 4: error: invalid value maybe");
        row("coreos:\n  etcd2:\n    discovery: 'discovery.etcd.io/x'\n",
            "line 4: warning: discovery URL is not valid");
        row("write_files:\n  - path: /tmp/../usr/x\n",
            "line 3: error: file cannot be written to a read-only filesystem");
        row("write_files:\n  - path: /../usr/./y\n",
            "line 3: error: file cannot be written to a read-only filesystem");
        row("coreos:\n  etcd:\n    advertise-client-urls: http://a:1\n",
            "line 3: info: \"etcd\" has options of etcd2: it is taken for \"etcd2\"");
        row("coreos:\n  etcd2:\n    max-wals: 99999999999999999999\n",
            "line 4: warning: incorrect type for \"max_wals\" (want int)");
        row("write_files:\n  -\n",
            "line 3: warning: incorrect type for \"write_files[0]\" (want struct)");
        row("hostname:\tx\n  y: z\n",
            "line 3: error: mapping values are not allowed in this context");
    }
    void everyRuleHasItsFinding()
    {
        QD_PROVES("U59");
        QFETCH(QByteArray, text);
        QFETCH(QString, finding);
        QCOMPARE(findingsOf("#cloud-config\n" + text).value(0), finding);
    }
    void aBadEncodingAndAMisplacedSection()
    {
        QVERIFY(findingsOf("#cloud-config\nwrite_files:\n  - path: /a\n    encoding: custom\n"
                           "    content: x\n")
                    .contains(
                        QStringLiteral("line 5: error: content cannot be decoded as \"custom\"")));
        QVERIFY(
            findingsOf("#cloud-config\ncoreos:\n  write_files:\n    - path: /a\n")
                .contains(QStringLiteral("line 3: info: write_files doesn't belong under coreos")));
    }
    void flagsTakeOneDashOrTwo()
    {
        const auto options =
            parseCloudinitOptions({QStringLiteral("-validate"), QStringLiteral("--from-file=/x")});
        QVERIFY(options && options->validateOnly);
        QCOMPARE(options->source.file, QStringLiteral("/x"));
        QVERIFY(parseCloudinitOptions({QStringLiteral("--from-file")})
                    .error()
                    .message.contains(QLatin1String("flag needs an argument")));
        QVERIFY(parseCloudinitOptions({}).error().message.startsWith(
            QLatin1String("Provide at least one of")));
    }
};

QD_TEST_MAIN(TestCloudconfig)
#include "tst_cloudconfig.moc"
