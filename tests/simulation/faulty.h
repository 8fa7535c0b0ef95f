// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/simulation/damage.h"
#include "tests/simulation/figure_eight.h"
#include "tests/simulation/reshaping.h"
#include "tests/simulation/watchers.h"

namespace qd::sim {

/// The bad luck of one history: everything that may break, breaks now and then.
class Faulty {
public:
    Faulty(Cluster &cluster, Watchers &watchers, quint64 seed);

    void begin();
    /// All that was broken is whole again, and stays so.
    void end();
    Damage &damage() { return m_damage; }
    /// So long the members may still believe that a disk of theirs is full.
    qint64 fullFor() const;

private:
    raft::NodeId anyone() { return 1 + m_random.below(quint64(m_cluster.size())); }
    raft::NodeId victim();
    void every(qint64 meanUs, quint64 label, std::function<void()> what);
    void later(std::function<void()> what);

    void strike();
    void strikeProcess();
    void strikeNetwork();
    void strikeDisk();
    void damageDisk();
    void strikeShipping(raft::NodeId receiver);
    void loseSomebody();
    void fall(raft::NodeId id);
    void wholeRoom();
    void pause(raft::NodeId id);
    void split();
    void heal();
    void reset();
    void clog();
    void slow(raft::NodeId id);
    void slowMachine(raft::NodeId id);
    void fill(raft::NodeId id);
    void giveRoom(raft::NodeId id);
    void whisper();

    Cluster &m_cluster;
    Watchers &m_watchers;
    SeededRandom m_random;
    FigureEight m_figureEight;
    Reshaping m_reshaping;
    Damage m_damage;
    qint64 m_meanFaultUs;
    qint64 m_cutUntil = 0;   // at least
    qint64 m_fullUntil = -1; // the last time that a disk was full
    bool m_changesMembers;
    bool m_whispers; // leaders that die with what only one other heard, again and again
    bool m_plays;    // figure 8, again and again
    bool m_on = true;
};

} // namespace qd::sim
