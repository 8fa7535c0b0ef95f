// SPDX-License-Identifier: GPL-3.0-or-later
// The reboot lock: the document alone, then several machines over one store.
#include "agent/update/rebooter.h"
#include "tests/support/log_store.h"
#include "tests/support/proof.h"

using namespace qd;
using namespace qd::update;
using namespace qd::test;

namespace {

const QString kA = QString(32, u'a');
const QString kB = QString(32, u'b');
const QString kC = QString(32, u'c');
const QString kKey = QStringLiteral("/coreos.com/updateengine/rebootlock/semaphore");

Semaphore parsed(const QByteArray &json)
{
    return parseSemaphore(json).value_or(Semaphore{-99, -99, {}});
}

QString sentence(const Result<Semaphore> &result)
{
    return result ? QStringLiteral("done") : result.error().message;
}

/// Waits for an answer.
template <class T>
class Answer {
public:
    std::function<void(const Result<T> &)> taker()
    {
        return [this](const Result<T> &result) { m_result = result; };
    }
    const Result<T> &operator*()
    {
        if (!QTest::qWaitFor([this] { return m_result.has_value(); }))
            qFatal("no answer");
        return *m_result;
    }
    bool isThere() const { return m_result.has_value(); }

private:
    std::optional<Result<T>> m_result;
};

struct Cluster {
    ManualClock clock;
    SharedLog log{clock};
    LogStore store{log}; ///< of an operator

    QByteArray document() const { return store.value(kKey).value_or("none"); }
};

/// One machine: it counts its reboots instead of doing them.
struct Machine : PowerDriver {
    LogStore store;
    Rebooter rebooter;
    int reboots = 0;

    Machine(Cluster &cluster, const QString &id)
        : store(cluster.log)
        , rebooter(id, {store, *this, cluster.clock})
    {
    }
    void reboot(std::function<void(const Result<void> &)> done) override
    {
        ++reboots;
        done({});
    }
};

/// A machine that is stopped after the store has answered, and goes on with the old answer.
class SleepyStore final : public store::StoreClient {
public:
    SleepyStore(Cluster &cluster)
        : m_store(cluster.log)
        , m_clock(cluster.clock)
    {
    }
    void get(const store::GetRequest &request, store::EventHandler done) override
    {
        m_store.get(request, [this, done = std::move(done)](const Result<store::Event> &event) {
            if (sleep)
                std::exchange(sleep, nullptr)();
            m_clock.advanceMs(lateMs);
            done(event);
        });
    }
    void write(const store::WriteRequest &request, store::EventHandler done) override
    {
        const Unknown what = std::exchange(unknown, Unknown::None);
        const Result<store::Event> noAnswer =
            fail(code::unknownOutcome, QStringLiteral("not confirmed in time"));
        if (what == Unknown::Lost)
            return done(noAnswer);
        m_store.write(
            request, [what, noAnswer, done = std::move(done)](const Result<store::Event> &event) {
                done(what == Unknown::Made ? noAnswer : event);
            });
    }
    std::unique_ptr<store::Watch>
    watch(const store::WatchRequest &request, store::WatchHandler handler) override
    {
        return m_store.watch(request, std::move(handler));
    }
    Result<store::Event> getLocal(const store::GetRequest &request) const override
    {
        return m_store.getLocal(request);
    }
    Result<quint64>
    walkLocal(const store::GetRequest &request, store::NodeVisitor &visitor) const override
    {
        return m_store.walkLocal(request, visitor);
    }
    Result<store::History> history(const QString &, bool) const override
    {
        return store::History(); // as it was when the read was answered
    }
    bool isLeader() const override { return true; }

    /// Of the next write: its answer is lost, or it is lost itself.
    enum class Unknown { None, Made, Lost } unknown = Unknown::None;
    std::function<void()> sleep; ///< what happens meanwhile, once
    qint64 lateMs = 0;           ///< how long each answer takes

private:
    LogStore m_store;
    ManualClock &m_clock;
};

struct CountingPower final : PowerDriver {
    int reboots = 0;
    void reboot(std::function<void(const Result<void> &)> done) override
    {
        ++reboots;
        done({});
    }
};

store::Event eventAt(quint64 index, const QByteArray &value)
{
    store::Event out;
    out.node.key = kKey;
    out.node.value = value;
    out.node.modifiedIndex = index;
    return out;
}

QByteArray heldBy(const QString &holder)
{
    return toJson({0, 1, QStringList{holder}});
}

} // namespace

class TestRebootLock : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theDocumentIsLocksmithsToTheByte()
    {
        QD_PROVES("U94");
        QCOMPARE(toJson({}), QByteArray(R"({"semaphore":1,"max":1,"holders":null})"));
        const auto held = withHolder({}, kA);
        QCOMPARE(
            toJson(*held),
            QByteArray(R"({"semaphore":0,"max":1,"holders":[")") + kA.toLatin1() + "\"]}");
        QCOMPARE(
            toJson(*withoutHolder(*held, kA)),
            QByteArray(R"({"semaphore":1,"max":1,"holders":[]})"));
        QCOMPARE(parsed(toJson(*held)), *held);
        QCOMPARE(parsed(R"({"max":2, "semaphore":2})"), (Semaphore{2, 2, {}}));
        for (const char *text :
             {"", "x", "[]", R"({"semaphore":1})", R"({"semaphore":"1","max":1})"})
            QVERIFY2(!parseSemaphore(text), text);
    }

    void whatIsRefusedIsRefusedInLocksmithsWords()
    {
        QD_PROVES("U98");
        const Semaphore full{0, 1, QStringList{kA}};
        QCOMPARE(sentence(withHolder(full, kB)), QStringLiteral("semaphore is at 0"));
        QCOMPARE(sentence(withHolder(full, kA)), QStringLiteral("semaphore is at 0"));
        const Semaphore room{1, 2, QStringList{kB}};
        QCOMPARE(sentence(withHolder(room, kB)), QStringLiteral("holder exists"));
        QCOMPARE(sentence(withoutHolder(room, kA)), QStringLiteral("holder does not exist"));
        QCOMPARE(*withHolder(room, kA)->holders, (QStringList{kA, kB}));
    }

    void aLowerMaximumDisturbsNoHolder()
    {
        QD_PROVES("U100");
        const Semaphore three{1, 3, QStringList{kA, kB}};
        const Semaphore one = withMax(three, 1);
        QCOMPARE(one, (Semaphore{-1, 1, QStringList{kA, kB}}));
        QCOMPARE(sentence(withHolder(one, kC)), QStringLiteral("semaphore is at -1"));
        QCOMPARE(withMax(one, 4), (Semaphore{2, 4, QStringList{kA, kB}}));
    }

    void aGroupHasAKeyOfItsOwn()
    {
        QCOMPARE(semaphoreKey({}), kKey);
        const QString key = semaphoreKey(QStringLiteral("load balancers/eu"));
        QCOMPARE(
            key, QStringLiteral(
                     "/coreos.com/updateengine/rebootlock/groups/load+balancers%2Feu/semaphore"));
        QCOMPARE(groupOf(key), QStringLiteral("load balancers/eu"));
        QCOMPARE(groupOf(kKey), QString());
        QVERIFY(semaphoreKey(QStringLiteral("a~b-c._")).contains(QStringLiteral("/a~b-c._/")));
        QVERIFY(!groupOf(QStringLiteral("/coreos.com/updateengine/other")));
    }

    void aClaimOutlivesOthersButNotItsOwnLoss()
    {
        QD_PROVES("R-58");
        const Claim claim{kKey, kA, 10};
        // Nothing has happened since.
        QVERIFY(stillHeld(claim, eventAt(10, heldBy(kA)), {}));
        // Another one has come: with the history that is sure, without it, it is not.
        const QByteArray both = toJson({0, 2, QStringList{kA, kB}});
        store::History others{5, 12, {eventAt(12, both)}};
        QVERIFY(stillHeld(claim, eventAt(12, both), others));
        others.from = 12;
        QVERIFY(!stillHeld(claim, eventAt(12, both), others));
        QVERIFY(!stillHeld(claim, eventAt(12, both), {}));
        // It was unlocked; it was given to another; the key is gone; the store has gone back.
        QVERIFY(!stillHeld(claim, eventAt(11, toJson({1, 1, QStringList{}})), {5, 11, {}}));
        QVERIFY(!stillHeld(claim, eventAt(12, heldBy(kB)), {5, 12, {}}));
        QVERIFY(!stillHeld(claim, fail(store::etcdErrorCode(100), QStringLiteral("gone")), {}));
        QVERIFY(!stillHeld(claim, eventAt(9, heldBy(kA)), {1, 9, {}}));
        // It was lost, and given to the same name again: that is another claim.
        const store::History twice{5, 12, {eventAt(11, heldBy(kB)), eventAt(12, heldBy(kA))}};
        QVERIFY(!stillHeld(claim, eventAt(12, heldBy(kA)), twice));
        QVERIFY(stillHeld({kKey, kA, 12}, eventAt(12, heldBy(kA)), twice));
    }

    void theKeyIsMadeWhenItIsMissing()
    {
        QD_PROVES("E144", "U95");
        Cluster cluster;
        RebootLock lock(cluster.store);
        QCOMPARE(cluster.document(), QByteArray("none"));
        Answer<RebootLock::State> seen;
        lock.read({}, seen.taker());
        QVERIFY(*seen);
        QCOMPARE((*seen)->semaphore, Semaphore());
        QCOMPARE(cluster.document(), QByteArray(R"({"semaphore":1,"max":1,"holders":null})"));
    }

    void ofTwoThatRaceOneWins()
    {
        QD_PROVES("U98");
        Cluster cluster;
        LogStore another(cluster.log);
        RebootLock here(cluster.store);
        RebootLock there(another);
        Answer<Claim> a;
        Answer<Claim> b;
        here.take({}, kA, a.taker());
        there.take({}, kB, b.taker());
        QVERIFY((*a).has_value() != (*b).has_value());
        const auto &loser = *a ? *b : *a;
        QCOMPARE(loser.error().message, QStringLiteral("semaphore is at 0"));
        QVERIFY(cluster.document() == heldBy(*a ? kA : kB));
        QCOMPARE((*a ? *a : *b)->fence, cluster.store.index());
    }

    void aLostRaceIsRunAgain()
    {
        Cluster cluster;
        std::vector<std::unique_ptr<LogStore>> stores;
        std::vector<std::unique_ptr<RebootLock>> locks;
        std::vector<Answer<Claim>> answers(10);
        Answer<RebootLock::Change> wide;
        RebootLock lock(cluster.store);
        lock.setMax({}, 10, wide.taker());
        QVERIFY(*wide);
        for (int i = 0; i < 10; ++i) {
            stores.push_back(std::make_unique<LogStore>(cluster.log));
            locks.push_back(std::make_unique<RebootLock>(*stores.back()));
            locks.back()->take({}, QString(32, QChar(u'0' + i)), answers[size_t(i)].taker());
        }
        for (Answer<Claim> &answer : answers)
            QVERIFY(*answer);
        QCOMPARE(parsed(cluster.document()).holders->size(), 10);
        QCOMPARE(parsed(cluster.document()).free, 0);
    }

    void aMachineRebootsWithASlotOnly()
    {
        QD_PROVES("U132");
        Cluster cluster;
        Machine a(cluster, kA);
        Machine b(cluster, kB);
        Answer<void> first;
        a.rebooter.reboot({}, 0, first.taker());
        QVERIFY(*first);
        QCOMPARE(a.reboots, 1);
        QCOMPARE(cluster.document(), heldBy(kA));
        Answer<void> second;
        b.rebooter.reboot({}, 0, second.taker());
        QCOMPARE((*second).error().text(), QStringLiteral("Error locking: semaphore is at 0"));
        QCOMPARE(b.reboots, 0);
        // In another group it may.
        Answer<void> third;
        b.rebooter.reboot(QStringLiteral("b"), 0, third.taker());
        QVERIFY(*third);
        QCOMPARE(b.reboots, 1);
    }

    void aPausedHolderWhoseSlotWentDoesNotReboot()
    {
        QD_PROVES("R-58");
        Cluster cluster;
        Machine a(cluster, kA);
        RebootLock lock(cluster.store);
        Answer<void> paused;
        a.rebooter.reboot({}, 300, paused.taker());
        QTRY_COMPARE(cluster.document(), heldBy(kA));
        // While it sleeps an operator frees its slot, another machine uses it, and then somebody
        // locks once more in the name of the one that sleeps.
        Answer<RebootLock::State> freed;
        lock.release({}, kA, freed.taker());
        QVERIFY(*freed);
        Machine b(cluster, kB);
        Answer<void> other;
        b.rebooter.reboot({}, 0, other.taker());
        QVERIFY(*other);
        Answer<RebootLock::State> back;
        lock.release({}, kB, back.taker());
        QVERIFY(*back);
        Answer<Claim> again;
        lock.take({}, kA, again.taker());
        QVERIFY(*again);
        QVERIFY(!paused.isThere());
        QVERIFY(!*paused);
        QVERIFY((*paused).error().text().contains(QStringLiteral("was given away")));
        QCOMPARE(a.reboots, 0);
        QCOMPARE(b.reboots, 1);
    }

    void anOldAnswerIsNoLeaveToReboot()
    {
        QD_PROVES("R-58");
        Cluster cluster;
        SleepyStore store(cluster);
        CountingPower power;
        Rebooter rebooter(kA, {store, power, cluster.clock});
        Answer<void> stopped;
        rebooter.reboot({}, 200, stopped.taker());
        QTRY_COMPARE(cluster.document(), heldBy(kA));
        // The store says that the slot is held; the machine is stopped before it can act on it.
        store.sleep = [&cluster] {
            cluster.clock.advanceMs(60'000);
            cluster.store.put(kKey, heldBy(kB));
        };
        QVERIFY(!*stopped);
        QVERIFY((*stopped).error().text().contains(QStringLiteral("was given away")));
        QCOMPARE(power.reboots, 0);
    }

    void aStoreThatIsAlwaysLateEndsTheAttempt()
    {
        Cluster cluster;
        SleepyStore store(cluster);
        store.lateMs = 2'000;
        CountingPower power;
        Rebooter rebooter(kA, {store, power, cluster.clock});
        Answer<void> late;
        rebooter.reboot({}, 0, late.taker());
        QVERIFY(!*late);
        QVERIFY((*late).error().text().contains(QStringLiteral("too slowly")));
        QCOMPARE(power.reboots, 0);
    }

    void whoIsCutOffDoesNotReboot()
    {
        QD_PROVES("R-58");
        Cluster cluster;
        Machine a(cluster, kA);
        Answer<void> cut;
        a.rebooter.reboot({}, 200, cut.taker());
        QTRY_COMPARE(cluster.document(), heldBy(kA));
        a.store.setConnected(false);
        QVERIFY(!*cut);
        QCOMPARE(a.reboots, 0);
    }

    void afterABootEverySlotIsGivenBack()
    {
        QD_PROVES("U97");
        Cluster cluster;
        RebootLock lock(cluster.store);
        Answer<Claim> plain;
        Answer<Claim> grouped;
        Answer<Claim> others;
        lock.take({}, kA, plain.taker());
        QVERIFY(*plain);
        lock.take(QStringLiteral("x y"), kA, grouped.taker());
        QVERIFY(*grouped);
        lock.take(QStringLiteral("z"), kB, others.taker());
        QVERIFY(*others);
        Machine a(cluster, kA);
        bool isFree = false;
        connect(&a.rebooter, &Rebooter::released, this, [&isFree] { isFree = true; });
        a.rebooter.releaseAfterBoot();
        QTRY_VERIFY(isFree);
        QCOMPARE(cluster.document(), QByteArray(R"({"semaphore":1,"max":1,"holders":[]})"));
        Answer<QStringList> left;
        lock.groupsOf(kB, left.taker());
        QCOMPARE(**left, QStringList{QStringLiteral("z")});
    }

    void noSlotIsTakenBeforeTheOldOneIsGivenBack()
    {
        Cluster cluster;
        RebootLock lock(cluster.store);
        Answer<Claim> before;
        lock.take({}, kA, before.taker());
        QVERIFY(*before);
        Machine a(cluster, kA);
        a.rebooter.beginBoot();
        Answer<void> early;
        a.rebooter.reboot({}, 0, early.taker());
        QVERIFY((*early).error().text().contains(QStringLiteral("not given back yet")));
        int times = 0;
        connect(&a.rebooter, &Rebooter::released, this, [&times] { ++times; });
        a.rebooter.releaseAfterBoot();
        a.rebooter.releaseAfterBoot(); // the engine came, went and came again
        QTRY_COMPARE(times, 1);
        Answer<void> late;
        a.rebooter.reboot({}, 0, late.taker());
        QVERIFY(*late);
        QCOMPARE(a.reboots, 1);
        QCOMPARE(times, 1);
        QVERIFY(!a.rebooter.isWaiting());
    }

    void whoMayOnlyLookMakesNothing()
    {
        Cluster cluster;
        RebootLock lock(cluster.store);
        Answer<RebootLock::State> seen;
        lock.peek(QStringLiteral("g"), seen.taker());
        QCOMPARE((*seen)->semaphore, Semaphore());
        QCOMPARE(cluster.store.index(), quint64(0));
    }

    void aChangeThatMayHaveBeenMadeIsLookedFor()
    {
        for (const bool isMade : {true, false}) {
            Cluster cluster;
            SleepyStore store(cluster);
            RebootLock lock(store);
            Answer<RebootLock::State> first;
            lock.read({}, first.taker());
            QVERIFY(*first);
            store.unknown = isMade ? SleepyStore::Unknown::Made : SleepyStore::Unknown::Lost;
            Answer<Claim> claim;
            lock.take({}, kA, claim.taker());
            QVERIFY2(*claim, isMade ? "made" : "lost");
            QCOMPARE(cluster.document(), heldBy(kA));
            QCOMPARE((*claim)->fence, cluster.store.index());
        }
    }

    void nothingIsMadeByAMachineThatHeldNoSlot()
    {
        Cluster cluster;
        Machine a(cluster, kA);
        bool isFree = false;
        connect(&a.rebooter, &Rebooter::released, this, [&isFree] { isFree = true; });
        a.rebooter.releaseAfterBoot();
        QTRY_VERIFY(isFree);
        QCOMPARE(cluster.store.index(), quint64(0));
    }
};

QD_TEST_MAIN(TestRebootLock)
#include "tst_reboot_lock.moc"
