// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QtGlobal>
#include <array>

namespace qd::sim {

/// The situations that the random histories must bring about: each at least once over the seeds of
/// the test, or the simulator proves less than it seems.
enum class Sometimes : quint8 {
    Election,
    ElectionWhileJoint,
    StartWhileJoint,
    MembershipChange,
    LearnerAdded,
    LeaderRemoved,
    MemberRetired,
    LeadershipAsked,
    LeadershipMoved,
    LeadershipMovedWhileShipping,
    LeaderStoodDown,
    LogTruncated,
    SnapshotTaken,
    SnapshotShipped,
    SnapshotLost,
    SnapshotInstalled,
    SnapshotInstalledWhileCut,
    SnapshotUnderWayAtElection,
    StartWhileReceiving,
    SegmentEnded,
    PowerFailed,
    WriteTorn,
    TornRecordFound,
    ProcessKilled,
    WholeRoomDown,
    DiedInAWrite,
    SyncFailed,
    DiskFull,
    DiskSlow,
    BitFlipped,
    WriteMisdirected,
    DiskEmptied,
    DamageRefused,
    DamageHarmless,
    DamagedSnapshotReplaced,
    MemberReplaced,
    Paused,
    PausedLeaderDeposed,
    ClockJumped,
    Isolated,
    SplitBothWays,
    SplitOneWay,
    FrameLost,
    FrameTwice,
    FrameOvertaken,
    FrameCut,
    LinkClogged,
    MachineSlow,
    FigureEight,
    WriteForwarded,
    WriteRefused,
    OutcomeUnknown,
    RequestSentTwice,
    ReadConfirmed,
    CompareFailed,
    KeyExpired,
    FolderRemoved,
    WatchResumed,
    WatchCleared,
    Count
};

const char *nameOf(Sometimes what);

using Counters = std::array<quint64, size_t(Sometimes::Count)>;

} // namespace qd::sim
