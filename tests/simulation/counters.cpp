// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/counters.h"

namespace qd::sim {

namespace {

constexpr const char *kNames[] = {
    "elections",
    "elections while joint",
    "starts while joint",
    "changes of members",
    "learners added",
    "leaders removed",
    "members retired",
    "transfers asked for",
    "transfers done",
    "transfers done with a snapshot under way",
    "leaders without a majority stood down",
    "logs truncated",
    "snapshots taken",
    "snapshots shipped",
    "snapshots lost on their way",
    "snapshots installed",
    "snapshots installed while the network is cut",
    "elections with a snapshot under way",
    "restarts while a snapshot came",
    "segments ended",
    "power failures",
    "writes torn",
    "logs that end with a torn record",
    "processes killed",
    "whole rooms down",
    "deaths in a write",
    "syncs failed",
    "disks full",
    "disks slow",
    "bits flipped",
    "writes misdirected",
    "disks emptied",
    "starts refused for damage",
    "starts over harmless damage",
    "damaged snapshots replaced",
    "members replaced",
    "processes paused",
    "paused leaders deposed",
    "clocks jumped",
    "members isolated",
    "splits both ways",
    "splits one way",
    "frames lost",
    "frames delivered twice",
    "frames overtaken",
    "frames cut by a reset",
    "links clogged",
    "machines slow",
    "figure eights played",
    "writes forwarded",
    "writes refused",
    "outcomes unknown",
    "requests in the log twice",
    "reads confirmed",
    "comparisons failed",
    "keys expired",
    "folders removed",
    "watches resumed",
    "watches cleared by a snapshot",
};
static_assert(std::size(kNames) == size_t(Sometimes::Count));

} // namespace

const char *nameOf(Sometimes what)
{
    return kNames[size_t(what)];
}

} // namespace qd::sim
