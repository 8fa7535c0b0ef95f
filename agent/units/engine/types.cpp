// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/types.h"

#include "shared/unitfile/values.h"

#include <QStringList>

namespace qd::units {

namespace {

QStringList list(const char *words)
{
    return QString::fromLatin1(words).split(u' ');
}

const QStringList &unitTypes()
{
    static const QStringList all =
        list("service target slice socket timer path mount automount swap device scope snapshot "
             "unknown");
    return all;
}

const QStringList &jobTypes()
{
    static const QStringList all =
        list("start verify-active stop reload restart reload-or-start try-restart try-reload nop");
    return all;
}

const QStringList &jobModes()
{
    static const QStringList all = list("replace fail replace-irreversibly isolate flush "
                                        "ignore-dependencies ignore-requirements triggering "
                                        "restart-dependencies");
    return all;
}

const QStringList &serviceTypes()
{
    static const QStringList all = list("simple exec forking oneshot dbus notify idle");
    return all;
}

const QStringList &restartPolicies()
{
    static const QStringList all =
        list("no on-success on-failure on-abnormal on-watchdog on-abort always");
    return all;
}

const QStringList &notifyAccesses()
{
    static const QStringList all = list("none main exec all");
    return all;
}

const QStringList &killModes()
{
    static const QStringList all = list("control-group process mixed none");
    return all;
}

const QStringList &folderKeepings()
{
    static const QStringList all = list("no yes restart");
    return all;
}

const QStringList &timeoutModes()
{
    static const QStringList all = list("terminate abort kill");
    return all;
}

const QStringList &pathKinds()
{
    static const QStringList all =
        list("PathExists PathExistsGlob PathChanged PathModified DirectoryNotEmpty");
    return all;
}

const QStringList &listenKinds()
{
    static const QStringList all = list("Stream Datagram SequentialPacket FIFO Special Netlink "
                                        "MessageQueue USBFunction");
    return all;
}

const QStringList &timerBases()
{
    static const QStringList all = list("OnActiveSec OnBootSec OnStartupSec OnUnitActiveSec "
                                        "OnUnitInactiveSec OnCalendar");
    return all;
}

template <class T>
std::optional<T> find(const QStringList &words, const QString &text)
{
    const qsizetype at = words.indexOf(text);
    return at < 0 ? std::nullopt : std::optional(T(at));
}

} // namespace

QString toText(UnitType type)
{
    return unitTypes().value(int(type));
}

QString toText(LoadState state)
{
    static const QStringList all = list("stub loaded not-found bad-setting error masked");
    return all.value(int(state));
}

QString toText(ActiveState state)
{
    static const QStringList all =
        list("inactive activating active reloading deactivating failed maintenance");
    return all.value(int(state));
}

QString toText(JobType type)
{
    return jobTypes().value(int(type));
}

QString toText(JobMode mode)
{
    return jobModes().value(int(mode));
}

QString toText(JobState state)
{
    return state == JobState::Waiting ? QStringLiteral("waiting") : QStringLiteral("running");
}

QString toText(JobResult result)
{
    static const QStringList all = list("done canceled timeout failed dependency skipped invalid "
                                        "assert unsupported collected once");
    return all.value(int(result));
}

QString toText(ServiceState state)
{
    static const QStringList all = list(
        "dead condition start-pre start start-post running exited reload stop stop-watchdog "
        "stop-sigterm stop-sigkill stop-post final-watchdog final-sigterm final-sigkill failed "
        "auto-restart cleaning");
    return all.value(int(state));
}

QString toText(PathKind kind)
{
    return pathKinds().value(int(kind));
}

QString toText(PathState state)
{
    static const QStringList all = list("dead waiting running failed");
    return all.value(int(state));
}

QString toText(ListenKind kind)
{
    return listenKinds().value(int(kind));
}

QString toText(SocketState state)
{
    static const QStringList all =
        list("dead start-pre start-chown start-post listening running stop-pre stop-pre-sigterm "
             "stop-pre-sigkill stop-post final-sigterm final-sigkill failed");
    return all.value(int(state));
}

QString toText(MountState state)
{
    static const QStringList all =
        list("dead mounting mounting-done mounted remounting unmounting remounting-sigterm "
             "remounting-sigkill unmounting-sigterm unmounting-sigkill failed");
    return all.value(int(state));
}

QString toText(SwapState state)
{
    static const QStringList all =
        list("dead activating activating-done active deactivating deactivating-sigterm "
             "deactivating-sigkill failed");
    return all.value(int(state));
}

QString toText(AutomountState state)
{
    static const QStringList all = list("dead waiting running failed");
    return all.value(int(state));
}

QString toText(ScopeState state)
{
    static const QStringList all = list("dead running abandoned stop-sigterm stop-sigkill failed");
    return all.value(int(state));
}

QString toText(TimerState state)
{
    static const QStringList all = list("dead waiting running elapsed failed");
    return all.value(int(state));
}

QString toText(TimerBase base)
{
    return timerBases().value(int(base));
}

QString toText(ServiceType type)
{
    return serviceTypes().value(int(type));
}

QString toText(RestartPolicy policy)
{
    return restartPolicies().value(int(policy));
}

QString toText(NotifyAccess access)
{
    return notifyAccesses().value(int(access));
}

QString toText(KillMode mode)
{
    return killModes().value(int(mode));
}

QString toText(TimeoutMode mode)
{
    return timeoutModes().value(int(mode));
}

QString toText(ServiceResult result)
{
    static const QStringList all = list("success resources protocol timeout exit-code signal "
                                        "core-dump watchdog start-limit-hit oom-kill "
                                        "exec-condition trigger-limit-hit unit-start-limit-hit "
                                        "service-start-limit-hit mount-start-limit-hit unmounted");
    return all.value(int(result));
}

QString toText(FolderKind kind)
{
    static const QStringList all = list("Runtime State Cache Logs Configuration");
    return all.value(int(kind));
}

QString toText(FolderKeeping keeping)
{
    return folderKeepings().value(int(keeping));
}

QString toText(ExecKind kind)
{
    static const QStringList all =
        list("ExecCondition ExecStartPre ExecStart ExecStartPost ExecReload ExecStop ExecStopPost");
    return all.value(int(kind));
}

UnitType unitTypeOf(const QString &unit)
{
    const QString suffix = unit.section(u'.', -1);
    return find<UnitType>(unitTypes(), suffix).value_or(UnitType::Unknown);
}

std::optional<JobType> jobTypeFrom(const QString &text)
{
    return find<JobType>(jobTypes(), text);
}

std::optional<JobMode> jobModeFrom(const QString &text)
{
    return find<JobMode>(jobModes(), text);
}

std::optional<PathKind> pathKindFrom(const QString &text)
{
    return find<PathKind>(pathKinds(), text);
}

std::optional<ListenKind> listenKindFrom(const QString &option)
{
    const QString prefix = QStringLiteral("Listen");
    return option.startsWith(prefix) ? find<ListenKind>(listenKinds(), option.mid(prefix.size()))
                                     : std::nullopt;
}

std::optional<TimerBase> timerBaseFrom(const QString &text)
{
    return find<TimerBase>(timerBases(), text);
}

std::optional<ServiceType> serviceTypeFrom(const QString &text)
{
    return find<ServiceType>(serviceTypes(), text);
}

std::optional<RestartPolicy> restartPolicyFrom(const QString &text)
{
    return find<RestartPolicy>(restartPolicies(), text);
}

std::optional<NotifyAccess> notifyAccessFrom(const QString &text)
{
    return find<NotifyAccess>(notifyAccesses(), text);
}

std::optional<KillMode> killModeFrom(const QString &text)
{
    return find<KillMode>(killModes(), text);
}

std::optional<FolderKeeping> folderKeepingFrom(const QString &text)
{
    // yes, no and their other names, or "restart"
    if (const auto flag = unitfile::parseBool(text))
        return *flag ? FolderKeeping::Yes : FolderKeeping::No;
    return find<FolderKeeping>(folderKeepings(), text);
}

std::optional<TimeoutMode> timeoutModeFrom(const QString &text)
{
    return find<TimeoutMode>(timeoutModes(), text);
}

ActiveState activeStateOf(ServiceState state)
{
    switch (state) {
    case ServiceState::Dead:
        return ActiveState::Inactive;
    case ServiceState::Condition:
    case ServiceState::StartPre:
    case ServiceState::Start:
    case ServiceState::StartPost:
    case ServiceState::AutoRestart:
        return ActiveState::Activating;
    case ServiceState::Running:
    case ServiceState::Exited:
        return ActiveState::Active;
    case ServiceState::Reload:
        return ActiveState::Reloading;
    case ServiceState::Failed:
        return ActiveState::Failed;
    case ServiceState::Cleaning:
        return ActiveState::Maintenance;
    default:
        return ActiveState::Deactivating;
    }
}

} // namespace qd::units
