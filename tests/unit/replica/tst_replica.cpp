// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/store/replica/local_store.h"
#include "agent/wal/posix_disk.h"
#include "shared/base/bytes.h"
#include "tests/support/proof.h"

#include <QTemporaryDir>
#include <deque>

using namespace qd;
using namespace qd::store;

namespace {

class TestClock final : public Clock {
public:
    qint64 monotonicMs() const override { return nowMs; }
    qint64 wallUs() const override { return 1'000'000'000 + nowMs * 1'000; }
    qint64 nowMs = 0;
};

/// The smallest state: values by key, some with an end.
class MapMachine final : public StateMachine {
public:
    Result<Event> apply(raft::Index, raft::Term, const Command &command) override
    {
        std::erase_if(m_values, [&](const auto &item) {
            return item.second.endUs && *item.second.endUs <= command.clockUs;
        });
        if (command.type == CommandType::Write) {
            ++applied;
            m_values[command.write.key] = {command.write.value + slip, command.expirationUs};
        }
        return Event{};
    }
    Result<Event> get(const GetRequest &request) const override
    {
        const auto at = m_values.find(request.key);
        if (at == m_values.end())
            return fail(code::notFound, request.key);
        Event event;
        event.node.value = at->second.value;
        return event;
    }
    Result<quint64> walk(const GetRequest &, NodeVisitor &) const override { return 0; }
    std::unique_ptr<Watch> watch(const WatchRequest &, WatchHandler) override { return nullptr; }
    History history(const QString &, bool) const override { return {}; }
    void save(ByteWriter &writer) const override
    {
        for (const auto &[key, value] : m_values) {
            writer.text(key);
            writer.bytes(value.value);
        }
    }
    Result<void> restore(QByteArrayView bytes) override
    {
        m_values.clear();
        ByteReader reader(bytes);
        while (!reader.atEnd()) {
            const QString key = reader.text();
            m_values[key] = {reader.bytes(), {}};
        }
        return {};
    }
    bool hasExpirations() const override
    {
        return std::any_of(m_values.begin(), m_values.end(), [](const auto &item) {
            return item.second.endUs.has_value();
        });
    }
    void reset() { m_values.clear(); }
    int applied = 0;
    QByteArray slip; ///< a fault: what is written gets this at its end

private:
    struct Value {
        QByteArray value;
        std::optional<qint64> endUs;
    };
    std::map<QString, Value> m_values;
};

/// A folder in which snapshots find no room while it is said so; nobody can tell before.
class CrampedDisk final : public wal::Disk {
public:
    explicit CrampedDisk(const QString &folder)
        : m_disk(std::move(*wal::PosixDisk::open(folder)))
    {
    }
    Result<std::unique_ptr<wal::DiskFile>> open(const QString &name, Mode mode) override
    {
        if (takesNoSnapshots && name.endsWith(QLatin1String(".snap.tmp")))
            return fail(code::noSpace, QStringLiteral("no room"));
        return m_disk->open(name, mode);
    }
    Result<QStringList> list() const override { return m_disk->list(); }
    Result<void> rename(const QString &from, const QString &to) override
    {
        return m_disk->rename(from, to);
    }
    Result<void> remove(const QString &name) override { return m_disk->remove(name); }
    Result<void> syncFolder() override { return m_disk->syncFolder(); }
    wal::Space space() const override { return m_disk->space(); }
    bool takesNoSnapshots = false;

private:
    std::unique_ptr<wal::PosixDisk> m_disk;
};

class Cluster;

using Jobs =
    std::deque<std::pair<std::function<Result<void>()>, std::function<void(Result<void>)>>>;

/// One member on a folder of its own; its syncs run when the cluster turns.
struct Member final : wal::SyncRunner, PeerTransport {
    Member(Cluster &cluster, raft::NodeId id, const raft::Membership &initial);

    void run(std::function<Result<void>()> work, std::function<void(Result<void>)> done) override
    {
        jobs.emplace_back(std::move(work), std::move(done));
    }
    void send(raft::NodeId to, PeerKind kind, const QByteArray &payload) override;
    void sendSnapshot(
        const raft::Message &message, const QByteArray &state,
        std::function<void(bool)> done) override;
    void start();

    /// Where snapshots are saved: held up while `isSlow`.
    struct Saves final : wal::SyncRunner {
        explicit Saves(Member &of)
            : member(of)
        {
        }
        void
        run(std::function<Result<void>()> work, std::function<void(Result<void>)> done) override
        {
            (isSlow ? held : member.jobs).emplace_back(std::move(work), std::move(done));
        }
        Member &member;
        bool isSlow = false;
        Jobs held;
    };

    Cluster &cluster;
    raft::NodeId id;
    QTemporaryDir temp;
    CrampedDisk disk;
    SeededRandom random;
    MapMachine machine;
    Jobs jobs;
    Saves saves{*this};
    ReplicaOptions options;
    std::unique_ptr<Replica> replica;
    bool up = true;
    bool wanted = false;
    QString diverged; ///< why it was stopped
    /// Set: its snapshots get stuck on their way, and are kept here.
    bool shipsNothing = false;
    std::vector<std::function<void(bool)>> stuck;
    int snapshotsShipped = 0;
};

class Cluster {
public:
    explicit Cluster(int voters, quint64 snapshotEvery = 10'000)
        : every(snapshotEvery)
    {
        raft::Membership initial;
        for (int i = 1; i <= voters; ++i)
            initial.voters.push_back(raft::NodeId(i));
        for (int i = 1; i <= voters; ++i)
            add(raft::NodeId(i), initial);
    }
    Member &add(raft::NodeId id, const raft::Membership &initial)
    {
        auto &member = members[id];
        member = std::make_unique<Member>(*this, id, initial);
        member->start();
        return *member;
    }
    /// One tick of 100 ms, then everything that follows from it.
    void turn()
    {
        clock.nowMs += 100;
        for (auto &[id, member] : members) {
            if (member->up)
                member->replica->tick();
        }
        settle();
    }
    void settle()
    {
        for (int round = 0; round < 500; ++round) {
            bool busy = !wires.empty();
            for (auto deliver = std::exchange(wires, {}); const auto &wire : deliver)
                wire();
            for (auto &[id, member] : members) {
                if (!member->up)
                    continue;
                if (std::exchange(member->wanted, false)) {
                    busy = true;
                    member->replica->pump();
                }
                while (!member->jobs.empty()) {
                    busy = true;
                    const auto [work, done] = std::move(member->jobs.front());
                    member->jobs.pop_front();
                    done(work());
                }
            }
            if (!busy)
                return;
        }
    }
    template <class Condition>
    bool turnUntil(Condition condition, int turns = 200)
    {
        for (int i = 0; i < turns && !condition(); ++i)
            turn();
        return condition();
    }
    Member *leader()
    {
        for (auto &[id, member] : members) {
            if (member->up && member->replica->isLeader())
                return member.get();
        }
        return nullptr;
    }
    Member *follower()
    {
        for (auto &[id, member] : members) {
            if (member->up && !member->replica->isLeader())
                return member.get();
        }
        return nullptr;
    }
    bool elected()
    {
        return turnUntil([this] { return leader() != nullptr; });
    }

    quint64 every;
    TestClock clock;
    std::map<raft::NodeId, std::unique_ptr<Member>> members;
    std::vector<std::function<void()>> wires;
};

Member::Member(Cluster &of, raft::NodeId who, const raft::Membership &initial)
    : cluster(of)
    , id(who)
    , disk(temp.filePath(QStringLiteral("wal")))
    , random(who)
{
    options.raft.id = id;
    options.identity = {7, id};
    options.initial = initial;
    options.snapshotEvery = of.every;
    options.keepEntries = 2;
}

void Member::start()
{
    machine.reset();
    replica = std::make_unique<Replica>(
        options, ReplicaWorld{
                     cluster.clock,
                     random,
                     disk,
                     *this,
                     saves,
                     *this,
                     machine,
                     [this] { wanted = true; },
                     [](const Error &error) { qFatal("%s", qPrintable(error.text())); },
                     {},
                     {},
                     [this](const Error &error) {
                         diverged = error.message;
                         up = false;
                     }});
    if (const auto started = replica->start(); !started)
        qFatal("%s", qPrintable(started.error().text()));
}

void Member::send(raft::NodeId to, PeerKind kind, const QByteArray &payload)
{
    cluster.wires.push_back([this, to, kind, payload] {
        const auto at = cluster.members.find(to);
        if (up && at != cluster.members.end() && at->second->up)
            at->second->replica->receive(id, kind, payload);
    });
}

void Member::sendSnapshot(
    const raft::Message &message, const QByteArray &state, std::function<void(bool)> done)
{
    if (shipsNothing) {
        stuck.push_back(std::move(done));
        return;
    }
    cluster.wires.push_back([this, message, state, done = std::move(done)] {
        const auto at = cluster.members.find(message.to);
        const bool there = up && at != cluster.members.end() && at->second->up;
        ++snapshotsShipped;
        if (there)
            at->second->replica->receiveSnapshot(message, state);
        done(there);
    });
}

WriteRequest put(const QString &key, const QByteArray &value)
{
    WriteRequest request;
    request.key = key;
    request.value = value;
    return request;
}

struct Answer {
    std::shared_ptr<std::optional<Result<Event>>> at =
        std::make_shared<std::optional<Result<Event>>>();
    EventHandler handler() const
    {
        return [at = at](const Result<Event> &result) { *at = result; };
    }
    bool came() const { return at->has_value(); }
    bool ok() const { return came() && (*at)->has_value(); }
};

QByteArray valueAt(const Member &member, const QString &key)
{
    GetRequest request;
    request.key = key;
    const auto got = member.machine.get(request);
    return got ? got->node.value : QByteArrayLiteral("(none)");
}

const QString kKey = QStringLiteral("/a");

} // namespace

class TestReplica : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aWriteOnAFollowerReachesAll()
    {
        Cluster cluster(3);
        QVERIFY(cluster.elected());
        Answer answer;
        LocalStore(*cluster.follower()->replica).write(put(kKey, "1"), answer.handler());
        QVERIFY(!answer.came());
        QVERIFY(cluster.turnUntil([&] { return answer.came(); }, 5));
        QVERIFY(answer.ok());
        QVERIFY(cluster.turnUntil([&] {
            return std::all_of(cluster.members.begin(), cluster.members.end(), [](const auto &m) {
                return valueAt(*m.second, kKey) == "1";
            });
        }));
    }

    void aSnapshotThatTakesLongHoldsUpNoWrite()
    {
        Cluster cluster(1, 10);
        QVERIFY(cluster.elected());
        Member &only = *cluster.leader();
        only.saves.isSlow = true;
        for (int i = 0; i < 30; ++i) {
            Answer written;
            only.replica->write(put(kKey, QByteArray::number(i)), 5'000, written.handler());
            QVERIFY(cluster.turnUntil([&] { return written.ok(); }, 3));
        }
        QCOMPARE(only.saves.held.size(), size_t(1)); // one at a time
        QCOMPARE(only.replica->status().snapshotIndex, raft::Index(0));

        const auto [work, done] = only.saves.held.front();
        done(work());
        QCOMPARE(only.replica->status().snapshotIndex, raft::Index(10));
        only.start(); // what was written meanwhile is there
        QVERIFY(cluster.elected());
        QCOMPARE(valueAt(only, kKey), QByteArray("29"));
    }

    void aQuorumReadOnAFollowerSeesTheLastWrite()
    {
        Cluster cluster(3);
        QVERIFY(cluster.elected());
        Answer written;
        cluster.leader()->replica->write(put(kKey, "2"), 5'000, written.handler());
        QVERIFY(cluster.turnUntil([&] { return written.ok(); }));
        Answer read;
        GetRequest request;
        request.key = kKey;
        request.quorum = true;
        LocalStore store(*cluster.follower()->replica);
        store.get(request, read.handler());
        QVERIFY(cluster.turnUntil([&] { return read.came(); }, 10));
        QVERIFY(read.ok());
        QCOMPARE((*read.at)->value().node.value, QByteArray("2"));
    }

    void aForwardThatDiesWithItsLeaderGoesToTheNextOneAndIsAppliedOnce()
    {
        QD_PROVES("R-33");
        Cluster cluster(3);
        QVERIFY(cluster.elected());
        Member *const old = cluster.leader();
        Member *const asked = cluster.follower();
        Answer answer;
        asked->replica->write(put(kKey, "3"), 60'000, answer.handler());
        old->up = false; // with the forward on its way
        cluster.wires.clear();
        QVERIFY(cluster.turnUntil([&] { return cluster.leader() != nullptr; }));
        QVERIFY(cluster.turnUntil([&] { return answer.came(); }, 3));
        QVERIFY(answer.ok());
        QCOMPARE(asked->machine.applied, 1);
    }

    void aWriteThatIsProposedTwiceIsAppliedOnceByEveryMember()
    {
        QD_PROVES("R-33");
        Cluster cluster(3);
        QVERIFY(cluster.elected());
        cluster.turn();
        const raft::Index before = cluster.leader()->replica->status().raft.lastIndex;
        Answer answer;
        cluster.follower()->replica->write(put(kKey, "3"), 5'000, answer.handler());
        const auto forward = cluster.wires;
        QCOMPARE(forward.size(), size_t(1));
        cluster.wires.push_back(forward.front());
        QVERIFY(cluster.turnUntil([&] { return answer.came(); }, 5));
        QVERIFY(answer.ok());
        QVERIFY(cluster.turnUntil([&] {
            return std::all_of(cluster.members.begin(), cluster.members.end(), [&](const auto &m) {
                return m.second->replica->status().applied == before + 2;
            });
        }));
        for (const auto &[id, member] : cluster.members)
            QCOMPARE(member->machine.applied, 1);
    }

    void withoutALeaderAWriteEndsInTimeAndSaysSo()
    {
        Cluster cluster(3);
        Answer answer;
        cluster.members.at(2)->up = false;
        cluster.members.at(3)->up = false;
        cluster.members.at(1)->replica->write(put(kKey, "4"), 5'000, answer.handler());
        QVERIFY(cluster.turnUntil([&] { return answer.came(); }, 60));
        QVERIFY(!answer.ok());
        QCOMPARE((*answer.at)->error().code, code::noLeader);
    }

    void aClusterOfOneAnswersOnlyWhatIsOnDisk()
    {
        QD_PROVES("R-35");
        Cluster cluster(1);
        QVERIFY(cluster.elected());
        Member &only = *cluster.members.at(1);
        Answer answer;
        only.replica->write(put(kKey, "5"), 5'000, answer.handler());
        for (int i = 0; i < 5; ++i)
            only.replica->pump(); // but no sync ends
        QVERIFY(!answer.came());
        cluster.settle();
        QVERIFY(answer.ok());
        only.replica.reset();
        only.jobs.clear();
        only.start();
        QVERIFY(cluster.turnUntil([&] { return valueAt(only, kKey) == "5"; }));
    }

    void theLogInMemoryIsBoundedByItsBytes()
    {
        Cluster cluster(1, 10);
        Member &only = *cluster.members.at(1);
        only.replica.reset();
        only.jobs.clear();
        only.options.keepEntries = 1'000;
        only.options.keepBytes = 2'500;
        only.start();
        QVERIFY(cluster.elected());
        for (int i = 0; i < 45; ++i) {
            only.replica->write(put(kKey, QByteArray(1'000, 'v')), 5'000, [](auto &&) {});
            cluster.turn();
        }
        const raft::Index snapshot = only.replica->status().snapshotIndex;
        QVERIFY(snapshot >= 40);
        QCOMPARE(only.replica->consensus()->log().firstIndex(), snapshot - 1); // two entries
    }

    void aJoinerCatchesUpByASnapshot()
    {
        Cluster cluster(1, 10);
        QVERIFY(cluster.elected());
        Member &first = *cluster.members.at(1);
        for (int i = 0; i < 40; ++i) {
            first.replica->write(put(kKey, QByteArray::number(i)), 5'000, [](auto &&) {});
            cluster.turn();
        }
        QVERIFY(first.replica->status().snapshotIndex > 10);
        Member &joiner = cluster.add(2, {});
        bool changed = false;
        first.replica->change(
            {{raft::MembershipChange::Kind::AddLearner, 2, "n2"}},
            [&](const Result<void> &result) { changed = result.has_value(); });
        QVERIFY(cluster.turnUntil([&] { return changed; }));
        QVERIFY(cluster.turnUntil([&] { return valueAt(joiner, kKey) == "39"; }));
        QVERIFY(joiner.replica->status().snapshotIndex > 10);
        QVERIFY(cluster.turnUntil(
            [&] { return raft::isLearner(joiner.replica->status().membership, 2); }));
    }

    /// It goes on without it, votes and answers, and takes the next one when there is room.
    void aSnapshotThatFindsNoRoomEndsNobody()
    {
        QD_PROVES("R-45");
        Cluster cluster(3, 10);
        QVERIFY(cluster.elected());
        Member &behind = *cluster.follower();
        behind.up = false;
        Member &leader = *cluster.leader();
        for (int i = 0; i < 40; ++i) {
            leader.replica->write(put(kKey, QByteArray::number(i)), 5'000, [](auto &&) {});
            cluster.turn();
        }
        QVERIFY(leader.replica->status().snapshotIndex > 10);
        behind.disk.takesNoSnapshots = true;
        behind.up = true;
        const int shipped = leader.snapshotsShipped;
        QVERIFY(cluster.turnUntil([&] { return leader.snapshotsShipped > shipped + 1; }));
        QCOMPARE(valueAt(behind, kKey), QByteArray("(none)"));
        QCOMPARE(behind.replica->status().snapshotIndex, raft::Index(0));
        behind.disk.takesNoSnapshots = false;
        QVERIFY(cluster.turnUntil([&] { return valueAt(behind, kKey) == "39"; }));
    }

    /// A member whose state is another one notices, and stops; the others say who it was.
    void theOddOneStops_data()
    {
        QTest::addColumn<int>("place");
        QTest::addColumn<bool>("isSlow");
        QTest::newRow("a follower") << 1 << false;
        QTest::newRow("the leader") << 0 << false;
        QTest::newRow("while snapshots are being saved") << 1 << true;
    }
    void theOddOneStops()
    {
        QFETCH(int, place);
        QFETCH(bool, isSlow);
        Cluster cluster(3, 10);
        QVERIFY(cluster.elected());
        for (int i = 0; isSlow && i < 15; ++i) { // one is under way everywhere
            for (auto &[id, member] : cluster.members)
                member->saves.isSlow = true;
            cluster.leader()->replica->write(put(kKey, "x"), 5'000, [](auto &&) {});
            cluster.turn();
        }
        const raft::NodeId leader = cluster.members.at(1)->replica->leader();
        Member &odd = *cluster.members.at(place == 0 ? leader : leader % 3 + 1);
        odd.machine.slip = "?";
        // Whoever leads writes on until everybody has come to the next place of comparison.
        for (int i = 0; i < 60 && odd.diverged.isEmpty(); ++i) {
            for (auto &[id, member] : cluster.members) {
                if (member->up && member->replica->isLeader())
                    member->replica->write(put(kKey, QByteArray::number(i)), 5'000, [](auto &&) {});
            }
            cluster.turn();
        }
        QVERIFY2(
            odd.diverged.contains(QStringLiteral("is not that of the other members")),
            qPrintable(odd.diverged));
        for (auto &[id, member] : cluster.members) {
            if (id == odd.id)
                continue;
            QVERIFY(member->diverged.isEmpty());
            const QList<Alarm> alarms = member->replica->alarms();
            QCOMPARE(alarms.size(), 1);
            QCOMPARE(alarms.first().kind, Alarm::Kind::Diverged);
            QCOMPARE(alarms.first().member.toULongLong(nullptr, 16), odd.id);
        }
    }

    void whoIsOddFollowsFromAMajorityOfTheVoters()
    {
        const std::vector<raft::NodeId> voters{1, 2, 3};
        StateCheck check;
        QCOMPARE(check.verdict(voters).index, raft::Index(0));
        check.tell(1, {10, 7});
        QVERIFY(!check.verdict({}).split); // a newcomer does not know yet who votes
        QCOMPARE(check.verdict(voters).index, raft::Index(0)); // the others have not come so far
        check.tell(2, {10, 8});
        QCOMPARE(check.verdict(voters).index, raft::Index(0));
        QVERIFY(check.verdict({1, 2}).split); // there is nobody else to ask
        check.tell(3, {10, 8});
        QCOMPARE(check.verdict(voters).odd, std::vector<raft::NodeId>{1});
        check.tell(4, {10, 9}); // a learner
        QCOMPARE(check.verdict(voters).odd, (std::vector<raft::NodeId>{1, 4}));
        check.tell(2, {20, 5}); // alone so far: the last place still counts
        QCOMPARE(check.verdict(voters).index, raft::Index(10));
        check.tell(1, {20, 5});
        QCOMPARE(check.verdict(voters).index, raft::Index(20));
        QVERIFY(check.verdict(voters).odd.empty());
        const auto back = decodeStateHash(encode(StateHash{20, 5}));
        QVERIFY(back && back->index == 20 && back->hash == 5);
        QVERIFY(!decodeStateHash("x"));
    }

    void aStalledReceiverKeepsTheLeaderFromNothing()
    {
        QD_PROVES("R-46", "R-40");
        Cluster cluster(1, 10);
        QVERIFY(cluster.elected());
        Member &first = *cluster.members.at(1);
        const auto write = [&](int count) {
            for (int i = 0; i < count; ++i) {
                first.replica->write(put(kKey, QByteArray::number(i)), 5'000, [](auto &&) {});
                cluster.turn();
            }
        };
        write(40);
        first.shipsNothing = true;
        Member &joiner = cluster.add(2, {});
        first.replica->change(
            {{raft::MembershipChange::Kind::AddLearner, 2, "n2"}}, [](auto &&) {});
        QVERIFY(cluster.turnUntil([&] { return !first.stuck.empty(); }));
        const raft::Index before = first.replica->status().raft.firstIndex;
        write(40);
        QVERIFY(first.replica->status().raft.firstIndex > before + 20); // it still compacts
        QCOMPARE(first.stuck.size(), size_t(1));                        // and ships one at a time

        // The receiver is restarted in the middle of it, with what an earlier life left behind.
        joiner.up = false;
        const QString rest = joiner.temp.filePath(QStringLiteral("wal/000000000000001e.snap.tmp"));
        QFile file(rest);
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write("half of a snapshot") > 0);
        file.close();
        joiner.jobs.clear();
        joiner.start();
        joiner.up = true;
        QVERIFY(!QFile::exists(rest));
        first.shipsNothing = false;
        first.stuck.front()(false);
        QVERIFY(cluster.turnUntil([&] { return valueAt(joiner, kKey) == "39"; }));
    }

    void aLeaderThatTakesNoMoreSaysSoToWhoeverAsked()
    {
        QD_PROVES("R-25");
        Cluster cluster(3);
        for (auto &[id, member] : cluster.members) {
            member->options.raft.maxUncommittedBytes = 2'000;
            member->start();
        }
        QVERIFY(cluster.elected());
        Member &leader = *cluster.leader();
        Member &follower = *cluster.follower();
        for (auto &[id, member] : cluster.members)
            member->up = member.get() == &leader; // nobody makes a majority with it
        Answer last;
        for (int i = 0; i < 10; ++i) {
            last = Answer();
            leader.replica->write(put(kKey, QByteArray(1'000, 'x')), 60'000, last.handler());
            cluster.settle();
        }
        QVERIFY(last.at->has_value());
        QCOMPARE((*last.at)->error().code, code::limit);
        QVERIFY(leader.replica->status().raft.lastIndex < 10); // the log did not grow on
        // A follower that still knows this leader passes a write on, and hears the same.
        cluster.wires.clear();
        follower.up = true;
        Answer far;
        follower.replica->write(put(kKey, QByteArray(1'000, 'y')), 60'000, far.handler());
        for (int way = 0; way < 2; ++way) { // there and back
            for (auto deliver = std::exchange(cluster.wires, {}); const auto &wire : deliver)
                wire();
        }
        follower.replica->pump();
        QVERIFY(far.at->has_value());
        QCOMPARE((*far.at)->error().code, code::limit);
        QVERIFY(cluster.turnUntil([&] {
            Answer again;
            cluster.leader()->replica->write(put(kKey, "1"), 5'000, again.handler());
            cluster.turn();
            return again.ok();
        }));
    }

    void aKeyExpiresByTheLeadersCommittedClock()
    {
        QD_PROVES("R-54");
        Cluster cluster(3);
        QVERIFY(cluster.elected());
        WriteRequest request = put(kKey, "6");
        request.ttl = 2;
        Answer answer;
        cluster.follower()->replica->write(request, 5'000, answer.handler());
        QVERIFY(cluster.turnUntil([&] { return answer.ok(); }));
        QCOMPARE(valueAt(*cluster.follower(), kKey), QByteArray("6"));
        QVERIFY(cluster.turnUntil(
            [&] {
                return std::all_of(
                    cluster.members.begin(), cluster.members.end(),
                    [](const auto &m) { return valueAt(*m.second, kKey) == "(none)"; });
            },
            35));
    }
};

QD_TEST_MAIN(TestReplica)
#include "tst_replica.moc"
