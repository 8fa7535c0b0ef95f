// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/store/replica/space_watch.h"
#include "tests/support/proof.h"

using namespace qd;
using namespace qd::store;

namespace {

constexpr qint64 kMiB = 1024 * 1024;
constexpr raft::NodeId kSelf = 1;

const raft::Membership &three()
{
    static const raft::Membership all{{1, 2, 3}, {}, {}};
    return all;
}

wal::Space freeMiB(qint64 free)
{
    return {free * kMiB, 100'000 * kMiB};
}

} // namespace

class TestSpaceWatch : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theLineIsDrawnBeforeTheDiskIsFull()
    {
        QD_PROVES("R-45");
        using Room = SpaceWatch::LogRoom;
        SpaceWatch watch;
        watch.look(freeMiB(513), Room::Enough);
        QVERIFY(!watch.isLow());
        watch.look(freeMiB(511), Room::Enough);
        QVERIFY(watch.isLow());
        watch.look(freeMiB(520), Room::Enough);
        QVERIFY(watch.isLow()); // no going back and forth at the line
        watch.look(freeMiB(700), Room::Enough);
        QVERIFY(!watch.isLow());
        watch.look({6 * kMiB, 64 * kMiB}, Room::Enough);
        QVERIFY(watch.isLow()); // of a small one a tenth
        QVERIFY(!watch.isCritical());
        watch.look(freeMiB(100), Room::Little);
        QVERIFY(watch.isCritical());
        watch.look(freeMiB(100'000), Room::None);
        QVERIFY(watch.isCritical());
    }
    void deletionsNeedOnlyAMajorityThatIsNotAtItsEnd()
    {
        QD_PROVES("R-45");
        SpaceWatch watch;
        watch.look(freeMiB(10), SpaceWatch::LogRoom::Enough);
        QVERIFY(!watch.isMajorityLow(three(), kSelf, 0)); // the two others have said nothing
        watch.hear(2, false, 0);
        QVERIFY(watch.isMajorityLow(three(), kSelf, 0));
        QVERIFY(!watch.isMajorityCritical(three(), kSelf, 0));
        watch.hear(2, true, 0);
        QVERIFY(!watch.isMajorityCritical(three(), kSelf, 0));
        watch.hear(3, true, 0);
        QVERIFY(watch.isMajorityCritical(three(), kSelf, 0));
        watch.hear(3, false, 10); // it has some room again
        QVERIFY(!watch.isMajorityCritical(three(), kSelf, 10));
        watch.hear(3, true, 20);
        QVERIFY(!watch.isMajorityCritical(three(), kSelf, 20 + SpaceWatch::kToldMs)); // long ago
    }
};

QD_TEST_MAIN(TestSpaceWatch)
#include "tst_space_watch.moc"
