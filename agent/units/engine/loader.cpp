// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/loader.h"

#include "agent/units/engine/errors.h"
#include "agent/units/engine/mount_setters.h"
#include "agent/units/engine/option_setters.h"
#include "agent/units/engine/own_folders.h"
#include "agent/units/engine/place_setters.h"
#include "agent/units/engine/socket_setters.h"
#include "shared/unitfile/check.h"
#include "shared/unitfile/known_keys.h"
#include "shared/unitfile/unit_name.h"

namespace qd::units {

namespace {

using unitfile::Option;
using unitfile::Problem;

const QString kService = QStringLiteral("Service");

void note(Loading &loading, const QString &path, const Problem &problem)
{
    loading.unit.problems.append(problem);
    loading.out.messages.append(
        QStringLiteral("[%1:%2] %3").arg(path).arg(problem.line).arg(problem.message));
}

/// Sections that are not systemd's, nor somebody's own by their prefix: at their first option.
void noteSections(Loading &loading, const QString &path, const unitfile::UnitFile &file)
{
    QStringList noted;
    for (const Option &option : file.options) {
        if (noted.contains(option.section) || option.section.startsWith(u"X-") ||
            unitfile::isKnownSection(option.section))
            continue;
        noted.append(option.section);
        note(
            loading, path,
            Problem{
                option.line, Problem::Warning,
                QStringLiteral("Unknown section '%1'. Ignoring.").arg(option.section)});
    }
}

/// Reads the unit file and its drop-ins into one list of options.
void readFiles(Loading &loading, const FoundUnit &found)
{
    QList<SourceFile> files{found.fragment};
    files += found.dropIns;
    for (int i = 0; i < files.size(); ++i) {
        unitfile::UnitFile file = unitfile::parse(files[i].text);
        for (const Problem &problem : std::as_const(file.problems))
            note(loading, files[i].path, problem);
        noteSections(loading, files[i].path, file);
        if (file.refused() && i == 0)
            loading.wrong = file.problems.last().message;
        if (file.refused())
            continue;
        for (Option &option : file.options) {
            option.file = i;
            loading.unit.options.append(option);
        }
    }
}

QString lastValue(const Unit &unit, const QString &section, const QString &name)
{
    for (qsizetype i = unit.options.size() - 1; i >= 0; --i) {
        if (unit.options[i].section == section && unit.options[i].name == name)
            return unit.options[i].value;
    }
    return {};
}

/// %u, %h and the rest speak of the service's user.
void adoptUser(Loading &loading, const Driver &machine)
{
    const QString type = unitfile::nameType(loading.unit.id);
    const QString user =
        lastValue(loading.unit, type.left(1).toUpper() + type.mid(1), QStringLiteral("User"));
    if (user.isEmpty())
        return;
    const QString name = unitfile::expandSpecifiers(user, loading.context).value_or(user);
    const auto info = machine.user(name);
    if (!info)
        return;
    loading.context.user = info->name;
    loading.context.userId = QString::number(info->uid);
    loading.context.group = info->group;
    loading.context.groupId = QString::number(info->gid);
    loading.context.home = info->home;
    loading.context.shell = info->shell;
}

void applyOptions(Loading &loading, const QStringList &paths)
{
    // A copy: setters may not change the list that is walked.
    const QList<Option> options = loading.unit.options;
    for (const Option &option : options) {
        const auto problem = unitfile::checkOption(loading.unit.id, option);
        if (problem)
            note(loading, paths.value(option.file), *problem);
        if (problem && problem->severity == Problem::Error)
            loading.wrong = problem->message;
        if (!problem || option.name == u"After" || option.name == u"Wants" ||
            option.name == u"Requires" || option.name == u"Environment")
            applyOption(loading, option); // of a list, what is good is kept
    }
}

/// Why a service cannot be; empty when it can (5.7).
QString wrongService(const ServiceSettings &service, const Driver &machine)
{
    const qsizetype starts = service.of(ExecKind::Start).size();
    const bool oneshot = service.type == ServiceType::Oneshot;
    if (starts == 0 && service.of(ExecKind::Stop).isEmpty())
        return QStringLiteral("Service lacks both ExecStart= and ExecStop= setting. Refusing.");
    if (starts == 0 && !oneshot)
        return QStringLiteral("Service has no ExecStart= setting, which is only allowed for "
                              "Type=oneshot services. Refusing.");
    if (starts == 0 && !service.remainAfterExit)
        return QStringLiteral("Service has no ExecStart= setting, which is only allowed for "
                              "RemainAfterExit=yes services. Refusing.");
    if (starts > 1 && !oneshot)
        return QStringLiteral("Service has more than one ExecStart= setting, which is only "
                              "allowed for Type=oneshot services. Refusing.");
    if (oneshot &&
        (service.restart == RestartPolicy::Always || service.restart == RestartPolicy::OnSuccess))
        return QStringLiteral("Service has Restart= set to either always or on-success, which "
                              "isn't allowed for Type=oneshot services. Refusing.");
    if (service.type == ServiceType::DBus ||
        (service.type == ServiceType::Notify && !machine.canNotify()))
        return QStringLiteral("Type=%1 is not supported by this engine. Refusing.")
            .arg(toText(service.type));
    return {};
}

void finishService(Loading &loading, const Driver &machine)
{
    Unit &unit = loading.unit;
    ServiceSettings &service = unit.service;
    if (service.of(ExecKind::Start).isEmpty() &&
        lastValue(unit, kService, QStringLiteral("Type")).isEmpty())
        service.type = ServiceType::Oneshot; // nothing could be the main process
    const bool speaks = service.type == ServiceType::Notify || service.watchdogUs > 0;
    if (service.notifyAccess == NotifyAccess::None && speaks)
        service.notifyAccess = NotifyAccess::Main;
    service.of(ExecKind::Stop) = loading.stopPre + service.of(ExecKind::Stop);
    if (service.type == ServiceType::Oneshot && !service.timeoutStartGiven)
        service.timeoutStartUs = unitfile::kInfinity;
    for (int i = 0; i < kFolderKinds; ++i)
        unit.settings.requiresMountsFor += ownFolders(unit.exec, FolderKind(i));
    if (loading.wrong.isEmpty()) {
        loading.wrong = wrongService(service, machine);
        if (!loading.wrong.isEmpty())
            loading.out.messages.append(unit.id + QStringLiteral(": ") + loading.wrong);
    }
}

/// Why a timer cannot be; empty when it can.
QString wrongTimer(const TimerSettings &timer)
{
    if (timer.values.isEmpty() && !timer.onClockChange && !timer.onTimezoneChange)
        return QStringLiteral("Timer unit lacks value setting. Refusing.");
    return {};
}

/// Why a path cannot be; empty when it can.
QString wrongPath(const PathSettings &path)
{
    return path.lines.isEmpty() ? QStringLiteral("Path unit lacks path setting. Refusing.")
                                : QString();
}

/// What timers and paths have in common: `triggered` is their Unit=.
void finishTriggering(Loading &loading, QString &triggered, const QString &wrong)
{
    if (triggered.isEmpty())
        triggered = unitfile::nameStem(loading.unit.id) + QStringLiteral(".service");
    loading.wrong = loading.wrong.isEmpty() ? wrong : loading.wrong;
    if (!loading.wrong.isEmpty())
        loading.out.messages.append(loading.unit.id + QStringLiteral(": ") + loading.wrong);
}

/// Whether units of this type have processes of their own, and so a place in a slice.
bool hasProcesses(UnitType type)
{
    return type == UnitType::Service || type == UnitType::Scope || runsCommands(type);
}

QString defaultSlice(const QString &unit)
{
    if (unitfile::nameKind(unit) != unitfile::NameKind::Instance)
        return QStringLiteral("system.slice");
    return QStringLiteral("system-%1.slice").arg(unitfile::escape(unitfile::namePrefix(unit)));
}

QString parentSlice(const QString &slice)
{
    const QString stem = unitfile::nameStem(slice);
    const qsizetype dash = stem.lastIndexOf(u'-');
    return dash <= 0 ? QStringLiteral("-.slice") : stem.left(dash) + QStringLiteral(".slice");
}

/// What goes by the calendar waits for the clock to be right.
void orderByCalendar(Loading &loading)
{
    const QList<TimerValue> &values = loading.unit.timer.values;
    const bool any = std::any_of(values.begin(), values.end(), [](const TimerValue &value) {
        return value.base == TimerBase::Calendar;
    });
    if (!any)
        return;
    for (const char *target : {"time-set.target", "time-sync.target"})
        loading.out.dependencies.append({Dependency::After, QString::fromLatin1(target)});
}

/// The dependencies that come with a type (U-11, U-12).
void addImplicit(Loading &loading)
{
    Unit &unit = loading.unit;
    const auto add = [&loading](Dependency kind, const QString &name) {
        loading.out.dependencies.append({kind, name});
    };
    const QString shutdown = QStringLiteral("shutdown.target");
    const QString sysinit = QStringLiteral("sysinit.target");
    if (hasProcesses(unit.type)) {
        if (unitfile::nameType(unit.slice) != u"slice")
            unit.slice = defaultSlice(unit.id);
        unit.groupPath = slicePath(unit.slice) + u'/' + unit.id;
        add(Dependency::Requires, unit.slice);
        add(Dependency::After, unit.slice);
    }
    if (unit.type == UnitType::Slice && unit.id != u"-.slice") {
        add(Dependency::Requires, parentSlice(unit.id));
        add(Dependency::After, parentSlice(unit.id));
        unit.groupPath = slicePath(unit.id);
    }
    const bool isTimer = unit.type == UnitType::Timer;
    const bool isPath = unit.type == UnitType::Path;
    const bool isSocket = unit.type == UnitType::Socket;
    const bool triggers = isTimer || isPath || isSocket;
    const QString &triggered = isTimer  ? unit.timer.unit
                               : isPath ? unit.path.unit
                                        : unit.socket.service;
    if (triggers && !triggered.isEmpty()) {
        add(Dependency::Triggers, triggered);
        add(Dependency::Before, triggered);
    }
    if (unit.type == UnitType::Mount)
        addMountDependencies(loading);
    if (unit.type == UnitType::Automount)
        addAutomountDependencies(loading);
    if (unit.type == UnitType::Swap)
        addSwapDependencies(loading);
    for (const QString &name : std::as_const(unit.snapshot.units)) {
        add(Dependency::Requires, name);
        add(Dependency::After, name);
    }
    if (!unit.settings.defaultDependencies || unit.id == shutdown)
        return;
    if (triggers) {
        add(Dependency::Before, isTimer  ? QStringLiteral("timers.target")
                                : isPath ? QStringLiteral("paths.target")
                                         : QStringLiteral("sockets.target"));
        add(Dependency::Requires, sysinit);
        add(Dependency::After, sysinit);
    }
    if (isTimer)
        orderByCalendar(loading);
    if (unit.type == UnitType::Service) {
        add(Dependency::Requires, sysinit);
        add(Dependency::After, sysinit);
        add(Dependency::After, QStringLiteral("basic.target"));
    }
    const bool known = unit.type == UnitType::Service || unit.type == UnitType::Target ||
                       unit.type == UnitType::Slice || unit.type == UnitType::Scope || triggers;
    if (known && !unit.perpetual) {
        add(Dependency::Conflicts, shutdown);
        add(Dependency::Before, shutdown);
    }
}

/// Commands that did not change keep what is known of their last run.
void keepRuns(QList<ExecCommand> &now, const QList<ExecCommand> &before)
{
    for (qsizetype i = 0; i < now.size() && i < before.size(); ++i) {
        if (now[i].command == before[i].command)
            now[i].run = before[i].run;
    }
}

/// What was due once is not due again because the files were read anew.
void keepSpent(TimerSettings &now, const TimerSettings &before)
{
    for (qsizetype i = 0; i < now.values.size() && i < before.values.size(); ++i) {
        TimerValue &value = now.values[i];
        const TimerValue &old = before.values[i];
        if (value.base != old.base || value.us != old.us || value.calendar != old.calendar)
            continue;
        value.spent = old.spent;
        value.nextUs = old.nextUs;
    }
}

void keepExisted(PathSettings &now, const PathSettings &before)
{
    for (qsizetype i = 0; i < now.lines.size() && i < before.lines.size(); ++i) {
        if (now.lines[i].isSame(before.lines[i]))
            now.lines[i].existed = before.lines[i].existed;
    }
}

void refuse(Unit &unit, LoadState state, const QString &code, const QString &message)
{
    unit.load = state;
    unit.loadError = Error{code, message, {}, nullptr};
}

/// Whether there are files to read.
bool judge(Unit &unit, const FoundUnit &found, bool isMounted)
{
    switch (found.state) {
    case FoundUnit::Present:
        unit.load = LoadState::Loaded;
        return true;
    case FoundUnit::Masked:
        refuse(
            unit, LoadState::Masked, error::masked,
            QStringLiteral("Unit %1 is masked.").arg(unit.id));
        return false;
    case FoundUnit::Unreadable:
        refuse(
            unit, LoadState::Error, error::loadFailed,
            QStringLiteral("Unit %1 failed to load properly: %2").arg(unit.id, found.error));
        return false;
    case FoundUnit::Missing:
        break;
    }
    const bool isMade = unit.type == UnitType::Snapshot && !unit.snapshot.units.isEmpty();
    if (unit.type == UnitType::Slice || unit.type == UnitType::Device || isMade || isMounted) {
        unit.load = LoadState::Loaded; // they need no file
        return true;
    }
    refuse(
        unit, LoadState::NotFound, error::noSuchUnit,
        QStringLiteral("Unit %1 not found.").arg(unit.id));
    return false;
}

/// What the kernel has of a mount or a swap, whoever has made it.
struct InUse {
    std::optional<MountPoint> point;
    std::optional<SwapArea> area;
};

InUse lookAtKernel(const Unit &unit, Driver &machine)
{
    InUse out;
    if (unit.type == UnitType::Mount)
        out.point = machine.mountAt(pathOfUnit(unit.id));
    if (unit.type == UnitType::Swap)
        out.area = machine.swapAt(pathOfUnit(unit.id));
    return out;
}

/// What a unit's files said before, as far as something of its life is kept there.
struct Settings {
    ServiceSettings service;
    TimerSettings timer;
    PathSettings path;
    QMap<QString, QList<ExecCommand>> commands;
};

/// What the kernel shows, and what holds others, is not stopped by an isolate unless it says so.
bool staysOnIsolate(UnitType type)
{
    return type == UnitType::Mount || type == UnitType::Automount || type == UnitType::Swap ||
           type == UnitType::Device || type == UnitType::Slice || type == UnitType::Scope;
}

/// Leaves the unit as if no file had been read.
Settings takeSettings(Unit &unit)
{
    Settings before{
        std::exchange(unit.service, {}), std::exchange(unit.timer, {}),
        std::exchange(unit.path, {}), std::exchange(unit.commands, {})};
    unit.settings = {};
    unit.settings.ignoreOnIsolate = staysOnIsolate(unit.type);
    unit.exec = {};
    unit.exec.sameProcessGroup = unit.type == UnitType::Mount;
    unit.kill = {};
    unit.slice.clear();
    unit.socket = {};
    unit.mount = {};
    unit.swap = {};
    unit.automount = {};
    unit.scope = {};
    unit.options.clear();
    unit.problems.clear();
    unit.loadError = {};
    unit.dropInPaths.clear();
    return before;
}

/// A device comes and goes by itself; who needs it waits for some time.
void finishDevice(Unit &unit)
{
    constexpr quint64 kPatienceUs = 90'000'000;
    unit.settings.ignoreOnIsolate = true;
    if (unit.settings.jobRunningTimeoutUs == unitfile::kInfinity)
        unit.settings.jobRunningTimeoutUs = kPatienceUs;
    if (unit.settings.description.isEmpty())
        unit.settings.description = pathOfUnit(unit.id);
}

/// What is private there lies below these folders. /tmp may be masked, so it is only wanted.
void needPrivateTmp(Loading &loading)
{
    const QString tmp = QStringLiteral("tmp.mount");
    loading.out.dependencies.append({Dependency::Wants, tmp});
    loading.out.dependencies.append({Dependency::After, tmp});
    loading.out.dependencies.append(
        {Dependency::After, QStringLiteral("systemd-tmpfiles-setup.service")});
    loading.unit.settings.requiresMountsFor.append(QStringLiteral("/var/tmp"));
}

/// What a type makes of its options once all are read.
void finishType(Loading &loading, const Driver &machine, const InUse &inUse)
{
    Unit &unit = loading.unit;
    if (unit.exec.sandbox.privateTmp)
        needPrivateTmp(loading);
    switch (unit.type) {
    case UnitType::Service:
        return finishService(loading, machine);
    case UnitType::Socket:
        return finishSocket(loading);
    case UnitType::Mount:
        return finishMount(loading, inUse.point);
    case UnitType::Automount:
        return finishAutomount(loading);
    case UnitType::Swap:
        return finishSwap(loading, inUse.area);
    case UnitType::Device:
        return finishDevice(unit);
    case UnitType::Snapshot:
        unit.settings.allowIsolate = true;
        unit.settings.defaultDependencies = false;
        return;
    case UnitType::Timer:
        return finishTriggering(loading, unit.timer.unit, wrongTimer(unit.timer));
    case UnitType::Path:
        finishTriggering(loading, unit.path.unit, wrongPath(unit.path));
        for (const PathLine &line : std::as_const(unit.path.lines))
            unit.settings.requiresMountsFor.append(line.path);
        return;
    default:
        return;
    }
}

void keepWhatIsKnown(Unit &unit, const Settings &before)
{
    for (int kind = 0; kind < kExecKinds; ++kind)
        keepRuns(unit.service.of(ExecKind(kind)), before.service.of(ExecKind(kind)));
    // Commands of mounts and swaps are the engine's, not the file's.
    if (unit.type == UnitType::Mount || unit.type == UnitType::Swap)
        unit.commands = before.commands;
    for (auto it = unit.commands.begin(); it != unit.commands.end(); ++it)
        keepRuns(it.value(), before.commands.value(it.key()));
    keepSpent(unit.timer, before.timer);
    keepExisted(unit.path, before.path);
}

} // namespace

QString slicePath(const QString &slice)
{
    if (slice == u"-.slice")
        return {};
    QString out;
    const QStringList parts = unitfile::nameStem(slice).split(u'-');
    for (qsizetype i = 1; i <= parts.size(); ++i)
        out += u'/' + parts.first(i).join(u'-') + QStringLiteral(".slice");
    return out;
}

Loaded loadUnit(
    Unit &unit, const FoundUnit &found, const unitfile::SpecifierContext &node, Driver &machine)
{
    const Settings before = takeSettings(unit);
    unit.stamp = found.stamp;
    unit.fragmentPath = found.state == FoundUnit::Missing ? QString() : found.fragment.path;
    unit.perpetual = unit.id == u"-.slice" || unit.id == u"system.slice" || unit.id == u"-.mount";

    Loading loading{unit, node, {}, {}, {}};
    loading.context.unit = unit.id;
    loading.context.fragment = unit.fragmentPath;
    const InUse inUse = lookAtKernel(unit, machine);
    const bool readable = judge(unit, found, inUse.point.has_value() || inUse.area.has_value());
    if (readable) {
        QStringList paths{unit.fragmentPath};
        for (const SourceFile &dropIn : found.dropIns)
            unit.dropInPaths.append(dropIn.path);
        paths += unit.dropInPaths;
        readFiles(loading, found);
        adoptUser(loading, machine);
        applyOptions(loading, paths);
        finishType(loading, machine, inUse);
    }
    for (const QString &name : found.wants)
        loading.out.dependencies.append({Dependency::Wants, name});
    for (const QString &name : found.requirements)
        loading.out.dependencies.append({Dependency::Requires, name});
    if (!loading.wrong.isEmpty())
        refuse(
            unit, LoadState::BadSetting, error::badSetting,
            QStringLiteral("Unit %1 has a bad unit file setting.").arg(unit.id));
    if (readable)
        addImplicit(loading);
    keepWhatIsKnown(unit, before);
    return std::move(loading.out);
}

} // namespace qd::units
