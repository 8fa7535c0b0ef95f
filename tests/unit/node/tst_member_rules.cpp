// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/cluster_info.h"
#include "agent/node/founding.h"
#include "agent/node/member_rules.h"
#include "agent/node/recovery.h"
#include "agent/raft/membership.h"
#include "tests/support/proof.h"

#include <QTest>

using namespace qd;
using namespace qd::node;

namespace {

MemberInfo machine(raft::NodeId id, const QString &address)
{
    MemberInfo out;
    out.id = id;
    out.machineId = QStringLiteral("m%1").arg(id);
    out.name = QStringLiteral("name-%1").arg(id);
    out.address = address;
    out.etcdAddress = address;
    return out;
}

QList<Endpoint> places(const QStringList &urls)
{
    return *endpointsFromUrls(urls);
}

} // namespace

/// Who may be added, may come, and is found where: the members in, an entry out.
class TestMemberRules : public QObject {
    Q_OBJECT

    const QList<MemberInfo> m_two{
        machine(1, QStringLiteral("10.0.0.1")), machine(2, QStringLiteral("10.0.0.2"))};

private Q_SLOTS:
    void aPlaceBelongsToOneMember()
    {
        const auto taken = places({QStringLiteral("http://10.0.0.1:2380")}); // whatever is spoken
        QCOMPARE(reserved(m_two, 3, taken).error().code, etcd::kPeerUrlExists);
        QCOMPARE(movedTo(m_two, 2, taken).error().code, etcd::kPeerUrlExists);
        QVERIFY(movedTo(m_two, 1, taken).has_value()); // its own
        const auto free = places({QStringLiteral("http://10.0.0.3:2380")});
        const auto added = reserved(m_two, 3, free);
        QVERIFY(added && added->isReserved());
        QCOMPARE(reserved(QList(m_two) << *added, 4, free).error().code, etcd::kPeerUrlExists);
        QVERIFY(reserved(QList(m_two) << *added, 3, free).has_value()); // asked for again
        QCOMPARE(movedTo(m_two, 9, free).error().code, code::notFound);
    }

    void aMachineTakesTheIdThatWasKeptForItsPlace()
    {
        const QList<MemberInfo> members =
            QList(m_two) << *reserved(m_two, 7, places({QStringLiteral("http://10.0.0.3:2380")}));
        QCOMPARE(admitted(members, machine(99, QStringLiteral("10.0.0.3")))->id, raft::NodeId(7));
        QCOMPARE(admitted(members, machine(99, QStringLiteral("10.0.0.4")))->id, raft::NodeId(99));
        MemberInfo named = machine(99, QStringLiteral("10.0.0.4"));
        named.peerUrls = places({QStringLiteral("http://10.0.0.3:2380")});
        QCOMPARE(admitted(members, named)->id, raft::NodeId(7));
    }

    void aMachineThatHasStartedDoesNotComeAgain()
    {
        QCOMPARE(admitted(m_two, m_two[0]).error().code, code::badInput);
        MemberInfo namesake = machine(9, QStringLiteral("10.0.0.9"));
        namesake.name = m_two[0].name;
        QCOMPARE(admitted(m_two, namesake).error().code, code::badInput);
        QList<MemberInfo> members = m_two;
        members[1].learner = true;
        MemberInfo again = members[1];
        again.id = 77;
        QCOMPARE(admitted(members, again)->id, raft::NodeId(2)); // its first answer was lost
    }

    void notTooManyWaitToJoin()
    {
        QList<MemberInfo> members = m_two;
        const auto place = [](int n) { return places({QStringLiteral("http://b:%1").arg(n)}); };
        for (int i = 0; i < kMostReserved; ++i)
            members << *reserved(members, raft::NodeId(100 + i), place(1 + i));
        QCOMPARE(reserved(members, 200, place(200)).error().code, code::limit);
    }

    void whatWasSaidOfAPlaceHoldsUntilTheMemberMoves()
    {
        const auto entry = movedTo(m_two, 1, places({QStringLiteral("http://elsewhere:1")}));
        QVERIFY(entry.has_value());
        QCOMPARE(announced(*entry, m_two[0]), *entry);
        MemberInfo bySelf = m_two[0];
        bySelf.peerUrls = places({QStringLiteral("http://at-its-start:1")});
        QCOMPARE(announced(*entry, bySelf), *entry);
        const MemberInfo there = machine(1, QStringLiteral("10.0.0.8"));
        QCOMPARE(announced(*entry, there), there);
    }

    void theLastOneVotesAloneAndNobodyReturns()
    {
        raft::Membership before;
        before.voters = {1, 2, 3};
        before.outgoing = {1, 2, 4};
        before.learners = {7};
        before.removed = {9};
        before.contexts = {{1, "one"}, {2, "two"}, {3, "three"}, {7, "seven"}};
        const raft::Membership after = onlyOf(before, machine(2, QStringLiteral("10.0.0.2")));
        QCOMPARE(after.voters, std::vector<raft::NodeId>{2});
        QVERIFY(after.outgoing.empty() && after.learners.empty());
        QCOMPARE(after.removed, (std::vector<raft::NodeId>{1, 3, 4, 7, 9}));
        QCOMPARE(after.contexts.size(), size_t(1));
        QCOMPARE(after.contexts.front().bytes, QByteArray("two"));
        QCOMPARE(onlyOf(after, machine(2, QStringLiteral("10.0.0.2"))), after);
        // A copy with a new id is in no list: it brings its own entry.
        const MemberInfo copy = machine(50, QStringLiteral("10.0.0.5"));
        QCOMPARE(onlyOf(before, copy).contexts.front().bytes, contextOf(copy));
    }

    void whoIsAskedForBeforehandMustHaveBeenAdded()
    {
        MemberInfo who = machine(99, QStringLiteral("10.0.0.3"));
        const auto refused = admittedWhenAdded(m_two, who);
        QVERIFY(!refused);
        QVERIFY(refused.error().text().contains(QStringLiteral("unmatched member")));
        const QList<MemberInfo> members =
            QList(m_two) << *reserved(m_two, 7, places({QStringLiteral("http://10.0.0.3:2380")}));
        QCOMPARE(admittedWhenAdded(members, who)->id, raft::NodeId(7));
    }

    void foundersHaveEtcdsIds()
    {
        Config config;
        config.name = QStringLiteral("core-01");
        // What Debian's etcd 3.4.23 says of the same flags.
        config.etcd.initialCluster = *namedPlaces(
            QStringLiteral("core-01=http://127.0.0.1:12380,core-02=http://127.0.0.2:12380"));
        config.etcd.token = QStringLiteral("label");
        const auto identity = foundedTogether(config, machine(0, QStringLiteral("127.0.0.1")));
        QVERIFY(identity.has_value());
        QCOMPARE(idText(identity->cluster), QStringLiteral("cf94748c390191c6"));
        QCOMPARE(idText(identity->self.id), QStringLiteral("b43e4b0183cfc7ac"));
        QCOMPARE(identity->founders.size(), 2);
        QCOMPARE(identity->peers.size(), 1);
    }

    void aFounderMustFindItself()
    {
        Config config;
        config.name = QStringLiteral("core-09");
        config.etcd.initialCluster = *namedPlaces(QStringLiteral("core-01=http://10.0.0.1:2380"));
        const MemberInfo self = machine(0, QStringLiteral("10.0.0.1"));
        QVERIFY(foundedTogether(config, self)
                    .error()
                    .text()
                    .contains(QStringLiteral("couldn't find local name \"core-09\"")));
        config.name = QStringLiteral("core-01");
        config.etcd.advertisePeer = places({QStringLiteral("http://10.0.0.2:2380")});
        QVERIFY(foundedTogether(config, self)
                    .error()
                    .text()
                    .contains(QStringLiteral("advertise URLs of \"core-01\" do not match")));
    }

    void entriesSurviveTheLog()
    {
        const auto waiting = reserved({}, 7, places({QStringLiteral("http://a:1")}));
        const auto moved = movedTo(m_two, 1, places({QStringLiteral("https://[::1]:2")}));
        raft::Membership membership;
        membership.learners = {7};
        membership.contexts = {{1, contextOf(*moved)}, {7, contextOf(*waiting)}};
        QCOMPARE(membersOf(membership), (QList<MemberInfo>{*moved, *waiting}));
    }
};

QTEST_APPLESS_MAIN(TestMemberRules)
#include "tst_member_rules.moc"
