// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/run.h"

#include "tests/simulation/clients.h"
#include "tests/simulation/faulty.h"

namespace qd::sim {

using namespace raft;

namespace {

constexpr qint64 kFaultyUs = 8'000'000;
/// For a member that has much to catch up, one entry a message where the seed says so.
constexpr qint64 kCatchUpUs = 2'000'000;

ClusterOptions optionsOf(quint64 seed, const Mutant &mutant)
{
    SeededRandom random(seed * 7919 + 17);
    const auto pick = [&](std::initializer_list<qint64> values) {
        return values.begin()[random.below(values.size())];
    };
    ClusterOptions options;
    options.seed = seed;
    options.nodes = int(pick({1, 3, 3, 5, 5, 5, 5, 7}));
    options.electionTicks = int(pick({3, 5, 10}));
    options.tickUs = 20'000;
    options.maxAppendBytes = pick({1, 1, 100, 512 * 1024});
    options.maxUncommittedBytes = pick({2'000, 64 * 1024 * 1024, 64 * 1024 * 1024});
    options.snapshotEvery = quint64(pick({5, 20, 200}));
    options.segmentSize = pick({300, 2'000, 16 * 1024 * 1024});
    options.turnUs = pick({0, 0, 100, 2'000});
    options.driftPerMille = int(pick({0, 20, 100}));
    options.resendMs = pick({100, 300, 1'000});
    options.maxSyncUs = pick({500, 10'000, 60'000});
    // A disk that takes about an election time-out for a sync elects nobody: no promise is made
    // there.
    options.maxSyncUs = std::min(options.maxSyncUs, options.electionTicks * options.tickUs / 6);
    if (seed % 8 == 5) { // figure 8 needs five, and one entry a message
        options.nodes = 5;
        options.maxAppendBytes = 1;
    }
    options.mutant = mutant;
    return options;
}

class Life {
public:
    Life(quint64 seed, const Mutant &mutant)
        : cluster(optionsOf(seed, mutant))
        , watchers(cluster, seed ^ 0x3a7c4, mutant)
        , clients(
              cluster, seed ^ 0xc11e27, int(2 + seed % 4), qint64(4'000) << (seed * 31 % 64 / 11))
        , faulty(cluster, watchers, seed)
    {
    }

    void live()
    {
        watchers.begin();
        clients.begin();
        faulty.begin();
        cluster.run(kFaultyUs);
        faulty.end();
        clients.end();
        converge();
        clients.checkAll();
    }

    Cluster cluster;
    Watchers watchers;
    Clients clients;
    Faulty faulty;

private:
    bool repair(qint64 us)
    {
        qint64 again = 0;
        return cluster.runUntil(
            [&] {
                const qint64 now = cluster.scheduler().nowUs();
                if (now >= again)
                    faulty.damage().repair();
                again = now < again ? again : now + cluster.electionUs();
                return faulty.damage().isRepaired();
            },
            us);
    }
    void converge()
    {
        // And a restart; and a full disk that others were told of, and have not forgotten yet.
        const qint64 patience = 20 * cluster.electionUs() + 600'000 + faulty.fullFor();
        const qint64 deadline = cluster.scheduler().nowUs() + patience;
        const auto left = [&] { return deadline - cluster.scheduler().nowUs(); };
        require(
            cluster.runUntil([&] { return cluster.leader() != nullptr; }, left()),
            "after healing there is a leader");
        // It may go to one that stands down, or takes no more yet: the client tries again.
        const quint64 fresh = cluster.newCommand();
        const auto &done = cluster.history().acknowledgedCommands();
        qint64 again = 0;
        const bool written = cluster.runUntil(
            [&] {
                const qint64 now = cluster.scheduler().nowUs();
                if (now >= again && cluster.write() != 0)
                    again = now + 3 * cluster.electionUs();
                return done.upper_bound(fresh) != done.end();
            },
            left());
        require(written, "after healing a fresh write is accepted");
        require(repair(left() + kCatchUpUs), "after healing the ruined are removed");
        require(
            cluster.runUntil([&] { return cluster.everyoneAgrees(); }, left() + kCatchUpUs),
            "after healing every member has the same state");
        for (const quint64 command : cluster.history().acknowledgedCommands())
            require(cluster.leader()->holds(command), "an acknowledged write is there at the end");
        watchers.moveToVoters();
        require(
            cluster.runUntil([&] { return watchers.haveHeardAll(); }, kCatchUpUs),
            "after healing every watch has heard everything");
    }
};

} // namespace

Outcome runSeed(quint64 seed, const Mutant &mutant)
{
    Outcome outcome;
    Life life(seed, mutant);
    try {
        life.live();
    } catch (const Violation &violation) {
        outcome.violation = QString::fromStdString(violation.what);
    }
    outcome.events = life.cluster.scheduler().events();
    outcome.traceHash = life.cluster.scheduler().traceHash();
    outcome.answered = life.clients.answered();
    outcome.undecided = quint64(life.clients.undecided());
    outcome.counters = life.cluster.history().counters();
    outcome.virtualUs = life.cluster.scheduler().nowUs();
    return outcome;
}

} // namespace qd::sim
