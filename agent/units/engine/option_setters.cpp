// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/option_setters.h"

#include "agent/units/engine/mount_setters.h"
#include "agent/units/engine/own_folders.h"
#include "agent/units/engine/place_setters.h"
#include "agent/units/engine/sandbox_setters.h"
#include "agent/units/engine/setter_kinds.h"
#include "agent/units/engine/socket_setters.h"
#include "shared/unitfile/environment.h"
#include "shared/unitfile/unit_name.h"
#include "shared/unitfile/words.h"

namespace qd::units {

QString setters::expanded(const Loading &loading, const QString &value)
{
    return unitfile::expandSpecifiers(value, loading.context).value_or(value);
}

QStringList setters::words(const Loading &loading, const QString &value)
{
    QStringList out =
        unitfile::splitWords(value, unitfile::WordReader::Quoted).value_or(QStringList());
    for (QString &word : out)
        word = expanded(loading, word);
    return out;
}

void setters::addCommands(Loading &loading, QList<ExecCommand> &target, const QString &value)
{
    if (value.isEmpty()) {
        target.clear();
        return;
    }
    const auto commands = unitfile::parseCommands(value, [&loading](const QString &word) {
        return unitfile::expandSpecifiers(word, loading.context);
    });
    if (!commands) {
        loading.wrong = commands.error().message;
        return;
    }
    for (const unitfile::Command &command : *commands)
        target.append(ExecCommand{command, {}});
}

namespace {

using namespace unitfile;
using namespace setters;

template <class T>
Setter exitSet(T part)
{
    return [part](Loading &l, const QString &value) {
        ExitSet &target = part(l);
        const auto set = parseExitSet(value);
        if (value.isEmpty() || !set) {
            target = {};
            return;
        }
        target.statuses += set->statuses;
        target.signalNumbers += set->signalNumbers;
    };
}

Setter command(ExecKind kind)
{
    return [kind](Loading &l, const QString &value) {
        addCommands(l, l.unit.service.of(kind), value);
    };
}

Setter condition(const QString &name, QList<Condition> UnitSettings::*target)
{
    return [name, target](Loading &l, const QString &value) {
        QList<Condition> &conditions = l.unit.settings.*target;
        if (value.isEmpty()) {
            conditions.clear();
            return;
        }
        Condition condition;
        condition.type = name;
        QString rest = value;
        if (rest.startsWith(u'|')) {
            condition.trigger = true;
            rest = rest.mid(1).trimmed();
        }
        if (rest.startsWith(u'!')) {
            condition.negate = true;
            rest = rest.mid(1).trimmed();
        }
        condition.parameter = expanded(l, rest);
        conditions.append(condition);
    };
}

void setEnvironment(Loading &l, const QString &value)
{
    QStringList &target = l.unit.exec.environment;
    if (value.isEmpty())
        target.clear();
    for (const QString &word : words(l, value)) {
        if (isAssignment(word))
            target.append(word);
    }
}

void setEnvironmentFile(Loading &l, const QString &value)
{
    QList<EnvironmentFile> &target = l.unit.exec.environmentFiles;
    if (value.isEmpty()) {
        target.clear();
        return;
    }
    const bool optional = value.startsWith(u'-');
    target.append(EnvironmentFile{expanded(l, optional ? value.mid(1) : value), optional});
}

void setWorkingDirectory(Loading &l, const QString &value)
{
    ExecSettings &exec = l.unit.exec;
    exec.workingDirectoryMayBeMissing = value.startsWith(u'-');
    const QString path = exec.workingDirectoryMayBeMissing ? value.mid(1) : value;
    exec.workingDirectoryIsHome = path == u"~";
    exec.workingDirectory = exec.workingDirectoryIsHome ? QString() : expanded(l, path);
}

void setTimeouts(Loading &l, const QString &value)
{
    const auto us = parseTimeSpan(value);
    if (!us)
        return;
    ServiceSettings &service = l.unit.service;
    service.timeoutStartUs = service.timeoutStopUs = *us == 0 ? kInfinity : *us;
    service.timeoutStartGiven = true;
}

void setStartTimeout(Loading &l, const QString &value)
{
    const auto us = parseTimeSpan(value);
    if (!us)
        return;
    l.unit.service.timeoutStartUs = *us == 0 ? kInfinity : *us;
    l.unit.service.timeoutStartGiven = true;
}

void setLimit(Loading &l, const QString &name, const QString &value)
{
    static const QStringList sizes =
        QStringLiteral("FSIZE DATA STACK CORE RSS AS MEMLOCK MSGQUEUE").split(u' ');
    const bool isSize = sizes.contains(name);
    const auto read = [&name, isSize](const QString &text) -> std::optional<quint64> {
        if (name != u"CPU" && name != u"RTTIME")
            return parseLimit(text, isSize);
        const auto us = parseTimeSpan(text, name == u"CPU" ? kSecond : 1);
        if (!us || *us == kInfinity || name == u"RTTIME")
            return us;
        return (*us + kSecond - 1) / kSecond;
    };
    const auto soft = read(value.section(u':', 0, 0));
    const auto hard = value.contains(u':') ? read(value.section(u':', 1)) : soft;
    if (soft && hard && *soft <= *hard)
        l.unit.exec.limits.insert(name, Limit{*soft, *hard});
}

/// Names of folders below their place; what leads out of it is left out.
void setFolders(Loading &l, QStringList &names, const QString &value)
{
    if (value.isEmpty())
        names.clear();
    for (const QString &word : words(l, value)) {
        const QString name = word.section(u':', 0, 0); // after it: where a link to it would be
        if (isFolderName(name) && !names.contains(name))
            names.append(name);
    }
}

/// Only what is a place: others are left out.
void setDocumentation(Loading &l, const QString &value)
{
    QStringList &target = l.unit.settings.documentation;
    if (value.isEmpty())
        target.clear();
    for (const QString &word : words(l, value)) {
        for (const char *scheme : {"http://", "https://", "file:/", "info:", "man:"}) {
            if (word.startsWith(QLatin1String(scheme)))
                target.append(word);
        }
    }
}

void addUnitSetters(Setters &s)
{
    const auto unit = [&s](const char *name, const Setter &setter) {
        s.insert(QStringLiteral("Unit/") + QString::fromLatin1(name), setter);
    };
    unit("Description", text([](Loading &l) -> QString & { return l.unit.settings.description; }));
    unit("CollectMode", [](Loading &l, const QString &value) {
        if (value == u"inactive" || value == u"inactive-or-failed")
            l.unit.settings.collectsFailed = value == u"inactive-or-failed";
    });
    unit("RequiresMountsFor", list([](Loading &l) -> QStringList & {
             return l.unit.settings.requiresMountsFor;
         }));
    unit("Documentation", setDocumentation);
    const auto flag = [&unit](const char *name, bool UnitSettings::*member) {
        unit(name, boolean([member](Loading &l) -> bool & { return l.unit.settings.*member; }));
    };
    flag("DefaultDependencies", &UnitSettings::defaultDependencies);
    flag("RefuseManualStart", &UnitSettings::refuseManualStart);
    flag("RefuseManualStop", &UnitSettings::refuseManualStop);
    flag("AllowIsolate", &UnitSettings::allowIsolate);
    flag("IgnoreOnIsolate", &UnitSettings::ignoreOnIsolate);
    flag("StopWhenUnneeded", &UnitSettings::stopWhenUnneeded);
    unit(
        "OnFailureJobMode",
        parsed(
            [](Loading &l) -> JobMode & { return l.unit.settings.onFailureJobMode; }, jobModeFrom));
    unit(
        "OnSuccessJobMode",
        parsed(
            [](Loading &l) -> JobMode & { return l.unit.settings.onSuccessJobMode; }, jobModeFrom));
    const auto time = [&unit](const char *name, quint64 UnitSettings::*member) {
        unit(
            name,
            span([member](Loading &l) -> quint64 & { return l.unit.settings.*member; }, true));
    };
    time("JobTimeoutSec", &UnitSettings::jobTimeoutUs);
    time("JobRunningTimeoutSec", &UnitSettings::jobRunningTimeoutUs);
    // The limit stood in [Service], under another name, before systemd 230.
    const Setter interval =
        span([](Loading &l) -> quint64 & { return l.unit.settings.startLimitIntervalUs; }, false);
    const Setter burst = count([](Loading &l) -> int & { return l.unit.settings.startLimitBurst; });
    for (const char *name :
         {"Unit/StartLimitIntervalSec", "Unit/StartLimitInterval", "Service/StartLimitInterval"})
        s.insert(QString::fromLatin1(name), interval);
    s.insert(QStringLiteral("Unit/StartLimitBurst"), burst);
    s.insert(QStringLiteral("Service/StartLimitBurst"), burst);
}

void addServiceSetters(Setters &s)
{
    const auto service = [&s](const char *name, const Setter &setter) {
        s.insert(QStringLiteral("Service/") + QString::fromLatin1(name), setter);
    };
    for (int i = 0; i < kExecKinds; ++i)
        s.insert(QStringLiteral("Service/") + toText(ExecKind(i)), command(ExecKind(i)));
    service(
        "Type",
        parsed([](Loading &l) -> ServiceType & { return l.unit.service.type; }, serviceTypeFrom));
    service(
        "Restart", parsed(
                       [](Loading &l) -> RestartPolicy & { return l.unit.service.restart; },
                       restartPolicyFrom));
    service("RemainAfterExit", boolean([](Loading &l) -> bool & {
                return l.unit.service.remainAfterExit;
            }));
    const auto time = [&service](const char *name, quint64 ServiceSettings::*member, bool off) {
        service(
            name, span([member](Loading &l) -> quint64 & { return l.unit.service.*member; }, off));
    };
    const auto mode = [&service](const char *name, TimeoutMode ServiceSettings::*member) {
        service(
            name, parsed(
                      [member](Loading &l) -> TimeoutMode & { return l.unit.service.*member; },
                      timeoutModeFrom));
    };
    mode("TimeoutStartFailureMode", &ServiceSettings::startFailure);
    mode("TimeoutStopFailureMode", &ServiceSettings::stopFailure);
    service("TimeoutAbortSec", [](Loading &l, const QString &value) {
        const auto us = parseTimeSpan(value);
        if (value.isEmpty())
            l.unit.service.timeoutAbortUs.reset();
        else if (us)
            l.unit.service.timeoutAbortUs = *us == 0 ? kInfinity : *us;
    });
    time("RestartSec", &ServiceSettings::restartUs, false);
    time("TimeoutStopSec", &ServiceSettings::timeoutStopUs, true);
    time("RuntimeMaxSec", &ServiceSettings::runtimeMaxUs, true);
    time("WatchdogSec", &ServiceSettings::watchdogUs, false);
    service("PIDFile", [](Loading &l, const QString &value) {
        const QString path = expanded(l, value);
        l.unit.service.pidFile =
            path.isEmpty() || path.startsWith(u'/') ? path : QStringLiteral("/run/") + path;
    });
    service(
        "NotifyAccess",
        parsed(
            [](Loading &l) -> NotifyAccess & { return l.unit.service.notifyAccess; },
            notifyAccessFrom));
    service("PermissionsStartOnly", boolean([](Loading &l) -> bool & {
                return l.unit.service.permissionsStartOnly;
            }));
    service("TimeoutSec", setTimeouts);
    service("TimeoutStartSec", setStartTimeout);
    const auto exits = [&service](const char *name, ExitSet ServiceSettings::*member) {
        service(
            name, exitSet([member](Loading &l) -> ExitSet & { return l.unit.service.*member; }));
    };
    exits("SuccessExitStatus", &ServiceSettings::success);
    exits("RestartPreventExitStatus", &ServiceSettings::restartPrevent);
    exits("RestartForceExitStatus", &ServiceSettings::restartForce);
}

void addKillSetters(Setters &s, const QString &section)
{
    const auto kill = [&s, &section](const char *name, const Setter &setter) {
        s.insert(section + QLatin1String(name), setter);
    };
    kill("Slice", text([](Loading &l) -> QString & { return l.unit.slice; }));
    kill(
        "KillMode",
        parsed([](Loading &l) -> KillMode & { return l.unit.kill.mode; }, killModeFrom));
    const auto number = [&kill](const char *name, int KillSettings::*member) {
        kill(
            name,
            parsed([member](Loading &l) -> int & { return l.unit.kill.*member; }, parseSignal));
    };
    number("KillSignal", &KillSettings::signalNumber);
    number("FinalKillSignal", &KillSettings::finalSignal);
    number("WatchdogSignal", &KillSettings::watchdogSignal);
    const auto sends = [&kill](const char *name, bool KillSettings::*member) {
        kill(name, boolean([member](Loading &l) -> bool & { return l.unit.kill.*member; }));
    };
    sends("SendSIGKILL", &KillSettings::sendSigkill);
    sends("SendSIGHUP", &KillSettings::sendSighup);
}

void addExecSetters(Setters &s, const QString &section)
{
    const auto exec = [&s, &section](const char *name, const Setter &setter) {
        s.insert(section + QLatin1String(name), setter);
    };
    const auto string = [&exec](const char *name, QString ExecSettings::*member) {
        exec(name, text([member](Loading &l) -> QString & { return l.unit.exec.*member; }));
    };
    string("User", &ExecSettings::user);
    string("Group", &ExecSettings::group);
    string("RootDirectory", &ExecSettings::rootDirectory);
    string("StandardInput", &ExecSettings::standardInput);
    string("StandardOutput", &ExecSettings::standardOutput);
    string("StandardError", &ExecSettings::standardError);
    string("SyslogIdentifier", &ExecSettings::syslogIdentifier);
    const auto strings = [&exec](const char *name, QStringList ExecSettings::*member) {
        exec(name, list([member](Loading &l) -> QStringList & { return l.unit.exec.*member; }));
    };
    strings("SupplementaryGroups", &ExecSettings::supplementaryGroups);
    strings("PassEnvironment", &ExecSettings::passEnvironment);
    strings("UnsetEnvironment", &ExecSettings::unsetEnvironment);
    exec("Environment", setEnvironment);
    exec("EnvironmentFile", setEnvironmentFile);
    exec("WorkingDirectory", setWorkingDirectory);
    exec("UMask", parsed([](Loading &l) -> uint & { return l.unit.exec.umask; }, parseMode));
    for (int i = 0; i < kFolderKinds; ++i) {
        const QString name = toText(FolderKind(i)) + QStringLiteral("Directory");
        s.insert(section + name, [i](Loading &l, const QString &value) {
            setFolders(l, l.unit.exec.folders[size_t(i)].names, value);
        });
        s.insert(
            section + name + QStringLiteral("Mode"),
            parsed(
                [i](Loading &l) -> uint & { return l.unit.exec.folders[size_t(i)].mode; },
                parseMode));
    }
    exec(
        "RuntimeDirectoryPreserve",
        parsed(
            [](Loading &l) -> FolderKeeping & { return l.unit.exec.runtimeKeeping; },
            folderKeepingFrom));
    const auto whole =
        [&exec](const char *name, std::optional<int> ExecSettings::*member, int least, int most) {
            exec(name, [member, least, most](Loading &l, const QString &value) {
                bool ok = false;
                const int read = value.toInt(&ok);
                if (value.isEmpty())
                    (l.unit.exec.*member).reset();
                else if (ok && read >= least && read <= most)
                    l.unit.exec.*member = read;
            });
        };
    whole("Nice", &ExecSettings::nice, -20, 19);
    whole("OOMScoreAdjust", &ExecSettings::oomScoreAdjust, -1000, 1000);
    exec("NonBlocking", boolean([](Loading &l) -> bool & { return l.unit.exec.nonBlocking; }));
    exec("IgnoreSIGPIPE", boolean([](Loading &l) -> bool & { return l.unit.exec.ignoreSigpipe; }));
    exec("SyslogLevelPrefix", boolean([](Loading &l) -> bool & {
             return l.unit.exec.syslogLevelPrefix;
         }));
    exec("SyslogLevel", [](Loading &l, const QString &value) {
        static const QStringList levels =
            QStringLiteral("emerg alert crit err warning notice info debug").split(u' ');
        bool ok = false;
        const int number = value.toInt(&ok);
        const int level = ok ? number : int(levels.indexOf(value));
        if (level >= 0 && level <= 7)
            l.unit.exec.syslogLevel = level;
    });
}

void addTimerSetters(Setters &s)
{
    const auto timer = [&s](const char *name, const Setter &setter) {
        s.insert(QStringLiteral("Timer/") + QString::fromLatin1(name), setter);
    };
    const auto flag = [&timer](const char *name, bool TimerSettings::*member) {
        timer(name, boolean([member](Loading &l) -> bool & { return l.unit.timer.*member; }));
    };
    flag("FixedRandomDelay", &TimerSettings::fixedRandomDelay);
    flag("OnClockChange", &TimerSettings::onClockChange);
    flag("OnTimezoneChange", &TimerSettings::onTimezoneChange);
    flag("Persistent", &TimerSettings::persistent);
    flag("RemainAfterElapse", &TimerSettings::remainAfterElapse);
    flag("WakeSystem", &TimerSettings::wakeSystem);
    const auto time = [&timer](const char *name, quint64 TimerSettings::*member) {
        timer(
            name, span([member](Loading &l) -> quint64 & { return l.unit.timer.*member; }, false));
    };
    time("AccuracySec", &TimerSettings::accuracyUs);
    time("RandomizedDelaySec", &TimerSettings::randomizedDelayUs);
    timer("Unit", triggeredUnit([](Loading &l) -> QString & { return l.unit.timer.unit; }));
}

void addPathSetters(Setters &s)
{
    const auto path = [&s](const char *name, const Setter &setter) {
        s.insert(QStringLiteral("Path/") + QString::fromLatin1(name), setter);
    };
    path("MakeDirectory", boolean([](Loading &l) -> bool & { return l.unit.path.makeDirectory; }));
    path(
        "DirectoryMode",
        parsed([](Loading &l) -> uint & { return l.unit.path.directoryMode; }, parseMode));
    path(
        "TriggerLimitIntervalSec",
        span([](Loading &l) -> quint64 & { return l.unit.path.triggerLimitIntervalUs; }, false));
    path("TriggerLimitBurst", count([](Loading &l) -> int & {
             return l.unit.path.triggerLimitBurst;
         }));
    path("Unit", triggeredUnit([](Loading &l) -> QString & { return l.unit.path.unit; }));
}

/// A line of [Path] that says what to wait for; an empty one takes back all of them.
void addPathLine(Loading &loading, PathKind kind, const QString &text)
{
    QList<PathLine> &lines = loading.unit.path.lines;
    const QString path = expanded(loading, text);
    if (text.isEmpty())
        lines.clear();
    else if (path.startsWith(u'/'))
        lines.append({kind, path, false});
}

/// A line of [Timer] that says when; an empty one takes back all of them, of every kind.
void addTimerValue(Loading &loading, TimerBase base, const QString &text)
{
    QList<TimerValue> &values = loading.unit.timer.values;
    if (text.isEmpty())
        return values.clear();
    const QString value = expanded(loading, text);
    TimerValue out;
    out.base = base;
    const auto calendar = base == TimerBase::Calendar ? parseCalendar(value) : std::nullopt;
    const auto us = base == TimerBase::Calendar ? std::nullopt : parseTimeSpan(value);
    if (!calendar && !us)
        return;
    out.calendar = calendar.value_or(Calendar());
    out.us = us.value_or(0);
    values.append(out);
}

const Setters &allSetters()
{
    static const Setters all = [] {
        Setters s;
        addUnitSetters(s);
        addServiceSetters(s);
        for (const char *section : {"Service/", "Socket/", "Mount/", "Swap/"}) {
            addExecSetters(s, QLatin1String(section));
            addKillSetters(s, QLatin1String(section));
            addSandboxSetters(s, QLatin1String(section));
        }
        addKillSetters(s, QStringLiteral("Scope/"));
        addSocketSetters(s);
        addMountSetters(s);
        addPlaceSetters(s);
        addTimerSetters(s);
        addPathSetters(s);
        return s;
    }();
    return all;
}

bool isLimit(const QString &section, const QString &name)
{
    const bool hasProcesses =
        section == u"Service" || section == u"Socket" || section == u"Mount" || section == u"Swap";
    return hasProcesses && name.startsWith(u"Limit");
}

} // namespace

bool isActedOn(const QString &section, const QString &name)
{
    const bool isUnits =
        section == u"Unit" &&
        (dependencyOfOption(name) || name.startsWith(u"Condition") || name.startsWith(u"Assert"));
    const bool isServices = section == u"Service" && (name == u"ExecStopPre" || name == u"Sockets");
    const bool isLine = (section == u"Socket" && listenKindFrom(name)) ||
                        (section == u"Path" && pathKindFrom(name)) ||
                        (section == u"Timer" && timerBaseFrom(name));
    return isUnits || isServices || isLine || isLimit(section, name) ||
           allSetters().contains(section + u'/' + name);
}

void applyOption(Loading &loading, const Option &option)
{
    if (option.section == u"Unit") {
        if (const auto kind = dependencyOfOption(option.name)) {
            for (const QString &name : words(loading, option.value)) {
                if (isValidName(name))
                    loading.out.dependencies.append({*kind, name});
            }
            return;
        }
        if (option.name.startsWith(u"Condition"))
            return condition(option.name, &UnitSettings::conditions)(loading, option.value);
        if (option.name.startsWith(u"Assert"))
            return condition(option.name, &UnitSettings::asserts)(loading, option.value);
    }
    if (option.section == u"Service" && option.name == u"ExecStopPre") {
        auto &stop = loading.unit.service.of(ExecKind::Stop);
        std::swap(stop, loading.stopPre);
        command(ExecKind::Stop)(loading, option.value);
        std::swap(stop, loading.stopPre);
        return;
    }
    if (option.section == u"Service" && option.name == u"Sockets") {
        for (const QString &name : words(loading, option.value)) {
            if (nameType(name) != u"socket" || !isValidName(name))
                continue;
            for (const Dependency kind :
                 {Dependency::Wants, Dependency::After, Dependency::TriggeredBy})
                loading.out.dependencies.append({kind, name});
        }
        return;
    }
    if (option.section == u"Socket" && addListenLine(loading, option))
        return;
    if (isLimit(option.section, option.name))
        return setLimit(loading, option.name.mid(5), option.value);
    const auto kind = pathKindFrom(option.name);
    if (option.section == u"Path" && kind)
        return addPathLine(loading, *kind, option.value);
    const auto base = timerBaseFrom(option.name);
    if (option.section == u"Timer" && base)
        return addTimerValue(loading, *base, option.value);
    const auto setter = allSetters().find(option.section + u'/' + option.name);
    if (setter != allSetters().end())
        (*setter)(loading, option.value);
}

} // namespace qd::units
