// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/store/replica/peer_traffic.h"
#include "tests/support/proof.h"

using namespace qd;
using namespace qd::store;
using raft::MessageType;

class TestPeerTraffic : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aRateIsThatOfTheLastMessages()
    {
        QD_PROVES("E139");
        Traffic traffic;
        QCOMPARE(traffic.rate(0).packets, 0.0);
        for (int i = 0; i <= 100; ++i)
            traffic.add(50, qint64(i) * 10'000); // 100 a second
        QCOMPARE(traffic.rate(1'000'000).packets, 101.0);
        QCOMPARE(traffic.rate(1'000'000).bytes, 5'050.0);
        // A later burst counts for itself once it fills the window.
        for (int i = 1; i <= 200; ++i)
            traffic.add(10, 1'000'000 + qint64(i) * 1'000);
        QVERIFY(traffic.rate(1'200'000).packets > 900);
        QCOMPARE(traffic.rate(2'300'000).packets, 0.0); // a second of silence
        QCOMPARE(traffic.count(), 301ULL);
    }

    void aFollowersAnswersAreTimed()
    {
        QD_PROVES("E135");
        PeerTraffic traffic;
        traffic.setFollowers({2, 3});
        traffic.sent(2, MessageType::Heartbeat, 40, 1'000'000);
        traffic.received(2, MessageType::HeartbeatAnswer, 40, 1'002'000);
        traffic.sent(2, MessageType::Heartbeat, 40, 1'100'000);
        traffic.received(2, MessageType::HeartbeatAnswer, 40, 1'104'000);
        traffic.received(2, MessageType::AppendAnswer, 40, 1'110'000);
        const FollowerStatistics second = traffic.followers()[2];
        QCOMPARE(second.current, 4.0);
        QCOMPARE(second.average, 3.0);
        QCOMPARE(second.minimum, 2.0);
        QCOMPARE(second.maximum, 4.0);
        QCOMPARE(second.deviation, 1.0);
        QCOMPARE(second.success, 3ULL);
        QCOMPARE(second.fail, 0ULL);
        QCOMPARE(traffic.followers()[3].success, 0ULL);
    }

    void aHeartbeatWithoutAnswerHasFailed()
    {
        PeerTraffic traffic;
        traffic.setFollowers({2});
        for (int i = 0; i <= 30; ++i)
            traffic.sent(2, MessageType::Heartbeat, 40, 1'000'000 + qint64(i) * 100'000);
        QCOMPARE(traffic.followers()[2].fail, 3ULL); // one a second
        traffic.received(2, MessageType::HeartbeatAnswer, 40, 4'001'000);
        QCOMPARE(traffic.followers()[2].current, 1.0); // of the last one
    }

    void whoNoLongerFollowsIsForgotten()
    {
        PeerTraffic traffic;
        traffic.setFollowers({2, 3});
        traffic.received(2, MessageType::AppendAnswer, 40, 1);
        traffic.setFollowers({3});
        traffic.received(2, MessageType::AppendAnswer, 40, 2);
        QCOMPARE(traffic.followers().count(2), 0U);
        traffic.setFollowers({2, 3});
        QCOMPARE(traffic.followers()[2].success, 0ULL);
    }
};

QD_TEST_MAIN(TestPeerTraffic)
#include "tst_peer_traffic.moc"
