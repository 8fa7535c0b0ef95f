// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/auth/gate.h"
#include "agent/etcd/auth/model.h"
#include "agent/etcd/auth/passwords.h"
#include "tests/support/proof.h"

#include <QSignalSpy>

using namespace qd;
using namespace qd::etcd::auth;

/// The rules of users, roles and passwords. What goes over the wire is compared with etcd itself in
/// tests/conformance/auth_api.py.
class TestEtcdAuth : public QObject {
    Q_OBJECT

    static Role reader(const QStringList &patterns)
    {
        return {QStringLiteral("r"), {patterns, QStringList()}};
    }

private Q_SLOTS:
    void aPatternIsAKeyOrAPrefix()
    {
        const Role role = reader({QStringLiteral("/a/*"), QStringLiteral("/exact")});
        QVERIFY(opens(role, QStringLiteral("/a/b"), false, Access::Read));
        QVERIFY(opens(role, QStringLiteral("/exact"), false, Access::Read));
        QVERIFY(!opens(role, QStringLiteral("/exactly"), false, Access::Read));
        QVERIFY(!opens(role, QStringLiteral("/a"), false, Access::Read));
        QVERIFY(!opens(role, QStringLiteral("/a/b"), false, Access::Write));
    }

    void aSubtreeIsOpenedByAPrefixOfWhatWasAsked()
    {
        const Role role = reader({QStringLiteral("/a/*"), QStringLiteral("/exact")});
        QVERIFY(opens(role, QStringLiteral("/a/"), true, Access::Read));
        QVERIFY(!opens(role, QStringLiteral("/a"), true, Access::Read));
        QVERIFY(!opens(role, QStringLiteral("/exact"), true, Access::Read));
        QVERIFY(opens(rootRole(), QStringLiteral("/"), true, Access::Write));
    }

    void grantingTwiceAndRevokingNothingAreConflicts()
    {
        const User user{QStringLiteral("u"), "h", QStringList{QStringLiteral("a")}};
        UserChange change;
        change.grant = {QStringLiteral("a")};
        QCOMPARE(statusOf(changed(user, change).error()), 409);
        change.grant = {QStringLiteral("c"), QStringLiteral("b")};
        QCOMPARE(
            *changed(user, change)->roles,
            QStringList({QStringLiteral("a"), QStringLiteral("b"), QStringLiteral("c")}));
        change.grant.clear();
        change.revoke = {QStringLiteral("z")};
        QCOMPARE(statusOf(changed(user, change).error()), 409);
        change.revoke.clear();
        QCOMPARE(statusOf(changed(user, change).error()), 400); // nothing to do
    }

    void whatIsStoredReadsBack()
    {
        const User user{QStringLiteral("ü\"x"), "$2b$10$h", {}};
        QCOMPARE(*readUser(userJson(user, true)), user);
        QVERIFY(!userJson(user).contains("2b"));
        const Role role{QStringLiteral("r"), {QStringList{QStringLiteral("/a/*")}, std::nullopt}};
        QCOMPARE(*readRole(roleJson(role)), role);
        for (const char *bad : {"", "x", "[]", "{\"user\":1}", "{\"roles\":{}}", "{\"roles\":[1]}"})
            QVERIFY2(!readUserChange(bad), bad);
        for (const char *bad : {"{\"role\":[]}", "{\"grant\":{\"kv\":{\"read\":1}}}"})
            QVERIFY2(!readRoleChange(bad), bad);
    }

    void aPasswordIsKnownByItsHash()
    {
        Passwords passwords;
        QByteArray hash;
        passwords.hash("secret", [&hash](const QByteArray &made) { hash = made; });
        QVERIFY(hash.isEmpty()); // not on this thread
        QTRY_VERIFY(hash.startsWith("$2b$10$"));
        QList<bool> answers;
        const auto note = [&answers](bool right) { answers.append(right); };
        passwords.check(hash, "secret", note);
        passwords.check(hash, "wrong", note);
        passwords.check("no hash", "secret", note);
        passwords.check({}, {}, note);
        QTRY_COMPARE(answers, QList<bool>({true, false, false, false}));
        passwords.check(hash, "secret", note); // known by now
        QCOMPARE(answers.size(), 5);
        QVERIFY(answers.last());
        passwords.check(hash, "wrong", note);
        QCOMPARE(answers.size(), 5);
        QTRY_COMPARE(answers.size(), 6);
        QVERIFY(!answers.last());
    }

    void whoGuessesFasterThanHashesAreMadeIsRefused()
    {
        Passwords passwords;
        int refused = 0;
        for (int i = 0; i < 300; ++i)
            passwords.check("none", QByteArray::number(i), [&refused](bool right) {
                refused += right ? 0 : 1;
            });
        QVERIFY(refused >= 300 - 256);
        QTRY_COMPARE(refused, 300);
    }

    void aClaimIsANameAndAPassword()
    {
        const auto claim = [](const QByteArray &field) {
            http::Request request;
            if (!field.isNull())
                request.fields.push_back({"authorization", field});
            return Claim::of(request);
        };
        QVERIFY(!claim({}).made);
        const Claim good = claim("Basic " + QByteArray("me:a:b").toBase64());
        QVERIFY(good.made && good.valid);
        QCOMPARE(good.name, QStringLiteral("me"));
        QCOMPARE(good.password, QByteArray("a:b"));
        for (const char *bad : {"Basic", "Basic !!", "Bearer bWU6YQ==", "Basic bWU=", "x"})
            QVERIFY2(claim(bad).made && !claim(bad).valid, bad);
    }
};

QD_TEST_MAIN(TestEtcdAuth)
#include "tst_etcd_auth.moc"
