// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/store/replica/local_store.h"
#include "agent/wal/posix_disk.h"
#include "shared/base/bytes.h"
#include "shared/base/crc32c.h"
#include "tests/support/proof.h"

#include <QTemporaryDir>
#include <deque>

/// Replicas in one process: each with a folder of its own, frames as calls, time as turns.
namespace qd::store::testing {

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
    quint64 sum() const override { return crc32c(saved(*this)); }
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

/// The context of a member that has taken part.
inline const QByteArray kCame = "came";

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
    bool mayFail = false;
    Error failure; ///< that it ended with
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
        if (asksAtFirst)
            member->options.saysItCame = [](const raft::Membership &members, raft::NodeId id) {
                const auto &said = members.contexts;
                return std::any_of(said.begin(), said.end(), [id](const auto &each) {
                    return each.id == id && each.bytes == kCame;
                });
            };
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
    bool asksAtFirst = false; ///< of members that are added from now on
    TestClock clock;
    std::map<raft::NodeId, std::unique_ptr<Member>> members;
    std::vector<std::function<void()>> wires;
};

inline Member::Member(Cluster &of, raft::NodeId who, const raft::Membership &initial)
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

inline void Member::start()
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
                     [this](const Error &error) {
                         if (!mayFail)
                             qFatal("%s", qPrintable(error.text()));
                         failure = error;
                         up = false;
                     },
                     {},
                     {},
                     [this](const Error &error) {
                         diverged = error.message;
                         up = false;
                     },
                     [this]() -> Result<void> {
                         options.hasRun = true;
                         return {};
                     }});
    if (const auto started = replica->start(); !started)
        qFatal("%s", qPrintable(started.error().text()));
}

inline void Member::send(raft::NodeId to, PeerKind kind, const QByteArray &payload)
{
    cluster.wires.push_back([this, to, kind, payload] {
        const auto at = cluster.members.find(to);
        if (up && at != cluster.members.end() && at->second->up)
            at->second->replica->receive(id, kind, payload);
    });
}

inline void Member::sendSnapshot(
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

inline WriteRequest put(const QString &key, const QByteArray &value)
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

inline QByteArray valueAt(const Member &member, const QString &key)
{
    GetRequest request;
    request.key = key;
    const auto got = member.machine.get(request);
    return got ? got->node.value : QByteArrayLiteral("(none)");
}

inline const QString kKey = QStringLiteral("/a");

} // namespace qd::store::testing
