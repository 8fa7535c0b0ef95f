// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/errors.h"
#include "agent/units/bus/methods.h"
#include "agent/units/bus/object_path.h"
#include "agent/units/bus/wire_types.h"
#include "agent/units/driver/proc.h"
#include "shared/unitfile/unit_name.h"

#include <QRegularExpression>
#include <csignal>

namespace qd::units::bus {

namespace {

Error notLoaded(const QString &unit)
{
    return Error{error::noSuchUnit, QStringLiteral("Unit %1 not loaded.").arg(unit), {}, nullptr};
}

void replyPath(const Call &call, const QString &unit)
{
    call.reply({QVariant::fromValue(QDBusObjectPath(unitPath(unit)))});
}

bool matchesAny(const QString &text, const QStringList &patterns)
{
    return patterns.isEmpty() ||
           std::any_of(patterns.begin(), patterns.end(), [&](const QString &pattern) {
               const QString form = QRegularExpression::wildcardToRegularExpression(pattern);
               return QRegularExpression(form).match(text).hasMatch();
           });
}

bool isInState(const Unit &unit, const QStringList &states)
{
    return states.isEmpty() || states.contains(toText(unit.load)) || states.contains(unit.sub) ||
           states.contains(toText(unit.active));
}

void listUnits(
    const Context &context, const Call &call, const QStringList &states,
    const QStringList &patterns)
{
    QList<UnitRow> rows;
    for (const Unit *unit : context.manager.units()) {
        if (isInState(*unit, states) && matchesAny(unit->id, patterns))
            rows.append(rowOf(context, *unit));
    }
    call.reply({QVariant::fromValue(rows)});
}

void listByNames(Context &context, const Call &call)
{
    QList<UnitRow> rows;
    for (const QString &name : call.texts(0)) {
        const auto unit = context.manager.load(name);
        if (!unit)
            continue; // no name of a unit
        rows.append(rowOf(context, **unit));
    }
    call.reply({QVariant::fromValue(rows)});
}

void getUnit(const Context &context, const Call &call)
{
    const Unit *unit = context.manager.unit(call.text(0));
    if (unit)
        replyPath(call, unit->id);
    else
        call.fail(notLoaded(call.text(0)));
}

void loadUnit(Context &context, const Call &call)
{
    const auto unit = context.manager.load(call.text(0));
    if (unit)
        replyPath(call, (*unit)->id);
    else
        call.fail(onBus(unit.error()));
}

void getUnitByPid(const Context &context, const Call &call)
{
    const auto unit = context.manager.unitOfPid(qint32(call.number(0)));
    if (unit)
        replyPath(call, (*unit)->id);
    else
        call.fail(error::noUnitForPid, unit.error().message);
}

void getUnitByInvocation(const Context &context, const Call &call)
{
    const QString id = QString::fromLatin1(call.argument(0).toByteArray().toHex());
    const Unit *unit = context.manager.unitOfInvocation(id);
    if (unit)
        replyPath(call, unit->id);
    else
        call.fail(
            kService + QStringLiteral(".NoUnitForInvocationID"),
            QStringLiteral("No unit with the specified invocation ID %1 known.").arg(id));
}

void getUnitByGroup(const Context &context, const Call &call)
{
    const Unit *best = nullptr;
    for (const Unit *unit : context.manager.units()) {
        const QString &group = unit->controlGroup;
        const bool holds =
            !group.isEmpty() && (call.text(0) == group || call.text(0).startsWith(group + u'/'));
        if (holds && (!best || best->controlGroup.size() < group.size()))
            best = unit;
    }
    if (best)
        replyPath(call, best->id);
    else
        call.fail(
            error::noSuchUnit,
            QStringLiteral("Control group '%1' is not valid or not managed by this instance")
                .arg(call.text(0)));
}

/// The processes of a unit; of a slice, those of all units in it.
QList<ProcessRow> processesOf(const Context &context, const Unit &unit)
{
    QList<ProcessRow> rows;
    const QString top = unit.controlGroup == QLatin1String("/") ? QString() : unit.controlGroup;
    for (const Unit *one : context.manager.units()) {
        const bool isInside = one->type != UnitType::Slice && !one->controlGroup.isEmpty() &&
                              (one == &unit || one->controlGroup.startsWith(top + u'/'));
        if (!isInside)
            continue;
        for (const qint32 pid : context.manager.processes(one->id)) {
            ProcessRow row;
            row.cgroup = one->controlGroup;
            row.pid = quint32(pid);
            row.command = QString::fromUtf8(procCommandLine(pid));
            rows.append(row);
        }
    }
    return rows;
}

} // namespace

void listProcesses(Context &context, const Call &call, const QString &name)
{
    const Unit *unit = context.manager.unit(name);
    if (!unit)
        return call.fail(notLoaded(name));
    const bool has = !unit->controlGroup.isEmpty();
    call.reply({QVariant::fromValue(has ? processesOf(context, *unit) : QList<ProcessRow>())});
}

void killUnit(Context &context, const Call &call, const QString &unit, int first)
{
    static const QMap<QString, Manager::Whom> whoms{
        {QString(), Manager::Whom::All},
        {QStringLiteral("all"), Manager::Whom::All},
        {QStringLiteral("all-fail"), Manager::Whom::All},
        {QStringLiteral("main"), Manager::Whom::Main},
        {QStringLiteral("main-fail"), Manager::Whom::Main},
        {QStringLiteral("control"), Manager::Whom::Control},
        {QStringLiteral("control-fail"), Manager::Whom::Control}};
    const auto whom = whoms.constFind(call.text(first));
    if (whom == whoms.constEnd())
        return call.fail(
            error::invalidArgs, QStringLiteral("Invalid who argument %1").arg(call.text(first)));
    const int number = call.argument(first + 1).toInt();
    if (number <= 0 || number >= NSIG)
        return call.fail(error::invalidArgs, QStringLiteral("Signal number out of range."));
    auto done = context.manager.kill(unit, *whom, number);
    // Nobody there to hear it is an error only for who says so.
    const bool strict =
        call.text(first).endsWith(QLatin1String("-fail")) || *whom != Manager::Whom::All;
    if (!done && !strict && onBus(done.error()).code.endsWith(QLatin1String(".NoSuchProcess")))
        done = {};
    finish(call, done);
}

Methods unitListMethods(Context &context)
{
    Methods out;
    const auto add = [&](const char *name, const char *in, const char *reply,
                         std::function<void(const Call &)> run) {
        out.insert(QLatin1String(name), {in, reply, std::move(run)});
    };
    const char *rows = "a(ssssssouso)";
    add("ListUnits", "", rows, [&](const Call &call) { listUnits(context, call, {}, {}); });
    add("ListUnitsFiltered", "as", rows,
        [&](const Call &call) { listUnits(context, call, call.texts(0), {}); });
    add("ListUnitsByPatterns", "asas", rows,
        [&](const Call &call) { listUnits(context, call, call.texts(0), call.texts(1)); });
    add("ListUnitsByNames", "as", rows, [&](const Call &call) { listByNames(context, call); });
    add("GetUnit", "s", "o", [&](const Call &call) { getUnit(context, call); });
    add("LoadUnit", "s", "o", [&](const Call &call) { loadUnit(context, call); });
    add("GetUnitByPID", "u", "o", [&](const Call &call) { getUnitByPid(context, call); });
    add("GetUnitByInvocationID", "ay", "o",
        [&](const Call &call) { getUnitByInvocation(context, call); });
    add("GetUnitByControlGroup", "s", "o",
        [&](const Call &call) { getUnitByGroup(context, call); });
    add("GetUnitProcesses", "s", "a(sus)",
        [&](const Call &call) { listProcesses(context, call, call.text(0)); });
    add("KillUnit", "ssi", "", [&](const Call &call) { killUnit(context, call, call.text(0), 1); });
    add("ResetFailed", "", "",
        [&](const Call &call) { finish(call, context.manager.resetFailed()); });
    add("ResetFailedUnit", "s", "",
        [&](const Call &call) { finish(call, context.manager.resetFailed(call.text(0))); });
    add("RefUnit", "s", "", [&](const Call &call) {
        const auto unit = context.manager.load(call.text(0)); // as systemd does
        finish(call, unit ? context.hold(call, (*unit)->id) : fail(unit.error()));
    });
    add("UnrefUnit", "s", "", [&](const Call &call) {
        context.letGo(call, call.text(0));
        call.reply();
    });
    return out;
}

} // namespace qd::units::bus
