// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/mutants.h"

#include <algorithm>

namespace qd::sim {

namespace {

// clang-format off
constexpr NamedMutant kMutants[] = {
    {"commit-older-term",
     "an older term's entry is committed by counting (R-13)",
     [](Mutant &m) { m.replica.raft.commitOlderTermByCounting = true; }, 21},
    {"vote-for-shorter-log",
     "a vote for a log that lacks entries (R-02)",
     [](Mutant &m) { m.replica.raft.voteForShorterLog = true; }, 0},
    {"vote-twice",
     "two votes in one term",
     [](Mutant &m) { m.replica.raft.voteTwice = true; }, 4},
    {"vote-before-sync",
     "a vote is told before it is durable (R-11)",
     [](Mutant &m) { m.replica.raft.answerVoteBeforeSync = true; }, 655},
    {"forget-vote",
     "a restart forgets the vote (R-11)",
     [](Mutant &m) { m.replica.raft.forgetVoteAtStart = true; }, 0},
    {"acknowledge-before-sync",
     "a follower acknowledges what is not durable (R-41)",
     [](Mutant &m) { m.replica.raft.acknowledgeBeforeSync = true; }, 0},
    {"count-own-before-sync",
     "a leader counts its own entry before it is durable (R-35)",
     [](Mutant &m) { m.replica.raft.countOwnEntriesBeforeSync = true; }, 6},
    {"quorum-one-less",
     "one less than a majority decides (R-15)",
     [](Mutant &m) { m.replica.raft.quorumIsOneLess = true; }, 0},
    {"ignore-outgoing-voters",
     "a joint membership's minority decides (R-28)",
     [](Mutant &m) { m.replica.raft.ignoreOutgoingVoters = true; }, 0},
    {"keep-truncated-membership",
     "a change outlives its entry (R-27)",
     [](Mutant &m) { m.replica.raft.keepTruncatedMembership = true; }, 240},
    {"leave-joint-early",
     "a joint membership is left before it is committed (R-28)",
     [](Mutant &m) { m.replica.raft.leaveJointBeforeCommit = true; }, 1406},
    {"late-append-truncates",
     "an append that comes late cuts the log (R-14)",
     [](Mutant &m) { m.replica.raft.lateAppendTruncates = true; }, 0},
    {"commit-unmatched",
     "a heartbeat's commit index goes beyond what a follower is known to hold",
     [](Mutant &m) { m.replica.raft.commitWhatWasNotMatched = true; }, 3},
    {"accept-gap",
     "a follower does not compare the entry before",
     [](Mutant &m) { m.replica.raft.acceptGapInAppend = true; }, 3},
    {"read-without-round",
     "a leader answers reads without asking whether it is one (R-48)",
     [](Mutant &m) { m.replica.raft.readWithoutRound = true; }, 368},
    {"read-too-early",
     "a read's index from before the new leader has committed (R-49)",
     [](Mutant &m) { m.replica.raft.readBeforeOwnTermCommitted = true; }, 9},
    {"read-local",
     "a linearizable read asks nobody (R-48)",
     [](Mutant &m) { m.replica.readLocalState = true; }, 0},
    {"read-unapplied",
     "a read is answered before its index is applied (R-50)",
     [](Mutant &m) { m.replica.readBeforeApplied = true; }, 3},
    {"acknowledge-proposed",
     "a write is answered when it is proposed (R-35)",
     [](Mutant &m) { m.replica.acknowledgeWhenProposed = true; }, 0},
    {"forget-requests",
     "a write that was sent twice is applied twice (R-33)",
     [](Mutant &m) { m.replica.forgetRequestIds = true; }, 0},
    {"forget-requests-at-start",
     "the snapshot does not know which requests were applied",
     [](Mutant &m) { m.replica.forgetRequestIdsAtStart = true; }, 3},
    {"send-again-as-another",
     "a write is sent again under another id (R-33)",
     [](Mutant &m) { m.replica.sendAgainAsAnother = true; }, 0},
    {"call-unknown-refused",
     "an unknown outcome is called a refusal (R-56)",
     [](Mutant &m) { m.replica.callUnknownRefused = true; }, 0},
    {"snapshot-without-members",
     "a snapshot with the first membership (R-32)",
     [](Mutant &m) { m.replica.snapshotWithoutMembership = true; }, 44},
    {"snapshot-uncommitted-members",
     "a snapshot with a membership that is not committed (R-27)",
     [](Mutant &m) { m.replica.snapshotWithNewestMembership = true; }, 1175},
    {"snapshot-too-low",
     "an entry is applied twice after a restart (R-34)",
     [](Mutant &m) { m.replica.snapshotOneTooLow = true; }, 7},
    {"mark-before-save",
     "the log speaks of a snapshot that is not there (R-39)",
     [](Mutant &m) { m.replica.markBeforeSave = true; }, 6},
    {"keep-state",
     "an installed snapshot's state is not taken over",
     [](Mutant &m) { m.replica.keepStateAtInstall = true; }, 3},
    {"own-clock",
     "a key's life ends by the clock of who applies (R-54)",
     [](Mutant &m) { m.replica.clockOfEachMember = true; }, 0},
    {"no-folder-sync",
     "a new file's name is not durable",
     [](Mutant &m) { m.disk.forgetFolderSync = true; }, 0},
    {"no-sync-at-start",
     "what a killed process had written is taken for durable",
     [](Mutant &m) { m.disk.forgetToSyncWhatWasFound = true; }, 0},
    {"ignore-failed-sync",
     "a failed sync is reported as success (R-43)",
     [](Mutant &m) { m.ignoreFailedSync = true; }, 6},
    {"damage-is-torn",
     "damage is taken for a write that was never finished (R-18)",
     [](Mutant &m) { m.takeDamageForTorn = true; }, 6},
    {"start-without-log",
     "a member whose disk is empty starts as if it were new",
     [](Mutant &m) { m.replica.startWithoutLog = true; }, 14},
    {"watch-later",
     "a resumed watch loses an event (R-52)",
     [](Mutant &m) { m.watchFromOneLater = true; }, 0},
    {"watch-earlier",
     "a resumed watch hears an event twice (R-52)",
     [](Mutant &m) { m.watchFromOneEarlier = true; }, 0},
};
// clang-format on

} // namespace

std::span<const NamedMutant> mutants()
{
    return kMutants;
}

std::optional<Mutant> mutantByName(const QString &name)
{
    const auto all = mutants();
    const auto found = std::find_if(all.begin(), all.end(), [&](const NamedMutant &mutant) {
        return name == QLatin1String(mutant.name);
    });
    if (found == all.end())
        return std::nullopt;
    Mutant out;
    found->build(out);
    return out;
}

} // namespace qd::sim
