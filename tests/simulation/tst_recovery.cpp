// SPDX-License-Identifier: GPL-3.0-or-later
// Stories of machines that fall and come back, and of disks and snapshots in between.
#include "tests/simulation/stories.h"
#include "tests/support/proof.h"

#include <QHashSeed>
#include <QLoggingCategory>

using namespace qd;
using namespace qd::sim;
using namespace qd::raft;

namespace {

NodeId anotherThan(NodeId id)
{
    return id % 3 + 1;
}

bool isWritten(Cluster &cluster, quint64 command)
{
    return cluster.history().acknowledgedCommands().count(command) != 0;
}

/// A write that whoever leads now has acknowledged.
bool isWrittenByTheLeader(Cluster &cluster, const QString &key, const QByteArray &value)
{
    SimNode &leader = *cluster.leader();
    bool written = false;
    leader.act([&] {
        store::WriteRequest request;
        request.key = key;
        request.value = value;
        leader.replica().write(
            request, 60'000, [&](auto &&result) { written = result.has_value(); });
    });
    return cluster.runUntil([&] { return written; }, patience(cluster));
}

/// So many writes, one after the other; what a leader takes with it is written again.
bool writeMany(Cluster &cluster, int count)
{
    for (int tries = 0; count > 0 && tries < 200; ++tries) {
        quint64 command = 0;
        cluster.runUntil([&] { return (command = cluster.write()) != 0; }, patience(cluster));
        const auto done = [&] { return isWritten(cluster, command); };
        count -= cluster.runUntil(done, 2 * cluster.electionUs()) ? 1 : 0;
    }
    return count == 0;
}

bool agreeSoon(Cluster &cluster)
{
    return cluster.runUntil([&] { return cluster.everyoneAgrees(); }, patience(cluster));
}

/// A member that has missed so much that only a snapshot helps it, started again.
NodeId oneFarBehind(Cluster &cluster)
{
    const NodeId away = anotherThan(cluster.leader()->id());
    cluster.crash(away);
    require(writeMany(cluster, 60), "a majority is enough");
    cluster.start(away);
    return away;
}

/// Where two logs have an entry of the same term at an index, they are alike up to there.
void requireLogsMatch(Cluster &cluster)
{
    for (NodeId a = 1; a <= NodeId(cluster.size()); ++a) {
        for (NodeId b = a + 1; b <= NodeId(cluster.size()); ++b) {
            if (!cluster.node(a).isUp() || !cluster.node(b).isUp())
                continue;
            const Log &first = cluster.node(a).raft().log();
            const Log &second = cluster.node(b).raft().log();
            bool alike = false;
            const Index lowest = std::max(first.firstIndex(), second.firstIndex());
            for (Index at = std::min(first.lastIndex(), second.lastIndex()); at >= lowest; --at) {
                const bool same = first.termAt(at) == second.termAt(at);
                require(same || !alike, "logs that meet are alike below (R-17)");
                alike = alike || same;
            }
        }
    }
}

/// A read's index is on its way to a member that falls and comes back. The member asks for reads of
/// its own again, before that answer arrives: it says too little about them.
QByteArray readAfterARestart(const Mutant &mutant)
{
    Cluster cluster({.seed = 11, .mutant = mutant});
    require(settle(cluster), "it settles");
    SimNode &leader = *cluster.leader();
    SimNode &asked = cluster.node(anotherThan(leader.id()));
    const auto read = [&](QByteArray *seen) {
        asked.act([&] {
            asked.replica().read(
                {.key = QStringLiteral("/a"), .quorum = true}, 60'000,
                [seen](const Result<store::Event> &result) {
                    *seen = result ? result->node.value : QByteArray("(none)");
                });
        });
    };
    // What the leader sends to that member takes long.
    QByteArray before;
    cluster.setSlowWay(leader.id(), asked.id(), 700'000);
    read(&before);
    cluster.run(20'000);
    cluster.crash(asked.id());
    cluster.start(asked.id());
    bool written = false;
    leader.act([&] {
        store::WriteRequest request;
        request.key = QStringLiteral("/a");
        request.value = "new";
        leader.replica().write(
            request, 60'000, [&](auto &&result) { written = result.has_value(); });
    });
    require(cluster.runUntil([&] { return written; }, cluster.electionUs()), "in time");
    QByteArray seen = "nothing yet";
    read(&seen); // the old answer comes before the new write does
    cluster.run(900'000);
    cluster.setSlowWay(leader.id(), asked.id(), 0);
    require(cluster.runUntil([&] { return seen != "nothing yet"; }, patience(cluster)), "in time");
    return seen;
}

} // namespace

class TestRecovery : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void whatAKilledProcessHadWrittenIsDurableBeforeItCounts();
    void aClusterOfOneHasWhatItAnswered();
    void aForwardedWriteIsAnsweredSoonAfterItsLeaderIsGone();
    void aLeaderWithAStalledDiskAndNoNetworkStandsDown();
    void tinyTimeOutsLeaveTheLogsAlike();
    void aPausedLeaderAnswersNoOldReads();
    void aDeposedLeaderAnswersNoOldReads();
    void aLifeEndsByTheLeadersClockAlone();
    void whoHasManyWrongEntriesIsFoundInFewRounds();
    void anAnswerToAnEarlierProcessIsNoAnswerToThisOne();
    void aSnapshotAndItsMarkerNeverDisagree();
    void leadersChangeWhileASnapshotIsUnderWay();
    void aMemberMayFallWhileASnapshotComes();
    void aStalledSnapshotKeepsTheLeaderFromNothing();
    void theLogIsWhatAPlainListIs();
    void aFullDiskMakesTheLogWaitAndLosesNothing();
    void oneFullDiskStopsNobodyElse();
    void fullDisksEverywhereEndWhenThereIsRoom();
    void clocksThatDriftAnswerNoOldReads();
};

/// A process dies with entries that no sync has covered; the machine does not. The next process
/// reads them, and counts them as its own: a power failure after that must not take them away.
void TestRecovery::whatAKilledProcessHadWrittenIsDurableBeforeItCounts()
{
    QD_PROVES("R-11", "R-43");
    for (quint64 seed = 1; seed <= 50; ++seed) {
        Cluster cluster({.seed = seed, .maxSyncUs = 60'000});
        QVERIFY(settle(cluster));
        for (int i = 0; i < 10; ++i)
            cluster.write(); // on their way to the disks
        cluster.run(5'000);
        for (NodeId id = 1; id <= 3; ++id)
            cluster.kill(id);
        for (NodeId id = 1; id <= 3; ++id)
            cluster.start(id);
        Index last[4] = {};
        for (NodeId id = 1; id <= 3; ++id)
            last[id] = cluster.node(id).raft().log().lastIndex();
        for (NodeId id = 1; id <= 3; ++id)
            cluster.crash(id);
        for (NodeId id = 1; id <= 3; ++id)
            cluster.start(id);
        for (NodeId id = 1; id <= 3; ++id)
            QCOMPARE(cluster.node(id).raft().log().lastIndex(), last[id]);
        QVERIFY(agreeSoon(cluster));
    }
}

void TestRecovery::aClusterOfOneHasWhatItAnswered()
{
    QD_PROVES("R-35");
    for (quint64 seed = 1; seed <= 30; ++seed) {
        Cluster cluster({.seed = seed, .nodes = 1});
        quint64 command = 0;
        QVERIFY(cluster.runUntil([&] { return (command = cluster.write()) != 0; }, 5'000'000));
        QVERIFY(cluster.runUntil([&] { return isWritten(cluster, command); }, 5'000'000));
        cluster.crash(1); // at the very moment of the answer
        cluster.start(1);
        QVERIFY(cluster.runUntil([&] { return cluster.node(1).holds(command); }, 5'000'000));
    }
}

void TestRecovery::aForwardedWriteIsAnsweredSoonAfterItsLeaderIsGone()
{
    QD_PROVES("R-33");
    for (quint64 seed = 1; seed <= 30; ++seed) {
        Cluster cluster({.seed = seed});
        QVERIFY(settle(cluster));
        const NodeId old = cluster.leader()->id();
        SimNode &asked = cluster.node(anotherThan(old));
        int answers = 0;
        asked.act([&] {
            store::WriteRequest request;
            request.key = QStringLiteral("/a");
            request.value = "1";
            asked.replica().write(request, 60'000, [&](const Result<store::Event> &result) {
                answers += result ? 1 : 0;
            });
        });
        cluster.run(qint64(seed) * 200); // the forward is on its way, there, or answered
        cluster.crash(old);
        QVERIFY(cluster.runUntil([&] { return cluster.leader() != nullptr; }, patience(cluster)));
        QVERIFY(cluster.runUntil([&] { return answers > 0; }, cluster.electionUs()));
        cluster.start(old);
        QVERIFY(agreeSoon(cluster)); // and the history has seen that it was applied once
        QCOMPARE(answers, 1);
    }
}

void TestRecovery::aLeaderWithAStalledDiskAndNoNetworkStandsDown()
{
    QD_PROVES("R-12");
    for (quint64 seed = 1; seed <= 10; ++seed) {
        Cluster cluster({.seed = seed});
        QVERIFY(settle(cluster));
        SimNode &old = *cluster.leader();
        old.setSlowness(100'000);
        cluster.isolate(old.id());
        std::vector<QString> answers;
        old.act([&] { // what waits for the disk, and for the others
            store::WriteRequest write;
            write.key = QStringLiteral("/a");
            write.value = "1";
            const auto note = [&](const Result<store::Event> &result) {
                answers.push_back(result ? QString() : result.error().code);
            };
            old.replica().write(write, 3'000, note);
            old.replica().read({.key = write.key, .quorum = true}, 3'000, note);
        });
        QVERIFY(cluster.runUntil([&] { return !old.raft().isLeader(); }, 2 * cluster.electionUs()));
        QVERIFY(cluster.runUntil([&] { return answers.size() == 2; }, 5'000'000));
        QCOMPARE(answers.at(0), code::unknownOutcome);
        QCOMPARE(answers.at(1), code::deadline);
    }
}

void TestRecovery::tinyTimeOutsLeaveTheLogsAlike()
{
    QD_PROVES("R-17");
    quint64 elections = 0;
    for (quint64 seed = 1; seed <= 24; ++seed) {
        Cluster cluster(
            {.seed = seed,
             .nodes = 5,
             .electionTicks = int(1 + seed % 3),
             .tickUs = 10'000,
             .maxAppendBytes = 1,
             .maxSyncUs = 2'000});
        cluster.setWeather({.meanUs = 10'000, .lossPerMille = 50, .duplicatesPerMille = 50});
        for (int tick = 0; tick < 400; ++tick) {
            if (SimNode *leader = cluster.leader(); leader != nullptr && tick % 20 == 0)
                cluster.isolate(leader->id());
            else if (tick % 20 == 8)
                cluster.healNetwork();
            cluster.write();
            cluster.run(10'000);
            requireLogsMatch(cluster);
        }
        elections += cluster.history().counters()[size_t(Sometimes::Election)];
    }
    qInfo("%llu elections", qulonglong(elections));
    QVERIFY(elections > 24 * 5); // leaders did change quickly
}

void TestRecovery::aPausedLeaderAnswersNoOldReads()
{
    QD_PROVES("R-50");
    for (quint64 seed = 1; seed <= 20; ++seed) {
        Cluster cluster({.seed = seed});
        QVERIFY(settle(cluster));
        SimNode &old = *cluster.leader();
        cluster.run(qint64(seed) * 3'000);
        old.pause();
        QVERIFY(cluster.runUntil(
            [&] { return cluster.leader() != nullptr && cluster.leader()->id() != old.id(); },
            patience(cluster)));
        QVERIFY(isWrittenByTheLeader(cluster, QStringLiteral("/a"), "new"));
        old.resume();
        QByteArray seen = "nothing yet";
        old.act([&] {
            old.replica().read(
                {.key = QStringLiteral("/a"), .quorum = true}, 60'000,
                [&](const Result<store::Event> &result) {
                    seen = result ? result->node.value : QByteArray("(none)");
                });
        });
        QVERIFY(cluster.runUntil([&] { return seen != "nothing yet"; }, patience(cluster)));
        QCOMPARE(seen, QByteArray("new"));
    }
}

/// The other side has another leader, and another value; the old one still believes to lead.
void TestRecovery::aDeposedLeaderAnswersNoOldReads()
{
    QD_PROVES("R-48");
    for (quint64 seed = 1; seed <= 20; ++seed) {
        Cluster cluster({.seed = seed});
        QVERIFY(settle(cluster));
        SimNode &old = *cluster.leader();
        std::vector<QString> answers;
        const auto readOld = [&] {
            old.act([&] {
                old.replica().read(
                    {.key = QStringLiteral("/a"), .quorum = true}, 60'000,
                    [&](const Result<store::Event> &result) {
                        answers.push_back(
                            result ? QString::fromUtf8(result->node.value) : result.error().code);
                    });
            });
        };
        cluster.isolate(old.id());
        readOld(); // before anybody else leads, and before the write
        QVERIFY(cluster.runUntil(
            [&] { return cluster.leader() != nullptr && cluster.leader() != &old; },
            patience(cluster)));
        QVERIFY(isWrittenByTheLeader(cluster, QStringLiteral("/a"), "new"));
        readOld();
        cluster.run(2 * cluster.electionUs());
        QCOMPARE(answers.size(), size_t(0));
        cluster.healNetwork();
        QVERIFY(cluster.runUntil([&] { return answers.size() == 2; }, patience(cluster)));
        QCOMPARE(answers, std::vector<QString>(2, QStringLiteral("new")));
    }
}

/// Each member's clock says something else; what counts is what the leader has had committed.
void TestRecovery::aLifeEndsByTheLeadersClockAlone()
{
    QD_PROVES("R-54");
    for (quint64 seed = 1; seed <= 10; ++seed) {
        Cluster cluster({.seed = seed, .driftPerMille = 100});
        QVERIFY(settle(cluster));
        SimNode &leader = *cluster.leader();
        const auto has = [&](NodeId id) {
            return cluster.node(id).machine().get({.key = QStringLiteral("/t")}).has_value();
        };
        const auto all = [&] { return has(1) && has(2) && has(3); };
        const auto none = [&] { return !has(1) && !has(2) && !has(3); };
        leader.act([&] {
            store::WriteRequest request;
            request.key = QStringLiteral("/t");
            request.ttl = 5;
            request.ttlGiven = true;
            leader.replica().write(request, 5'000, [](auto &&) {});
        });
        QVERIFY(cluster.runUntil(all, patience(cluster)));
        cluster.node(anotherThan(leader.id())).clock().jump(3'600'000'000); // an hour ahead
        cluster.run(3'000'000);
        QVERIFY(all());
        QCOMPARE(cluster.leader(), &leader);
        cluster.node(leader.id()).clock().jump(10'000'000);
        QVERIFY(cluster.runUntil(none, 2'000'000));
        QVERIFY(agreeSoon(cluster));
    }
}

/// A leader alone has taken ten thousand writes that nobody else has heard of.
void TestRecovery::whoHasManyWrongEntriesIsFoundInFewRounds()
{
    QD_PROVES("R-24");
    Cluster cluster({.seed = 24, .snapshotEvery = 20'000});
    QVERIFY(settle(cluster));
    SimNode &old = *cluster.leader();
    cluster.isolate(old.id());
    for (int i = 0; i < 10'000; ++i)
        QVERIFY(old.propose(cluster.newCommand()));
    QVERIFY(cluster.runUntil(
        [&] { return cluster.leader() != nullptr && cluster.leader() != &old; },
        patience(cluster)));
    QVERIFY(writeMany(cluster, 20));
    QVERIFY(old.raft().log().lastIndex() > cluster.leader()->raft().log().lastIndex() + 9'000);
    const quint64 before = cluster.leader()->replica().status().appendsSent;
    cluster.healNetwork();
    QVERIFY(agreeSoon(cluster));
    const quint64 rounds = cluster.leader()->replica().status().appendsSent - before;
    qInfo("%llu appends", qulonglong(rounds));
    // What it had taken comes again, as writes that wait: they go to the new leader, in batches.
    QVERIFY(rounds < 200);
}

void TestRecovery::anAnswerToAnEarlierProcessIsNoAnswerToThisOne()
{
    QD_PROVES("R-48");
    QCOMPARE(readAfterARestart({}), QByteArray("new"));
    Mutant mutant; // each process counts its reads from one: so it was
    mutant.replica.reuseReadNumbers = true;
    QCOMPARE(readAfterARestart(mutant), QByteArray("(none)"));
}

void TestRecovery::aSnapshotAndItsMarkerNeverDisagree()
{
    QD_PROVES("R-39");
    int deaths = 0;
    for (int operations = 1; operations <= 40; ++operations) {
        // Each entry is followed by a snapshot, so that the n-th operation of the disk is each step
        // of saving one, of marking it, and of removing what it has superseded.
        Cluster cluster(
            {.seed = quint64(operations),
             .snapshotEvery = 1,
             .maxSyncUs = 2'000,
             .segmentSize = 300});
        QVERIFY(settle(cluster));
        SimNode &victim = cluster.node(2);
        const quint64 before = victim.incarnation();
        victim.disk().dieAfter(operations);
        QVERIFY(writeMany(cluster, 20));
        deaths += victim.incarnation() != before ? 1 : 0;
        QVERIFY(cluster.runUntil([&] { return victim.isUp(); }, 2'000'000));
        QVERIFY(agreeSoon(cluster));
        const auto files = victim.disk().list();
        for (const QString &file : *files)
            QVERIFY2(!file.endsWith(QStringLiteral(".tmp")), qPrintable(file));
    }
    QVERIFY(deaths > 30);
}

void TestRecovery::leadersChangeWhileASnapshotIsUnderWay()
{
    QD_PROVES("R-38");
    quint64 underWay = 0;
    for (quint64 seed = 1; seed <= 10; ++seed) {
        Cluster cluster({.seed = seed, .snapshotEvery = 10});
        QVERIFY(settle(cluster));
        cluster.setWeather({.parcelUs = 3'000'000});
        const NodeId away = oneFarBehind(cluster);
        for (int i = 0; i < 3; ++i) {
            cluster.run(400'000);
            if (SimNode *leader = cluster.leader(); leader != nullptr && leader->id() != away)
                leader->transfer(6 - away - leader->id());
            cluster.write();
        }
        cluster.setWeather({});
        QVERIFY(cluster.runUntil([&] { return cluster.everyoneAgrees(); }, 2 * patience(cluster)));
        underWay += cluster.history().counters()[size_t(Sometimes::SnapshotUnderWayAtElection)];
    }
    QVERIFY(underWay > 0);
}

void TestRecovery::aMemberMayFallWhileASnapshotComes()
{
    QD_PROVES("R-40");
    quint64 restarts = 0;
    for (quint64 seed = 1; seed <= 30; ++seed) {
        Cluster cluster({.seed = seed, .snapshotEvery = 10});
        QVERIFY(settle(cluster));
        cluster.setWeather({.parcelUs = 400'000});
        const NodeId away = oneFarBehind(cluster);
        for (int i = 0; i < 5; ++i) {
            cluster.run(200'000 + qint64(seed % 10) * 17'000);
            if (i % 2 == 0)
                cluster.crash(away);
            else
                cluster.kill(away);
            cluster.start(away);
        }
        QVERIFY(cluster.runUntil([&] { return cluster.everyoneAgrees(); }, 2 * patience(cluster)));
        restarts += cluster.history().counters()[size_t(Sometimes::StartWhileReceiving)];
    }
    QVERIFY2(restarts >= 10, qPrintable(QString::number(restarts)));
}

void TestRecovery::aStalledSnapshotKeepsTheLeaderFromNothing()
{
    QD_PROVES("R-46");
    Cluster cluster({.seed = 3, .snapshotEvery = 10});
    QVERIFY(settle(cluster));
    cluster.setWeather({.parcelUs = 600'000'000});
    const NodeId away = oneFarBehind(cluster);
    cluster.run(2 * cluster.electionUs());
    QVERIFY(cluster.history().counters()[size_t(Sometimes::SnapshotShipped)] > 0);
    const Index before = cluster.leader()->raft().log().firstIndex();
    QVERIFY(writeMany(cluster, 60));
    QVERIFY(cluster.leader()->raft().log().firstIndex() > before + 40); // it still compacts
    QVERIFY(cluster.node(away).replica().applied() < before);
    cluster.setWeather({});
    cluster.crash(away); // a new connection: what stalled is forgotten
    cluster.start(away);
    cluster.leader()->transfer(6 - away - cluster.leader()->id());
    QVERIFY(cluster.runUntil([&] { return cluster.everyoneAgrees(); }, 2 * patience(cluster)));
}

namespace {

/// The log over small segments, beside a list that knows what it must hold.
class LogAndList final : public wal::SyncRunner {
public:
    explicit LogAndList(quint64 seed)
        : m_random(seed)
        , m_disk(m_random)
    {
        m_log = std::move(*wal::Wal::create(m_disk, *this, {1, 1}, kThreeEntries));
    }
    void run(std::function<Result<void>()> work, std::function<void(Result<void>)> done) override
    {
        m_jobs.emplace_back(std::move(work), std::move(done));
    }
    void doAnything()
    {
        switch (m_random.below(8)) {
        case 0:
            return compact();
        case 1:
            return install();
        case 2:
            return reopen();
        case 3:
            return append(m_boundary + 1 + m_random.below(m_list.size() + 1)); // over what is there
        default:
            return append(m_boundary + m_list.size() + 1);
        }
    }
    /// Whether some of them have got no answer.
    bool appendWhileFull(int count)
    {
        m_disk.setFull(true);
        for (int i = 0; i < count; ++i)
            append(m_boundary + m_list.size() + 1);
        sync();
        return m_log->isWaitingForRoom() && m_called < m_appends;
    }
    void makeRoom()
    {
        m_disk.setFull(false);
        m_log->retry();
        sync();
    }
    void reopen()
    {
        sync();
        m_log.reset();
        if (m_random.below(2) == 0)
            m_disk.crash();
        else
            m_disk.kill();
        wal::Recovered found;
        auto opened = wal::Wal::open(m_disk, *this, &found, kThreeEntries);
        require(opened.has_value(), "it opens");
        m_log = std::move(*opened);
        require(found.snapshotIndex == m_boundary, "it begins after the same snapshot");
        require(found.entries.size() == m_list.size(), "it holds as many entries");
        for (size_t i = 0; i < m_list.size(); ++i)
            require(found.entries.at(i).term == m_list.at(i), "it holds the same entries");
    }
    int callbacks() const { return m_called; }
    int appends() const { return m_appends; }

private:
    static constexpr qint64 kThreeEntries = 250;

    void write(const wal::Wal::Batch &batch)
    {
        const int number = m_appends++;
        m_log->append(batch, [this, number](const Result<void> &result) {
            require(result.has_value() && number == m_called++, "each is told once, in order");
        });
        if (m_random.below(2) == 0)
            sync();
    }
    void sync()
    {
        while (!m_jobs.empty()) {
            const auto [work, done] = std::move(m_jobs.front());
            m_jobs.pop_front();
            done(work());
        }
    }
    void append(Index first)
    {
        m_list.resize(first - m_boundary - 1);
        ++m_term;
        std::vector<Entry> entries;
        for (quint64 i = m_random.below(5) + 1; i > 0; --i) {
            m_list.push_back(m_term);
            entries.push_back(
                {m_term, m_boundary + m_list.size(), EntryType::Command,
                 QByteArray(int(m_random.below(60)), 'x')});
        }
        wal::Wal::Batch batch;
        batch.entries = &entries;
        write(batch);
    }
    void compact()
    {
        if (m_list.empty())
            return;
        const Index upTo = m_boundary + 1 + m_random.below(m_list.size());
        wal::Wal::Batch batch;
        batch.marker = {upTo, m_list.at(upTo - m_boundary - 1)};
        m_list.erase(m_list.begin(), m_list.begin() + qint64(upTo - m_boundary));
        m_boundary = upTo;
        write(batch);
        sync();
        require(
            wal::Wal::remove(m_disk, m_log->release(upTo)).has_value(), "what is superseded goes");
    }
    void install()
    {
        m_boundary += m_list.size() + 1 + m_random.below(10);
        m_list.clear();
        wal::Wal::Batch batch;
        batch.marker = {m_boundary, ++m_term};
        write(batch);
        sync();
    }

    SeededRandom m_random;
    SimDisk m_disk;
    std::unique_ptr<wal::Wal> m_log;
    std::deque<std::pair<std::function<Result<void>()>, std::function<void(Result<void>)>>> m_jobs;
    Index m_boundary = 0;
    std::vector<Term> m_list;
    Term m_term = 1;
    int m_appends = 0;
    int m_called = 0;
};

} // namespace

void TestRecovery::theLogIsWhatAPlainListIs()
{
    QD_PROVES("R-19");
    int appends = 0;
    for (quint64 seed = 1; seed <= 100; ++seed) {
        LogAndList both(seed);
        for (int i = 0; i < 200; ++i) {
            try {
                both.doAnything();
            } catch (const Violation &violation) {
                QFAIL(qPrintable(
                    QStringLiteral("seed %1: %2").arg(seed).arg(violation.what.c_str())));
            }
        }
        appends += both.appends();
    }
    QVERIFY(appends > 10'000);
}

/// What finds no room is not durable, and goes to the disk in order when there is some.
void TestRecovery::aFullDiskMakesTheLogWaitAndLosesNothing()
{
    QD_PROVES("R-45");
    for (quint64 seed = 1; seed <= 50; ++seed) {
        try {
            LogAndList both(seed);
            require(both.appendWhileFull(40), "what found no room is not called durable");
            both.makeRoom();
            require(both.callbacks() == both.appends(), "with room each is told");
            both.reopen();
        } catch (const Violation &violation) {
            QFAIL(qPrintable(QStringLiteral("seed %1: %2").arg(seed).arg(violation.what.c_str())));
        }
    }
}

/// The lead goes to one whose disk has room; the full one goes on when it has some again.
void TestRecovery::oneFullDiskStopsNobodyElse()
{
    QD_PROVES("R-45");
    for (quint64 seed = 1; seed <= 10; ++seed) {
        Cluster cluster({.seed = seed, .segmentSize = 4'000});
        QVERIFY(settle(cluster));
        SimNode &full = *cluster.leader();
        full.disk().setFull(true);
        QVERIFY(cluster.runUntil(
            [&] { return cluster.leader() != nullptr && cluster.leader() != &full; },
            patience(cluster)));
        QVERIFY(!full.replica().alarms().isEmpty());
        QVERIFY(writeMany(cluster, 60));
        QVERIFY(full.isUp());
        full.disk().setFull(false);
        QVERIFY(agreeSoon(cluster));
        QVERIFY(full.replica().alarms().isEmpty());
    }
}

void TestRecovery::fullDisksEverywhereEndWhenThereIsRoom()
{
    QD_PROVES("R-45");
    for (quint64 seed = 1; seed <= 10; ++seed) {
        Cluster cluster({.seed = seed});
        QVERIFY(settle(cluster));
        for (NodeId id = 1; id <= 3; ++id)
            cluster.node(id).disk().setFull(true);
        cluster.run(2'000'000); // each looks once a second
        QString refused;
        QByteArray read;
        SimNode &leader = *cluster.leader();
        leader.act([&] {
            store::WriteRequest write;
            write.key = QStringLiteral("/full");
            leader.replica().write(write, 60'000, [&](const Result<store::Event> &result) {
                refused = result ? QString() : result.error().code;
            });
            leader.replica().read(
                {.key = QStringLiteral("/n/1"), .quorum = true}, 60'000,
                [&](const Result<store::Event> &result) {
                    read = result ? result->node.value : QByteArray();
                });
        });
        QVERIFY(cluster.runUntil([&] { return !read.isEmpty(); }, patience(cluster)));
        QCOMPARE(refused, code::noSpace);
        for (NodeId id = 1; id <= 3; ++id) {
            QVERIFY(cluster.node(id).isUp());
            cluster.node(id).disk().setFull(false);
        }
        cluster.run(4'000'000);
        QVERIFY(writeMany(cluster, 5));
        QVERIFY(agreeSoon(cluster));
    }
}

/// No read is answered by a lease: whoever still believes to lead must hear from a majority, and no
/// clock has a say in it.
void TestRecovery::clocksThatDriftAnswerNoOldReads()
{
    QD_PROVES("R-51");
    for (quint64 seed = 1; seed <= 20; ++seed) {
        Cluster cluster({.seed = seed, .driftPerMille = 100});
        QVERIFY(settle(cluster));
        SimNode &old = *cluster.leader();
        cluster.isolate(old.id());
        int answers = 0;
        const auto read = [&](qint64 timeoutMs) {
            old.act([&] {
                old.replica().read(
                    {.key = QStringLiteral("/n/1"), .quorum = true}, timeoutMs,
                    [&](const Result<store::Event> &result) { answers += result ? 1 : 0; });
            });
        };
        // Within any lease that it could have had, and beyond each.
        for (int i = 0; i < 20; ++i) {
            read(500);
            cluster.run(cluster.electionUs() / 5);
        }
        QCOMPARE(answers, 0);
        cluster.healNetwork();
        QVERIFY(agreeSoon(cluster));
        cluster.run(1'000'000); // nobody waits for the earlier ones any more
        answers = 0;
        read(60'000);
        QVERIFY(cluster.runUntil([&] { return answers == 1; }, patience(cluster)));
    }
}

int main(int argc, char **argv)
{
    QHashSeed::setDeterministicGlobalSeed();
    QLoggingCategory::setFilterRules(QStringLiteral("qd.*=false"));
    QCoreApplication app(argc, argv);
    TestRecovery test;
    return ::qd::proof::run(&test, argc, argv);
}
#include "tst_recovery.moc"
