// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/sandbox.h"
#include "agent/units/engine/types.h"
#include "shared/unitfile/calendar.h"
#include "shared/unitfile/command_line.h"
#include "shared/unitfile/socket_address.h"
#include "shared/unitfile/time_span.h"
#include "shared/unitfile/values.h"

#include <QMap>
#include <array>
#include <csignal>
#include <optional>

/// What a unit's options say, read. Times are microseconds (ch3-systemd.md 3.6, 5).
namespace qd::units {

/// A moment on both clocks, in microseconds; zero = never.
struct Moment {
    quint64 realtimeUs = 0;
    quint64 monotonicUs = 0;

    bool isSet() const { return realtimeUs != 0; }
};

/// How the last run of a command went. `code` is waitid's: 1 exited, 2 killed, 3 dumped.
struct ExecRun {
    Moment start;
    Moment stop;
    qint32 pid = 0;
    qint32 code = 0;
    qint32 status = 0;
};

struct ExecCommand {
    unitfile::Command command;
    ExecRun run;
};

/// Condition...= or Assert...=.
struct Condition {
    QString type; ///< "ConditionPathExists"
    QString parameter;
    bool trigger = false; ///< `|`
    bool negate = false;  ///< `!`
    int result = 0;       ///< 0 not tried, 1 held, -1 did not
};

struct UnitSettings {
    QString description;
    QStringList documentation;
    bool defaultDependencies = true;
    bool refuseManualStart = false;
    bool refuseManualStop = false;
    bool allowIsolate = false;
    bool ignoreOnIsolate = false;
    bool stopWhenUnneeded = false;
    bool collectsFailed = false; ///< CollectMode=inactive-or-failed
    QList<Condition> conditions;
    QList<Condition> asserts;
    quint64 startLimitIntervalUs = 10 * unitfile::kSecond;
    int startLimitBurst = 5;
    JobMode onFailureJobMode = JobMode::Replace;
    JobMode onSuccessJobMode = JobMode::Fail;
    QStringList requiresMountsFor; ///< paths
    quint64 jobTimeoutUs = unitfile::kInfinity;
    quint64 jobRunningTimeoutUs = unitfile::kInfinity;
};

struct EnvironmentFile {
    QString path;
    bool optional = false;
};

struct Limit {
    quint64 soft = 0;
    quint64 hard = 0;
};

/// RuntimeDirectory= or one of its kin.
struct OwnFolders {
    QStringList names; ///< below the place that the kind has
    uint mode = 0755;
};

/// The surroundings of a service's processes (5.3).
struct ExecSettings {
    QString user;
    QString group;
    QStringList supplementaryGroups;
    QString workingDirectory;
    bool workingDirectoryMayBeMissing = false;
    bool workingDirectoryIsHome = false;
    QString rootDirectory;
    QStringList environment; ///< NAME=value, a later one wins
    QList<EnvironmentFile> environmentFiles;
    QStringList passEnvironment;
    QStringList unsetEnvironment;
    uint umask = 0022;
    std::array<OwnFolders, kFolderKinds> folders; ///< by FolderKind
    FolderKeeping runtimeKeeping = FolderKeeping::No;
    std::optional<int> nice;
    std::optional<int> oomScoreAdjust;
    QMap<QString, Limit> limits; ///< "NOFILE" -> ...
    bool ignoreSigpipe = true;
    bool sameProcessGroup = false; ///< as the engine, which the automounter lets through
    bool nonBlocking = false;      ///< of the descriptors that are passed
    QString standardInput = QStringLiteral("null");
    QString standardOutput = QStringLiteral("journal");
    QString standardError = QStringLiteral("inherit");
    QString syslogIdentifier;
    int syslogLevel = 6;
    bool syslogLevelPrefix = true;
    Sandbox sandbox;
};

struct KillSettings {
    KillMode mode = KillMode::ControlGroup;
    int signalNumber = SIGTERM;
    int finalSignal = SIGKILL;
    bool sendSigkill = true;
    bool sendSighup = false;
    int watchdogSignal = SIGABRT;
};

struct ServiceSettings {
    ServiceType type = ServiceType::Simple;
    RestartPolicy restart = RestartPolicy::No;
    bool remainAfterExit = false;
    bool permissionsStartOnly = false; ///< User= is for ExecStart= alone (before systemd 231)
    quint64 restartUs = 100'000;
    quint64 timeoutStartUs = 90 * unitfile::kSecond;
    bool timeoutStartGiven = false; ///< else a oneshot has none
    quint64 timeoutStopUs = 90 * unitfile::kSecond;
    TimeoutMode startFailure = TimeoutMode::Terminate;
    TimeoutMode stopFailure = TimeoutMode::Terminate;
    std::optional<quint64> timeoutAbortUs; ///< after an abort; else as for a stop
    quint64 runtimeMaxUs = unitfile::kInfinity;
    quint64 watchdogUs = 0; ///< 0 = no watchdog
    NotifyAccess notifyAccess = NotifyAccess::None;
    QString pidFile; ///< of a forking service, absolute; empty = guessed
    unitfile::ExitSet success;
    unitfile::ExitSet restartPrevent;
    unitfile::ExitSet restartForce;
    std::array<QList<ExecCommand>, kExecKinds> commands;

    QList<ExecCommand> &of(ExecKind kind) { return commands[size_t(kind)]; }
    const QList<ExecCommand> &of(ExecKind kind) const { return commands[size_t(kind)]; }
};

/// One line of [Timer] that says when.
struct TimerValue {
    TimerBase base = TimerBase::Active;
    quint64 us = 0; ///< after its base; not of a calendar
    unitfile::Calendar calendar;
    quint64 nextUs = 0; ///< on its clock; 0 = not known
    bool spent = false; ///< it was due, and its base comes only once
};

/// One line of [Path].
struct PathLine {
    PathKind kind = PathKind::Exists;
    QString path;
    bool existed = false; ///< at the last look

    bool isSame(const PathLine &other) const { return kind == other.kind && path == other.path; }
};

struct PathSettings {
    QList<PathLine> lines;
    bool makeDirectory = false;
    uint directoryMode = 0755;
    quint64 triggerLimitIntervalUs = 2 * unitfile::kSecond;
    int triggerLimitBurst = 200;
    QString unit; ///< what it starts
};

/// One line of [Socket] that says what to listen on.
struct ListenLine {
    ListenKind kind = ListenKind::Stream;
    QString text; ///< as it is shown; the path, or the name, of what has no address
    unitfile::SocketAddress address; ///< of the first three kinds
    unitfile::NetlinkAddress netlink;

    /// Whether there is a queue of connections to take from.
    bool takesConnections() const
    {
        return kind == ListenKind::Stream || kind == ListenKind::SequentialPacket;
    }
    /// Whether it is a file that Symlinks= may lead to.
    bool isFile() const
    {
        const bool hasAddress = kind == ListenKind::Stream || kind == ListenKind::Datagram ||
                                kind == ListenKind::SequentialPacket;
        return kind == ListenKind::Fifo || (hasAddress && address.isFile());
    }
};

struct SocketSettings {
    QList<ListenLine> lines;
    QString bindIPv6Only = QStringLiteral("default");
    quint32 backlog = ~0U;
    QString bindToDevice;
    QString user, group; ///< of the files
    uint mode = 0666;
    uint directoryMode = 0755;
    bool accept = false;
    bool writable = false;
    bool flushPending = false;
    bool removeOnStop = false;
    QStringList symlinks;
    quint32 maxConnections = 64;
    quint32 maxConnectionsPerSource = 0; ///< 0 = any number
    bool keepAlive = false;
    quint64 keepAliveTimeUs = 0; ///< of this and the next ones 0 = as the kernel has it
    quint64 keepAliveIntervalUs = 0;
    quint32 keepAliveProbes = 0;
    quint64 deferAcceptUs = 0;
    bool noDelay = false;
    qint32 priority = -1; ///< of this and the next ones -1 = as the kernel has it
    qint32 ipTos = -1;
    qint32 ipTtl = -1;
    qint32 mark = -1;
    quint64 receiveBuffer = 0;
    quint64 sendBuffer = 0;
    quint64 pipeSize = 0;
    bool freeBind = false;
    bool transparent = false;
    bool broadcast = false;
    bool passCredentials = false;
    bool passSecurity = false;
    bool passPacketInfo = false;
    bool reusePort = false;
    QString timestamping = QStringLiteral("off");
    QString tcpCongestion;
    int protocol = 0; ///< SocketProtocol=; 0 = the usual one
    qint64 queueMessages = 0;
    qint64 queueMessageSize = 0;
    QString descriptorName;
    quint64 triggerLimitIntervalUs = 2 * unitfile::kSecond;
    qint32 triggerLimitBurst = -1; ///< -1 until the file is read
    quint64 timeoutUs = 90 * unitfile::kSecond;
    QString service; ///< what it starts; empty with Accept=
};

/// A connection that a socket with Accept=yes has taken and that a service is to get.
struct Connection {
    quint64 id = 0;     ///< the driver's; 0 = none
    QString instance;   ///< the part of the service's name after the number
    QString peer;       ///< who is at the other end, for people; empty = unknown
    QString source;     ///< the other end's address alone; empty for what has none
    QString remotePort; ///< REMOTE_PORT; REMOTE_ADDR is the source
};

/// A line of the kernel's table of mounts.
struct MountPoint {
    QString what, where, type, options;

    bool operator==(const MountPoint &) const = default;
};

struct MountSettings {
    QString what, where, type, options;
    bool sloppyOptions = false; ///< options that the file system does not know are no failure
    bool lazyUnmount = false;
    bool forceUnmount = false;
    bool readWriteOnly = false;
    uint directoryMode = 0755;
    quint64 timeoutUs = 90 * unitfile::kSecond;
};

/// A line of the kernel's table of swaps.
struct SwapArea {
    QString what;
    int priority = -1;

    bool operator==(const SwapArea &) const = default;
};

struct SwapSettings {
    QString what, options;
    std::optional<int> priority;
    quint64 timeoutUs = 90 * unitfile::kSecond;
};

/// What the kernel's automounter asks; it waits for the answer.
struct AutomountRequest {
    quint32 token = 0;
    qint32 pid = 0;            ///< who looks at the place
    bool isExpiration = false; ///< nobody does: it may be unmounted
};

struct AutomountSettings {
    QString where, extraOptions;
    QString mount; ///< what it starts
    uint directoryMode = 0755;
    quint64 timeoutIdleUs = 0; ///< 0 = it stays mounted
};

struct ScopeSettings {
    quint64 timeoutStopUs = 90 * unitfile::kSecond;
    quint64 runtimeMaxUs = unitfile::kInfinity;
};

struct TimerSettings {
    QList<TimerValue> values;
    quint64 accuracyUs = 60 * unitfile::kSecond;
    quint64 randomizedDelayUs = 0;
    bool fixedRandomDelay = false;
    bool persistent = false;
    bool wakeSystem = false;
    bool remainAfterElapse = true;
    bool onClockChange = false;
    bool onTimezoneChange = false;
    QString unit; ///< what it starts
};

} // namespace qd::units
