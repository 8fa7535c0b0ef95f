// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/security/authority.h"
#include "shared/security/join_token.h"
#include "shared/security/pki_folder.h"
#include "shared/security/verify.h"
#include "tests/support/proof.h"

#include <QDir>
#include <QFileInfo>
#include <QTemporaryDir>

using namespace qd;
using namespace qd::security;

namespace {

Subject node(const QString &id)
{
    return {
        {Identity::Kind::Node, id, Role::None, QStringLiteral("node-1")},
        {QStringLiteral("127.0.0.11"), QStringLiteral("::1"), QStringLiteral("node-1")}};
}

Subject person(Role role)
{
    return {{Identity::Kind::Person, {}, role, QStringLiteral("anna")}, {}};
}

QSslCertificate issued(
    const Authority &by, const Subject &subject,
    const Validity &validity = Validity::days(kCertificateDays))
{
    return QSslCertificate(*by.issueForKey(*makeKey(), subject, validity));
}

QString reasonOf(const Result<Identity> &result)
{
    return result ? QStringLiteral("accepted")
                  : result.error().detail.value(QStringLiteral("reason"));
}

} // namespace

class TestSecurity : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aNodeCertificateNamesItsNodeAndHosts()
    {
        const auto ca = *Authority::create(QStringLiteral("deck"));
        const QSslCertificate certificate = issued(ca, node(QStringLiteral("0a")));
        const auto who = verifyNode(certificate, QSslCertificate(ca.certificatePem()));
        QVERIFY(who.has_value());
        QCOMPARE(who->nodeId, QStringLiteral("0a"));
        QCOMPARE(who->name, QStringLiteral("node-1"));
        const auto names = certificate.subjectAlternativeNames();
        QCOMPARE(names.values(QSsl::DnsEntry), QStringList{QStringLiteral("node-1")});
        QVERIFY(names.values(QSsl::IpAddressEntry).contains(QStringLiteral("127.0.0.11")));
    }

    void aRequestGetsOnlyWhatTheAuthorityDecides()
    {
        const auto ca = *Authority::create(QStringLiteral("deck"));
        const QByteArray key = *makeKey();
        const QByteArray request = *makeRequest(key, QStringLiteral("i want to be admin"));
        const auto pem = ca.issueForRequest(request, person(Role::Viewer));
        QVERIFY(pem.has_value());
        QVERIFY(Credentials::fromPem(*pem, key, ca.certificatePem()).has_value());
        const auto who = verifyPeer(QSslCertificate(*pem), QSslCertificate(ca.certificatePem()));
        QCOMPARE(who->role, Role::Viewer);
        QCOMPARE(who->name, QStringLiteral("anna"));
        // A request that was changed after signing is not the key holder's.
        QVERIFY(!ca.issueForRequest("nonsense", person(Role::Viewer)));
        QVERIFY(!ca.issueForRequest(request, person(Role::None)));
    }

    void everyRefusalHasItsReason()
    {
        const auto ca = *Authority::create(QStringLiteral("deck"));
        const auto other = *Authority::create(QStringLiteral("deck"));
        const QSslCertificate root(ca.certificatePem());
        const QDateTime now = QDateTime::currentDateTimeUtc();
        const Validity past{now.addDays(-20), now.addDays(-1)};
        const Validity future{now.addDays(1), now.addDays(20)};
        const auto good = issued(ca, person(Role::Operator));

        QCOMPARE(reasonOf(verifyPeer(good, root)), QStringLiteral("accepted"));
        QCOMPARE(reasonOf(verifyPeer(QSslCertificate(), root)), reason::noCertificate);
        // The other authority has the same name: the signature tells them apart.
        QCOMPARE(
            reasonOf(verifyPeer(issued(other, person(Role::Admin)), root)), reason::otherAuthority);
        QCOMPARE(
            reasonOf(verifyPeer(issued(ca, person(Role::Admin), past), root)), reason::expired);
        QCOMPARE(
            reasonOf(verifyPeer(issued(ca, person(Role::Admin), future), root)),
            reason::notYetValid);
        QCOMPARE(reasonOf(verifyPeer(root, root)), reason::wrongKind);
        QCOMPARE(reasonOf(verifyNode(good, root)), reason::wrongKind);
        QCOMPARE(
            reasonOf(verifyRole(issued(ca, node(QStringLiteral("0a"))), root, Role::Viewer)),
            reason::wrongKind);
        QCOMPARE(reasonOf(verifyRole(good, root, Role::Admin)), reason::wrongRole);
        QCOMPARE(reasonOf(verifyRole(good, root, Role::Viewer)), QStringLiteral("accepted"));
        const auto sentence = verifyRole(good, root, Role::Admin).error().message;
        QCOMPARE(
            sentence,
            QStringLiteral("The certificate of \"anna\" has the role operator; admin is needed."));
    }

    void aTokenTellsTheClusterBeforeTheSecret()
    {
        const auto ca = *Authority::create(QStringLiteral("deck"));
        const QSslCertificate root(ca.certificatePem());
        const JoinToken token = JoinToken::make(keyFingerprint(root));
        QCOMPARE(token.secret.size(), 16);
        QCOMPARE(token.text().size(), 4 + 32 + 1 + 64);
        QCOMPARE(*JoinToken::parse(token.text()), token);
        QVERIFY(!(JoinToken::make(keyFingerprint(root)) == token));

        const auto server = issued(ca, node(QStringLiteral("0a")));
        QVERIFY(verifyByFingerprint({server, root}, token.fingerprint).has_value());
        // Another cluster's server, and one that shows our authority without being signed by it.
        const auto other = *Authority::create(QStringLiteral("deck"));
        const auto imposter = issued(other, node(QStringLiteral("0a")));
        const QSslCertificate otherRoot(other.certificatePem());
        const auto foreign = verifyByFingerprint({imposter, otherRoot}, token.fingerprint);
        QVERIFY(!foreign);
        QCOMPARE(foreign.error().detail.value(QStringLiteral("reason")), reason::wrongFingerprint);
        QVERIFY(!verifyByFingerprint({imposter, root}, token.fingerprint));
        QVERIFY(!verifyByFingerprint({}, token.fingerprint));
    }

    void aTokenThatIsNoneSaysWhy_data()
    {
        QTest::addColumn<QString>("text");
        QTest::newRow("empty") << QString();
        QTest::newRow("another version") << QStringLiteral("qd2.00.00");
        QTest::newRow("short secret") << QStringLiteral("qd1.00.%1").arg(QString(64, u'0'));
        QTest::newRow("no hex")
            << QStringLiteral("qd1.%1.%2").arg(QString(32, u'g'), QString(64, u'0'));
        QTest::newRow("four parts")
            << QStringLiteral("qd1.%1.%2.").arg(QString(32, u'0'), QString(64, u'0'));
    }
    void aTokenThatIsNoneSaysWhy()
    {
        QFETCH(QString, text);
        const auto token = JoinToken::parse(text);
        QVERIFY(!token);
        QCOMPARE(token.error().code, code::badInput);
    }

    void theFolderIsPrivate()
    {
        const QTemporaryDir dir;
        const PkiFolder folder(dir.filePath(QStringLiteral("state/pki")));
        QVERIFY(!folder.hasNode());
        QCOMPARE(folder.node().error().code, code::notFound);
        QVERIFY(folder.create(QStringLiteral("deck"), node(QStringLiteral("0a"))).has_value());
        QVERIFY(folder.hasNode());
        QVERIFY(folder.authority().has_value());
        const auto mine = QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ReadUser |
                          QFileDevice::WriteUser;
        for (const char *name : {"ca.crt", "ca.key", "node.crt", "node.key"})
            QCOMPARE(QFileInfo(folder.path() + u'/' + name).permissions(), mine);
        QCOMPARE(
            QFileInfo(folder.path()).permissions(),
            mine | QFileDevice::ExeOwner | QFileDevice::ExeUser);
    }

    void aCertificateIsRenewedInTime()
    {
        const QTemporaryDir dir;
        const PkiFolder folder(dir.path());
        const Subject who = node(QStringLiteral("0a"));
        const auto before = folder.create(QStringLiteral("deck"), who);
        const QDateTime now = QDateTime::currentDateTimeUtc();
        QCOMPARE(folder.renewIfDue(who, now.addDays(200)).value(), false);
        const QDateTime late = now.addDays(250);
        QCOMPARE(folder.renewIfDue(who, late).value(), true);
        const auto after = folder.node();
        QVERIFY(after->certificate.expiryDate() > before->certificate.expiryDate());
        QVERIFY(verifyNode(after->certificate, after->authority, late).has_value());
        QCOMPARE(after->key, before->key);
    }
};

QD_TEST_MAIN(TestSecurity)
#include "tst_security.moc"
