// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/errors.h"
#include "agent/units/bus/methods.h"
#include "agent/units/bus/object_path.h"
#include "agent/units/bus/wire_types.h"
#include "agent/units/engine/errors.h"

namespace qd::units::bus {

namespace {

struct Verb {
    const char *name;
    JobType type;
    bool reloadIfPossible;
};
/// `StartUnit`, and `Start` of the unit's own object.
constexpr Verb kVerbs[] = {
    {"Start", JobType::Start, false},
    {"Stop", JobType::Stop, false},
    {"Reload", JobType::Reload, false},
    {"Restart", JobType::Restart, false},
    {"TryRestart", JobType::TryRestart, false},
    {"ReloadOrRestart", JobType::Restart, true},
    {"ReloadOrTryRestart", JobType::TryRestart, true}};

QString unitOf(const Call &call)
{
    return unitOfPath(call.path()).value_or(QString());
}

Result<JobMode> modeFrom(const QString &text)
{
    const auto mode = jobModeFrom(text);
    if (!mode)
        return fail(error::invalidArgs, QStringLiteral("Job mode %1 invalid").arg(text));
    return *mode;
}

JobRow rowOf(const JobInfo &job)
{
    JobRow row;
    row.id = job.id;
    row.unit = job.unit;
    row.type = toText(job.type);
    row.state = toText(job.state);
    row.path = QDBusObjectPath(jobPath(job.id));
    row.unitPath = QDBusObjectPath(unitPath(job.unit));
    return row;
}

Error noSuchJob(quint32 id)
{
    return Error{error::noSuchJob, QStringLiteral("Job %1 does not exist.").arg(id), {}, nullptr};
}

void listJobs(const Context &context, const Call &call)
{
    QList<JobRow> rows;
    for (const JobInfo &job : context.manager.jobs())
        rows.append(rowOf(job));
    call.reply({QVariant::fromValue(rows)});
}

/// What a job waits for, or what waits for it: the engine does not tell.
void listNoJobs(const Context &context, const Call &call, quint32 id)
{
    if (!context.manager.job(id))
        return call.fail(noSuchJob(id));
    call.reply({QVariant::fromValue(QList<JobRow>())});
}

} // namespace

void finish(const Call &call, const Result<void> &done)
{
    if (done)
        call.reply();
    else
        call.fail(onBus(done.error()));
}

void startJob(Context &context, const Call &call, JobRequest request, const QString &modeText)
{
    const auto mode = modeFrom(modeText);
    if (!mode)
        return call.fail(mode.error());
    request.mode = *mode;
    const auto job = context.manager.enqueue(request);
    if (!job)
        return call.fail(onBus(job.error()));
    call.reply({QVariant::fromValue(QDBusObjectPath(jobPath(*job)))});
}

void enqueueJob(
    Context &context, const Call &call, const QString &unit, const QString &typeText,
    const QString &modeText)
{
    const auto mode = modeFrom(modeText);
    JobRequest request;
    request.unit = unit;
    request.reloadIfPossible = typeText == QLatin1String("reload-or-restart") ||
                               typeText == QLatin1String("reload-or-try-restart");
    auto type = jobTypeFrom(typeText);
    if (request.reloadIfPossible)
        type =
            typeText == QLatin1String("reload-or-restart") ? JobType::Restart : JobType::TryRestart;
    if (!type || !mode)
        return call.fail(
            error::invalidArgs,
            QStringLiteral("Job type or mode %1 %2 invalid").arg(typeText, modeText));
    request.type = *type;
    request.mode = *mode;
    const auto id = context.manager.enqueue(request);
    if (!id)
        return call.fail(onBus(id.error()));
    const auto job = context.manager.job(*id);
    const QString name = job ? job->unit : unit;
    call.reply(
        {*id, QVariant::fromValue(QDBusObjectPath(jobPath(*id))), name,
         QVariant::fromValue(QDBusObjectPath(unitPath(name))), toText(job ? job->type : *type),
         QVariant::fromValue(QList<QueuedJob>())});
}

Methods jobMethods(Context &context)
{
    Methods out;
    for (const Verb &verb : kVerbs) {
        out.insert(
            QLatin1String(verb.name) + QStringLiteral("Unit"),
            {"ss", "o", [&context, verb](const Call &call) {
                 startJob(
                     context, call, JobRequest{verb.type, call.text(0), {}, verb.reloadIfPossible},
                     call.text(1));
             }});
    }
    out.insert(
        QStringLiteral("StartUnitWithFlags"),
        {"sst", "o", [&context](const Call &call) {
             startJob(context, call, JobRequest{JobType::Start, call.text(0)}, call.text(1));
         }});
    out.insert(
        QStringLiteral("EnqueueUnitJob"),
        {"sss", "uososa(uosos)", [&context](const Call &call) {
             enqueueJob(context, call, call.text(0), call.text(1), call.text(2));
         }});
    out.insert(QStringLiteral("ListJobs"), {"", "a(usssoo)", [&context](const Call &call) {
                                                listJobs(context, call);
                                            }});
    out.insert(QStringLiteral("GetJob"), {"u", "o", [&context](const Call &call) {
                                              if (!context.manager.job(call.number(0)))
                                                  return call.fail(noSuchJob(call.number(0)));
                                              call.reply({QVariant::fromValue(
                                                  QDBusObjectPath(jobPath(call.number(0))))});
                                          }});
    for (const char *name : {"GetJobAfter", "GetJobBefore"})
        out.insert(QLatin1String(name), {"u", "a(usssoo)", [&context](const Call &call) {
                                             listNoJobs(context, call, call.number(0));
                                         }});
    out.insert(QStringLiteral("CancelJob"), {"u", "", [&context](const Call &call) {
                                                 finish(
                                                     call, context.manager.cancel(call.number(0)));
                                             }});
    out.insert(QStringLiteral("ClearJobs"), {"", "", [&context](const Call &call) {
                                                 context.manager.cancelAll();
                                                 call.reply();
                                             }});
    return out;
}

Methods ownUnitMethods(Context &context)
{
    Methods out;
    for (const Verb &verb : kVerbs) {
        out.insert(
            QLatin1String(verb.name),
            {"s", "o", [&context, verb](const Call &call) {
                 startJob(
                     context, call, JobRequest{verb.type, unitOf(call), {}, verb.reloadIfPossible},
                     call.text(0));
             }});
    }
    out.insert(QStringLiteral("EnqueueJob"), {"ss", "uososa(uosos)", [&context](const Call &call) {
                                                  enqueueJob(
                                                      context, call, unitOf(call), call.text(0),
                                                      call.text(1));
                                              }});
    out.insert(QStringLiteral("Kill"), {"si", "", [&context](const Call &call) {
                                            killUnit(context, call, unitOf(call), 0);
                                        }});
    out.insert(
        QStringLiteral("ResetFailed"), {"", "", [&context](const Call &call) {
                                            finish(call, context.manager.resetFailed(unitOf(call)));
                                        }});
    out.insert(QStringLiteral("Ref"), {"", "", [&context](const Call &call) {
                                           finish(call, context.hold(call, unitOf(call)));
                                       }});
    out.insert(QStringLiteral("Unref"), {"", "", [&context](const Call &call) {
                                             context.letGo(call, unitOf(call));
                                             call.reply();
                                         }});
    return out;
}

Methods ownTypeMethods(Context &context)
{
    Methods out;
    out.insert(QStringLiteral("GetProcesses"), {"", "a(sus)", [&context](const Call &call) {
                                                    listProcesses(context, call, unitOf(call));
                                                }});
    return out;
}

Methods ownJobMethods(Context &context)
{
    Methods out;
    out.insert(
        QStringLiteral("Cancel"),
        {"", "", [&context](const Call &call) {
             finish(call, context.manager.cancel(jobOfPath(call.path()).value_or(0)));
         }});
    for (const char *name : {"GetAfter", "GetBefore"})
        out.insert(QLatin1String(name), {"", "a(usssoo)", [&context](const Call &call) {
                                             listNoJobs(
                                                 context, call, jobOfPath(call.path()).value_or(0));
                                         }});
    return out;
}

} // namespace qd::units::bus
