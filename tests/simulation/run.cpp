// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/run.h"

#include <QStringList>

namespace qd::sim {

using namespace raft;

namespace {

constexpr quint64 kFaultLabel = 0x7000;
constexpr quint64 kClientLabel = 0x8000;
constexpr quint64 kHealLabel = 0x9000;
constexpr quint64 kChangeLabel = 0xa000;
constexpr size_t kMostMembers = 8;
/// For a member that has much to catch up, one entry a message where the seed says so.
constexpr qint64 kCatchUpUs = 2'000'000;

ClusterOptions optionsOf(quint64 seed, const Faults &mutant)
{
    SeededRandom random(seed * 7919 + 17);
    const auto pick = [&](std::initializer_list<qint64> values) {
        return values.begin()[random.below(values.size())];
    };
    ClusterOptions options;
    options.seed = seed;
    options.nodes = int(pick({3, 5, 5, 5}));
    options.electionTicks = int(pick({3, 5, 10}));
    options.tickUs = 20'000;
    options.maxAppendBytes = pick({1, 1, 100, 512 * 1024});
    options.snapshotEvery = quint64(pick({5, 20, 200}));
    options.maxSyncUs = pick({500, 10'000, 60'000});
    // A disk that takes about an election time-out for a sync elects nobody: no promise is made
    // there.
    options.maxSyncUs = std::min(options.maxSyncUs, options.electionTicks * options.tickUs / 6);
    options.mutant = mutant;
    return options;
}

/// The bad luck of one history.
class Faulty {
public:
    Faulty(Cluster &cluster, quint64 seed)
        : m_cluster(cluster)
        , m_random(seed ^ 0x5eed)
        , m_meanFaultUs(qint64(25'000) << m_random.below(4))
        , m_meanClientUs(qint64(2'000) << m_random.below(6))
        , m_changesMembers(seed % 2 == 0)
        , m_whispers(seed % 4 == 1)
    {
    }

    void begin()
    {
        Weather weather;
        weather.meanUs = qint64(500) << m_random.below(7);
        weather.lossPerMille = int(m_random.below(2) * m_random.below(300));
        weather.duplicatesPerMille = int(m_random.below(100));
        m_cluster.setWeather(weather);
        nextFault();
        nextClient();
        if (m_changesMembers)
            nextChange();
    }
    void end()
    {
        m_on = false;
        m_cluster.setWeather({});
        m_cluster.healNetwork();
        for (int id = 1; id <= m_cluster.size(); ++id) {
            m_cluster.node(NodeId(id)).disk().dieAfter(0);
            m_cluster.start(NodeId(id));
        }
    }

private:
    NodeId anyone() { return 1 + m_random.below(quint64(m_cluster.size())); }
    /// Bad luck often has a taste for the leader.
    NodeId victim()
    {
        SimNode *leader = m_cluster.leader();
        return leader != nullptr && m_random.below(2) == 0 ? leader->id() : anyone();
    }

    void nextFault()
    {
        m_cluster.scheduler().after(
            1 + qint64(m_random.below(quint64(2 * m_meanFaultUs))), kFaultLabel, [this] {
                if (!m_on)
                    return;
                strike();
                nextFault();
            });
    }
    void nextClient()
    {
        m_cluster.scheduler().after(
            1 + qint64(m_random.below(quint64(2 * m_meanClientUs))), kClientLabel, [this] {
                if (m_on) {
                    m_cluster.writeSomewhere();
                    nextClient();
                }
            });
    }
    void nextChange()
    {
        m_cluster.scheduler().after(
            1 + qint64(m_random.below(quint64(4 * m_meanFaultUs))), kChangeLabel, [this] {
                if (m_on) {
                    changeMembers();
                    nextChange();
                }
            });
    }
    /// Members come, rise, go, and are exchanged several at once.
    void changeMembers()
    {
        using Kind = MembershipChange::Kind;
        SimNode *const leader = m_cluster.leader();
        if (leader == nullptr)
            return;
        const Membership now = leader->raft().membership();
        const auto anyOf = [this](const std::vector<NodeId> &ids) {
            return ids.empty() ? kNobody : ids.at(m_random.below(ids.size()));
        };
        switch (m_random.below(5)) {
        case 0:
        case 1:
            if (now.voters.size() + now.learners.size() < kMostMembers &&
                leader->change({{Kind::AddLearner, NodeId(m_cluster.size() + 1), {}}}))
                m_cluster.add();
            return;
        case 2:
            leader->change({{Kind::Promote, anyOf(now.learners), {}}});
            return;
        case 3:
            leader->change(
                {{Kind::Remove, anyOf(m_random.below(4) == 0 ? now.learners : now.voters), {}}});
            return;
        default:
            exchange(*leader, now);
        }
    }
    void exchange(SimNode &leader, const Membership &now)
    {
        using Kind = MembershipChange::Kind;
        std::vector<MembershipChange> changes;
        for (size_t i = 0; i < std::min(now.learners.size(), now.voters.size()); ++i) {
            changes.push_back({Kind::Promote, now.learners.at(i), {}});
            changes.push_back({Kind::Remove, now.voters.at(i), {}});
        }
        if (!changes.empty())
            leader.change(changes);
    }
    void later(std::function<void()> what)
    {
        m_cluster.scheduler().after(
            qint64(m_random.below(quint64(6 * m_meanFaultUs))), kHealLabel,
            [this, what = std::move(what)] {
                if (m_on)
                    what();
            });
    }

    void crash(NodeId id)
    {
        m_cluster.crash(id);
        later([this, id] { m_cluster.start(id); });
    }
    void split()
    {
        const quint64 sides = m_random.next();
        const bool oneWay = m_random.below(3) == 0;
        for (int a = 1; a <= m_cluster.size(); ++a) {
            for (int b = 1; b <= m_cluster.size(); ++b) {
                const bool left = (sides >> a) & 1;
                const bool right = (sides >> b) & 1;
                if (left != right && (!oneWay || left))
                    m_cluster.cut(NodeId(a), NodeId(b));
            }
        }
    }
    /// The leader reaches one follower only, and is gone soon: its entries stay on a minority, for
    /// a later leader to find (figure 8 of the Raft paper).
    void whisper()
    {
        SimNode *leader = m_cluster.leader();
        if (leader == nullptr)
            return;
        const NodeId from = leader->id();
        const NodeId heard = anyone();
        for (int id = 1; id <= m_cluster.size(); ++id) {
            if (NodeId(id) != heard)
                m_cluster.cut(from, NodeId(id));
        }
        leader->propose(m_cluster.newCommand());
        m_cluster.scheduler().after(qint64(m_random.below(60'000)), kHealLabel, [this, from] {
            if (!m_on)
                return;
            m_cluster.healNetwork();
            crash(from);
        });
    }
    void strike()
    {
        if (m_whispers && m_random.below(4) != 0)
            return whisper();
        switch (m_random.below(14)) {
        case 10:
        case 11:
        case 12:
        case 13:
            return whisper();
        case 0:
        case 1:
            return crash(victim());
        case 2:
            return crash(anyone());
        case 3: // the whole room
            for (int id = 1; id <= m_cluster.size(); ++id)
                crash(NodeId(id));
            return;
        case 4:
            return m_cluster.isolate(victim());
        case 5:
            return split();
        case 6:
        case 7:
            return m_cluster.healNetwork();
        case 8:
            if (m_random.below(2) == 0)
                return m_cluster.node(victim()).disk().failNextSync();
            return m_cluster.node(victim()).disk().dieAfter(int(1 + m_random.below(6)));
        default:
            if (SimNode *leader = m_cluster.leader())
                leader->transfer(anyone());
        }
    }

    Cluster &m_cluster;
    SeededRandom m_random;
    qint64 m_meanFaultUs;
    qint64 m_meanClientUs;
    bool m_changesMembers;
    bool m_whispers; // leaders that die with what only one other heard, again and again
    bool m_on = true;
};

void live(Cluster &cluster, Faulty &faulty)
{
    faulty.begin();
    cluster.run(8'000'000);
    faulty.end();
    const qint64 patience = 20 * cluster.electionUs() + 600'000; // and a restart
    const qint64 deadline = cluster.scheduler().nowUs() + patience;
    const auto left = [&] { return deadline - cluster.scheduler().nowUs(); };
    require(
        cluster.runUntil([&] { return cluster.leader() != nullptr; }, left()),
        "after healing there is a leader");
    quint64 fresh = 0;
    const bool written = cluster.runUntil(
        [&] {
            if (fresh == 0)
                fresh = cluster.write();
            else if (cluster.leader() == nullptr)
                fresh = 0; // it was proposed to one that stepped down: the client tries again
            return cluster.history().acknowledgedCommands().count(fresh) != 0;
        },
        left());
    require(written, "after healing a fresh write is accepted");
    require(
        cluster.runUntil([&] { return cluster.everyoneAgrees(); }, left() + kCatchUpUs),
        "after healing every member has the same state");
    const auto &commands = cluster.leader()->state().commands;
    for (const quint64 command : cluster.history().acknowledgedCommands())
        require(commands.count(command) != 0, "an acknowledged write is there at the end");
}

} // namespace

Outcome runSeed(quint64 seed, const Faults &mutant)
{
    Outcome outcome;
    Cluster cluster(optionsOf(seed, mutant));
    Faulty faulty(cluster, seed);
    try {
        live(cluster, faulty);
    } catch (const Violation &violation) {
        outcome.violation = QString::fromStdString(violation.what);
    }
    outcome.events = cluster.scheduler().events();
    outcome.traceHash = cluster.scheduler().traceHash();
    outcome.elections = cluster.history().elections();
    outcome.acknowledged = cluster.history().acknowledgedCommands().size();
    outcome.deaths = cluster.deaths();
    outcome.membershipChanges = cluster.history().membershipChanges();
    outcome.jointElections = cluster.history().electionsWhileJoint();
    outcome.jointStarts = cluster.startsWhileJoint();
    outcome.virtualUs = cluster.scheduler().nowUs();
    return outcome;
}

QStringList mutantNames()
{
    return {
        QStringLiteral("vote-before-sync"), QStringLiteral("commit-older-term"),
        QStringLiteral("vote-for-shorter-log"), QStringLiteral("ignore-outgoing-voters"),
        QStringLiteral("keep-truncated-membership")};
}

std::optional<Faults> mutantByName(const QString &name)
{
    Faults faults;
    switch (mutantNames().indexOf(name)) {
    case 0:
        faults.answerVoteBeforeSync = true;
        return faults;
    case 1:
        faults.commitOlderTermByCounting = true;
        return faults;
    case 2:
        faults.voteForShorterLog = true;
        return faults;
    case 3:
        faults.ignoreOutgoingVoters = true;
        return faults;
    case 4:
        faults.keepTruncatedMembership = true;
        return faults;
    default:
        return std::nullopt;
    }
}

} // namespace qd::sim
