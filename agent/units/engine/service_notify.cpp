// SPDX-License-Identifier: GPL-3.0-or-later
// What services tell of themselves: notifications, the watchdog, the file with the main process.
#include "agent/units/engine/service_machine.h"
#include "agent/units/engine/service_rules.h"
#include "shared/unitfile/time_span.h"

namespace qd::units {

namespace {

constexpr qint64 kPidFileMs = 50; ///< how often a file that is not there yet is looked for

} // namespace

/// NotifyAccess=.
bool ServiceMachine::listensTo(const Unit &unit, qint32 sender) const
{
    switch (unit.service.notifyAccess) {
    case NotifyAccess::None:
        return false;
    case NotifyAccess::Main:
        return sender == unit.run.mainPid;
    case NotifyAccess::Exec:
        return sender == unit.run.mainPid || sender == unit.run.controlPid;
    case NotifyAccess::All:
        return true;
    }
    return false;
}

void ServiceMachine::notified(Unit &unit, qint32 sender, const QByteArray &message)
{
    if (!listensTo(unit, sender)) {
        if (unit.service.notifyAccess == NotifyAccess::Main)
            say(unit, 4,
                QStringLiteral("Got notification message from PID %1, but reception only "
                               "permitted for main PID %2")
                    .arg(sender)
                    .arg(unit.run.mainPid));
        return;
    }
    for (const QByteArray &line : message.split('\n')) {
        const qsizetype equals = line.indexOf('=');
        if (equals > 0)
            takeState(unit, line.left(equals), line.mid(equals + 1));
    }
    m_parts.core->changed(unit);
}

void ServiceMachine::takeState(Unit &unit, const QByteArray &name, const QByteArray &value)
{
    const State state = unit.run.state;
    if (name == "STATUS") {
        unit.run.statusText = QString::fromUtf8(value);
    } else if (name == "MAINPID") {
        const qint32 pid = value.toInt();
        if (pid > 0 && pid != unit.run.mainPid && mayHaveMain(state) &&
            m_parts.driver->processes(unit.controlGroup).contains(pid))
            adoptMain(unit, pid);
    } else if (name == "READY" && value == "1") {
        if (unit.service.type == ServiceType::Notify && state == State::Start)
            enterStartPost(unit);
        else if (state == State::Reload && unit.run.controlPid == 0)
            enterRunning(unit, Outcome::Success);
    } else if (name == "RELOADING" && value == "1" && state == State::Running) {
        arm(unit, unit.service.timeoutStartUs);
        setState(unit, State::Reload);
    } else if (name == "STOPPING" && value == "1" && state == State::Running) {
        arm(unit, unit.service.timeoutStopUs);
        setState(unit, State::StopSigterm);
    } else if (name == "WATCHDOG" && value == "1") {
        armWatchdog(unit);
    }
}

void ServiceMachine::armWatchdog(Unit &unit)
{
    const quint64 us = unit.service.watchdogUs;
    if (us > 0 && us != unitfile::kInfinity)
        m_parts.driver->armTimer(
            kWatchdog + unit.id, m_parts.clock->monotonicMs() + qint64((us + 999) / 1000));
}

void ServiceMachine::watchdogFired(Unit &unit)
{
    if (!mayHaveWatchdog(unit.run.state))
        return;
    say(unit, 3,
        QStringLiteral("Watchdog timeout (limit %1)!")
            .arg(unitfile::formatTimeSpan(unit.service.watchdogUs, 1)));
    enterSignal(unit, State::StopWatchdog, Outcome::Watchdog);
}

/// Takes the process that PIDFile= names for the main one, if it is one of the service's.
bool ServiceMachine::readPidFile(Unit &unit)
{
    if (unit.service.type != ServiceType::Forking || unit.service.pidFile.isEmpty())
        return false;
    const auto text = m_parts.source->read(unit.service.pidFile);
    const qint32 pid = text ? text->trimmed().toInt() : 0;
    if (pid <= 0 || !m_parts.driver->processes(unit.controlGroup).contains(pid))
        return false;
    if (pid != unit.run.mainPid)
        adoptMain(unit, pid);
    return true;
}

/// Waits for PIDFile=, looking again and again until the start's time is over. False when there is
/// nothing to wait for: without such a file, and while commands follow that may write it.
bool ServiceMachine::awaitPidFile(Unit &unit)
{
    const ServiceSettings &service = unit.service;
    if (service.type != ServiceType::Forking || service.pidFile.isEmpty() || unit.run.mainPid > 0)
        return false;
    if (unit.run.state == State::Start && !service.of(ExecKind::StartPost).isEmpty())
        return false;
    say(unit, 5,
        QStringLiteral("Can't open PID file %1 (yet?) after %2: No such file or directory")
            .arg(service.pidFile, toText(unit.run.state)));
    if (m_processes.groupIsEmpty(unit)) {
        enterSignal(unit, State::StopSigterm, Outcome::Protocol);
        return true;
    }
    unit.run.awaitsPidFile = true;
    armPidFile(unit);
    return true;
}

void ServiceMachine::armPidFile(Unit &unit)
{
    const qint64 next = m_parts.clock->monotonicMs() + kPidFileMs;
    m_parts.driver->armTimer(unit.id, std::min(next, unit.run.deadlineMs));
}

void ServiceMachine::adoptMain(Unit &unit, qint32 pid)
{
    if (unit.run.mainPid > 0)
        m_pids.remove(unit.run.mainPid);
    unit.run.mainPid = pid;
    unit.run.mainKnown = true;
    unit.run.mainIndex.reset();
    unit.run.mainCommand = {}; // nobody's own child any more
    if (const auto &starts = unit.service.of(ExecKind::Start); !starts.isEmpty())
        unit.run.mainCommand.ignoreFailure = starts.first().command.ignoreFailure;
    unit.run.main = {};
    unit.run.main.pid = pid;
    unit.run.main.start = m_parts.core->now();
    m_pids.insert(pid, &unit);
    m_parts.core->changed(unit);
}

} // namespace qd::units
