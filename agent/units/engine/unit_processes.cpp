// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/unit_processes.h"

#include "agent/units/engine/messages.h"
#include "agent/units/engine/own_folders.h"
#include "shared/unitfile/environment.h"

namespace qd::units {

std::optional<qint32> UnitProcesses::spawn(
    Unit &unit, ExecCommand &command, SpawnRequest request, const QString &task) const
{
    const auto environment = unitEnvironment(unit);
    if (!environment) {
        say(unit, 4,
            QStringLiteral("Failed to load environment files: ") + environment.error().text());
        say(unit, 4,
            QStringLiteral("Failed to run '%1' task: %2").arg(task, environment.error().text()));
        return std::nullopt;
    }
    unit.controlGroup = unit.groupPath;
    request.unit = unit.id;
    request.controlGroup = unit.controlGroup;
    request.slice = unit.slice;
    request.invocationId = unit.invocationId;
    request.command = command.command;
    request.exec = unit.exec;
    request.environment = *m_parts.environment +
                          QStringList{QStringLiteral("INVOCATION_ID=") + unit.invocationId} +
                          folderVariables(unit.exec) + request.environment;
    request.unitEnvironment = *environment;
    const auto pid = m_parts.driver->spawn(request);
    if (!pid) {
        say(unit, 4, QStringLiteral("Failed to run '%1' task: %2").arg(task, pid.error().text()));
        return std::nullopt;
    }
    command.run = {};
    command.run.pid = *pid;
    command.run.start = m_parts.core->now();
    return *pid;
}

/// PassEnvironment=, then Environment=, then EnvironmentFile= in order: a later one wins.
Result<QStringList> UnitProcesses::unitEnvironment(const Unit &unit) const
{
    const ExecSettings &exec = unit.exec;
    QStringList out;
    for (const QString &passed : exec.passEnvironment) {
        for (const QString &assignment : *m_parts.environment) {
            if (assignment.startsWith(passed + u'='))
                out.append(assignment);
        }
    }
    out += exec.environment;
    for (const EnvironmentFile &file : exec.environmentFiles) {
        const auto text = m_parts.source->read(file.path);
        if (text)
            out += unitfile::parseEnvironmentFile(*text);
        else if (!file.optional && text.error().code == code::notFound)
            return fail(code::notFound, QStringLiteral("No such file or directory"));
        else if (!file.optional)
            return fail(text.error());
    }
    return out;
}

bool UnitProcesses::signal(const Unit &unit, Signal signal, const QList<qint32> &known) const
{
    const KillSettings &kill = unit.kill;
    if (kill.mode == KillMode::None)
        return false;
    const bool isFinal = signal == Signal::Kill;
    const int number = isFinal                      ? kill.finalSignal
                       : signal == Signal::Watchdog ? kill.watchdogSignal
                                                    : kill.signalNumber;
    const bool hangsUp = kill.sendSighup && signal == Signal::Terminate && number != SIGHUP;
    bool waits = false;
    for (const qint32 pid : known) {
        if (isFinal)
            sayKilling(unit, pid, number);
        // Even one that is gone is waited for: its end has not been told yet.
        m_parts.driver->signalProcess(pid, number);
        if (hangsUp)
            m_parts.driver->signalProcess(pid, SIGHUP);
        waits = true;
    }
    const bool wholeGroup =
        kill.mode == KillMode::ControlGroup || (kill.mode == KillMode::Mixed && isFinal);
    if (!wholeGroup || unit.controlGroup.isEmpty())
        return waits;
    if (isFinal) {
        for (const qint32 pid : m_parts.driver->processes(unit.controlGroup)) {
            if (!known.contains(pid))
                sayKilling(unit, pid, number);
        }
    }
    if (m_parts.driver->signalGroup(unit.controlGroup, number, known)) {
        if (hangsUp)
            m_parts.driver->signalGroup(unit.controlGroup, SIGHUP, known);
        waits = true;
    }
    return waits;
}

void UnitProcesses::sayKilling(const Unit &unit, qint32 pid, int signalNumber) const
{
    say(unit, 5,
        QStringLiteral("Killing process %1 (%2) with signal SIG%3.")
            .arg(
                QString::number(pid), m_parts.driver->processName(pid),
                unitfile::signalName(signalNumber)));
}

void UnitProcesses::sayWhatIsLeft(const Unit &unit) const
{
    if (unit.controlGroup.isEmpty())
        return;
    for (const qint32 pid : m_parts.driver->processes(unit.controlGroup))
        say(unit, 5,
            QStringLiteral("Unit process %1 (%2) remains running after unit stopped.")
                .arg(QString::number(pid), m_parts.driver->processName(pid)));
}

bool UnitProcesses::groupIsEmpty(const Unit &unit) const
{
    return unit.controlGroup.isEmpty() || m_parts.driver->processes(unit.controlGroup).isEmpty();
}

void UnitProcesses::releaseGroup(Unit &unit) const
{
    if (unit.controlGroup.isEmpty() || !groupIsEmpty(unit))
        return;
    m_parts.driver->releaseGroup(unit.controlGroup);
    unit.controlGroup.clear();
}

void UnitProcesses::say(const Unit &unit, int priority, const QString &text) const
{
    m_parts.core->say(&unit, messages::about(unit, priority, text));
}

} // namespace qd::units
