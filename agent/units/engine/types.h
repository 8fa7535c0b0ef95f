// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <optional>

/// The words of the unit engine: states, jobs, results (anchors-engines.md 2.1;
/// ch3-systemd.md 3.4). Each enum has `toText`, which gives systemd's own spelling.
namespace qd::units {

using JobId = quint32;

enum class UnitType {
    Service,
    Target,
    Slice,
    Socket,
    Timer,
    Path,
    Mount,
    Automount,
    Swap,
    Device,
    Scope,
    Snapshot,
    Unknown
};
enum class LoadState { Stub, Loaded, NotFound, BadSetting, Error, Masked };
enum class ActiveState {
    Inactive,
    Activating,
    Active,
    Reloading,
    Deactivating,
    Failed,
    Maintenance
};
enum class JobType {
    Start,
    VerifyActive,
    Stop,
    Reload,
    Restart,       // these are installed
    ReloadOrStart, // comes of merging start and reload
    TryRestart,
    TryReload,
    Nop, // these collapse on entry
};
enum class JobMode {
    Replace,
    Fail,
    ReplaceIrreversibly,
    Isolate,
    Flush,
    IgnoreDependencies,
    IgnoreRequirements,
    Triggering,
    RestartDependencies
};
enum class JobState { Waiting, Running };
enum class JobResult {
    Done,
    Canceled,
    Timeout,
    Failed,
    Dependency,
    Skipped,
    Invalid,
    Assert,
    Unsupported,
    Collected,
    Once
};
enum class ServiceState {
    Dead,
    Condition,
    StartPre,
    Start,
    StartPost,
    Running,
    Exited,
    Reload,
    Stop,
    StopWatchdog,
    StopSigterm,
    StopSigkill,
    StopPost,
    FinalWatchdog,
    FinalSigterm,
    FinalSigkill,
    Failed,
    AutoRestart,
    Cleaning
};
/// What a value of a timer counts from (ch3-systemd.md 9.2).
enum class TimerBase { Active, Boot, Startup, UnitActive, UnitInactive, Calendar };
/// What a line of [Path] waits for (ch3-systemd.md 10).
enum class PathKind { Exists, ExistsGlob, Changed, Modified, DirectoryNotEmpty };
enum class PathState { Dead, Waiting, Running, Failed };
/// What a socket listens on (ch3-systemd.md 11.1).
enum class ListenKind {
    Stream,
    Datagram,
    SequentialPacket,
    Fifo,
    Special,
    Netlink,
    MessageQueue,
    UsbFunction
};
enum class SocketState {
    Dead,
    StartPre,
    StartChown,
    StartPost,
    Listening,
    Running,
    StopPre,
    StopPreSigterm,
    StopPreSigkill,
    StopPost,
    FinalSigterm,
    FinalSigkill,
    Failed
};
enum class MountState {
    Dead,
    Mounting,     ///< /bin/mount runs,
    MountingDone, ///< and still does although it is mounted
    Mounted,
    Remounting,
    Unmounting,
    RemountingSigterm,
    RemountingSigkill,
    UnmountingSigterm,
    UnmountingSigkill,
    Failed
};
enum class SwapState {
    Dead,
    Activating,     ///< swapon runs,
    ActivatingDone, ///< and still does although it is in use
    Active,
    Deactivating,
    DeactivatingSigterm,
    DeactivatingSigkill,
    Failed
};
enum class AutomountState { Dead, Waiting, Running, Failed };
enum class ScopeState { Dead, Running, Abandoned, StopSigterm, StopSigkill, Failed };
enum class TimerState { Dead, Waiting, Running, Elapsed, Failed };
enum class ServiceType { Simple, Exec, Forking, Oneshot, DBus, Notify, Idle };
enum class RestartPolicy { No, OnSuccess, OnFailure, OnAbnormal, OnWatchdog, OnAbort, Always };
enum class NotifyAccess { None, Main, Exec, All };
/// What is done to what does not start, or stop, in time.
enum class TimeoutMode { Terminate, Abort, Kill };
enum class KillMode { ControlGroup, Process, Mixed, None };
enum class ServiceResult {
    Success,
    Resources,
    Protocol,
    Timeout,
    ExitCode,
    Signal,
    CoreDump,
    Watchdog,
    StartLimitHit,
    OomKill,
    SkipCondition,
    TriggerLimitHit,      // of what triggers others: it was too often,
    UnitStartLimitHit,    // or what it triggers was started too often;
    ServiceStartLimitHit, // the same of a socket,
    MountStartLimitHit,   // of an automount,
    Unmounted             // which may also be taken away
};
/// Folders that a service has for itself: RuntimeDirectory= ...
enum class FolderKind { Runtime, State, Cache, Logs, Configuration };
constexpr int kFolderKinds = 5;
/// Whether its RuntimeDirectory= stays when it has ended.
enum class FolderKeeping { No, Yes, Restart };
enum class ExecKind { Condition, StartPre, Start, StartPost, Reload, Stop, StopPost };
constexpr int kExecKinds = 7;

QString toText(UnitType type);
QString toText(LoadState state);
QString toText(ActiveState state);
QString toText(JobType type);
QString toText(JobMode mode);
QString toText(JobState state);
QString toText(JobResult result);
QString toText(ServiceState state);
QString toText(PathKind kind); ///< "PathExists" ...
QString toText(PathState state);
QString toText(ListenKind kind); ///< "Stream" of ListenStream= ...
QString toText(SocketState state);
QString toText(MountState state);
QString toText(SwapState state);
QString toText(AutomountState state);
QString toText(ScopeState state);
QString toText(TimerState state);
QString toText(TimerBase base); ///< "OnActiveSec" ...
QString toText(ServiceType type);
QString toText(RestartPolicy policy);
QString toText(NotifyAccess access);
QString toText(KillMode mode);
QString toText(TimeoutMode mode);
QString toText(ServiceResult result);
QString toText(FolderKind kind); ///< "Runtime" of RuntimeDirectory= ...
QString toText(FolderKeeping keeping);
QString toText(ExecKind kind); ///< "ExecStartPre" ...

UnitType unitTypeOf(const QString &unit);
std::optional<JobType> jobTypeFrom(const QString &text);
std::optional<JobMode> jobModeFrom(const QString &text);
std::optional<PathKind> pathKindFrom(const QString &option);
std::optional<ListenKind> listenKindFrom(const QString &option);
std::optional<TimerBase> timerBaseFrom(const QString &option);
std::optional<ServiceType> serviceTypeFrom(const QString &text);
std::optional<RestartPolicy> restartPolicyFrom(const QString &text);
std::optional<NotifyAccess> notifyAccessFrom(const QString &text);
std::optional<FolderKeeping> folderKeepingFrom(const QString &text);
std::optional<KillMode> killModeFrom(const QString &text);
std::optional<TimeoutMode> timeoutModeFrom(const QString &text);

/// The active state that a service's sub-state stands for.
ActiveState activeStateOf(ServiceState state);

/// Units that run commands but have no main process.
inline bool runsCommands(UnitType type)
{
    return type == UnitType::Socket || type == UnitType::Mount || type == UnitType::Swap;
}
inline bool isActiveOrReloading(ActiveState s)
{
    return s == ActiveState::Active || s == ActiveState::Reloading;
}
inline bool isActiveOrActivating(ActiveState s)
{
    return isActiveOrReloading(s) || s == ActiveState::Activating;
}
inline bool isInactiveOrFailed(ActiveState s)
{
    return s == ActiveState::Inactive || s == ActiveState::Failed;
}
inline bool isInactiveOrDeactivating(ActiveState s)
{
    return isInactiveOrFailed(s) || s == ActiveState::Deactivating;
}

} // namespace qd::units
