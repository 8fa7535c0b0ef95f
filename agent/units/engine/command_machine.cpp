// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/command_machine.h"

#include "agent/units/engine/messages.h"
#include "agent/units/engine/service_rules.h"

namespace qd::units {

CommandMachine::CommandMachine(Parts parts)
    : ResultMachine(parts.core)
    , m_parts(parts)
    , m_processes({parts.core, parts.driver, parts.source, parts.environment})
{
}

bool CommandMachine::hasStep(const Unit &unit, const QString &step) const
{
    return !unit.commands.value(step).isEmpty();
}

bool CommandMachine::runStep(Unit &unit, const QString &step, const QString &task)
{
    forgetCommand(unit);
    unit.command.step = step;
    unit.command.index = 0;
    return spawnNext(unit, task);
}

bool CommandMachine::runOwn(
    Unit &unit, const QString &step, const QString &task, const QStringList &argv)
{
    ExecCommand command;
    command.command.path = argv.first();
    command.command.argv = argv;
    command.command.noVariables = true;
    unit.commands[step] = {command};
    return runStep(unit, step, task);
}

bool CommandMachine::spawnNext(Unit &unit, const QString &task)
{
    CommandRun &run = unit.command;
    ExecCommand &command = unit.commands[run.step][run.index];
    const auto pid = m_processes.spawn(unit, command, {}, task);
    if (!pid)
        return false;
    run.pid = *pid;
    run.command = command.command;
    m_pids.insert(*pid, &unit);
    m_core->changed(unit);
    return true;
}

void CommandMachine::processEnded(qint32 pid, const ProcessEnd &end)
{
    Unit *unit = m_pids.take(pid);
    if (!unit)
        return;
    CommandRun &run = unit->command;
    run.pid = 0;
    QList<ExecCommand> &commands = unit->commands[run.step];
    // A reload may have put other commands there.
    const bool isKnown = run.index < commands.size() && commands[run.index].command == run.command;
    if (isKnown) {
        ExecRun &last = commands[run.index].run;
        last.stop = m_core->now();
        last.code = end.code;
        last.status = end.status;
    }
    const bool mayFail = run.command.ignoreFailure;
    const ServiceResult outcome =
        mayFail ? ServiceResult::Success : resultOf(end, false, unitfile::ExitSet());
    if (outcome != ServiceResult::Success)
        m_core->say(unit, messages::processFailed(*unit, commandName(), end));
    commandEnded(*unit, outcome);
    m_core->changed(*unit);
    if (!isKnown || outcome != ServiceResult::Success || run.index + 1 >= commands.size())
        return stepEnded(*unit, outcome);
    ++run.index;
    if (!spawnNext(*unit, QStringLiteral("next")))
        stepBroke(*unit);
}

void CommandMachine::forgetCommand(Unit &unit)
{
    if (unit.command.pid > 0)
        m_pids.remove(unit.command.pid);
    unit.command.pid = 0;
}

bool CommandMachine::signalCommand(Unit &unit, UnitProcesses::Signal signal)
{
    QList<qint32> known;
    if (unit.command.pid > 0)
        known.append(unit.command.pid);
    return m_processes.signal(unit, signal, known);
}

void CommandMachine::endCommand(Unit &unit)
{
    m_parts.driver->cancelTimer(unit.id);
    forgetCommand(unit);
    m_processes.releaseGroup(unit);
}

void CommandMachine::enterDead(Unit &unit, ServiceResult outcome)
{
    m_processes.sayWhatIsLeft(unit);
    endCommand(unit);
    m_parts.driver->unitEnded(unit.id, false);
    ResultMachine::enterDead(unit, outcome);
}

void CommandMachine::arm(Unit &unit, quint64 us)
{
    if (us == unitfile::kInfinity)
        m_parts.driver->cancelTimer(unit.id);
    else
        m_parts.driver->armTimer(unit.id, m_parts.clock->monotonicMs() + qint64((us + 999) / 1000));
}

void CommandMachine::say(const Unit &unit, int priority, const QString &text)
{
    m_core->say(&unit, messages::about(unit, priority, text));
}

} // namespace qd::units
