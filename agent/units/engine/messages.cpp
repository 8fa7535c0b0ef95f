// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/messages.h"

#include <csignal>

namespace qd::units::messages {

namespace {

constexpr int kError = 3;
constexpr int kWarning = 4;
constexpr int kNotice = 5;
constexpr int kInfo = 6;

// systemd's sd-messages.h.
constexpr const char *kStarting = "7d4958e842da4a758f6c1cdc7b36dcc5";
constexpr const char *kStarted = "39f53479d3a045ac8e11786248231fbf";
constexpr const char *kFailed = "be02cf6855d2428ba40df7e9d022f03d";
constexpr const char *kStopping = "de5b426a63be47a7b6ac3eaac82e2f6f";
constexpr const char *kStopped = "9d1aaa27d60140bd96365438aad20286";
constexpr const char *kReloading = "d34d037fff1847e6ae669a370e694725";
constexpr const char *kReloaded = "7b05ebc668384222baa8881179cfda54";
constexpr const char *kRestartScheduled = "5eb03494b6584870a536b337290809b3";
constexpr const char *kSuccess = "7ad2d189f7e94e70a38c781354912448";
constexpr const char *kSkipped = "0e4284a0caca4bfc81c0bb6786972673";
constexpr const char *kFailureResult = "d9b373ed55a64feb8242e02dbe79a49c";
constexpr const char *kProcessExit = "98e322203f7a4ed290d09fe03c09fe15";

JournalField field(const char *name, const QString &value)
{
    return {name, value.toUtf8()};
}

JournalField messageId(const char *id)
{
    return {"MESSAGE_ID", id};
}

QList<JournalField> ofJob(const Job &job)
{
    return {
        field("JOB_ID", QString::number(job.id)),
        field("JOB_TYPE", toText(job.type)),
    };
}

/// What is done to a unit of a type that has words of its own.
struct Words {
    const char *begin, *done, *failed, *timeout;
};

/// Null for the types that are started like any other.
const Words *startWords(UnitType type)
{
    static const QMap<UnitType, Words> all{
        {UnitType::Socket,
         {"Starting %1...", "Listening on %1.", "Failed to listen on %1.",
          "Timed out starting %1."}},
        {UnitType::Mount,
         {"Mounting %1...", "Mounted %1.", "Failed to mount %1.", "Timed out mounting %1."}},
        {UnitType::Swap,
         {"Activating swap %1...", "Activated swap %1.", "Failed to activate swap %1.",
          "Timed out activating swap %1."}},
        {UnitType::Automount,
         {"Starting %1...", "Set up automount %1.", "Failed to set up automount %1.",
          "Timed out starting %1."}},
        {UnitType::Device,
         {"Expecting device %1...", "Found device %1.", "Failed to start %1.",
          "Timed out waiting for device %1."}}};
    const auto found = all.constFind(type);
    return found == all.constEnd() ? nullptr : &*found;
}

const Words *stopWords(UnitType type)
{
    static const QMap<UnitType, Words> all{
        {UnitType::Socket,
         {"Stopping %1...", "Closed %1.", "Stopped %1 with error.", "Timed out stopping %1."}},
        {UnitType::Mount,
         {"Unmounting %1...", "Unmounted %1.", "Failed unmounting %1.",
          "Timed out unmounting %1."}},
        {UnitType::Swap,
         {"Deactivating swap %1...", "Deactivated swap %1.", "Failed deactivating swap %1.",
          "Timed out deactivating swap %1."}},
        {UnitType::Automount,
         {"Stopping %1...", "Unset automount %1.", "Stopped %1 with error.",
          "Timed out stopping %1."}}};
    const auto found = all.constFind(type);
    return found == all.constEnd() ? nullptr : &*found;
}

/// A type's own word for the end of a job; empty when it has none.
QString ownSentence(const Words *words, JobResult result)
{
    if (!words)
        return {};
    switch (result) {
    case JobResult::Done:
        return QLatin1String(words->done);
    case JobResult::Failed:
        return QLatin1String(words->failed);
    case JobResult::Timeout:
        return QLatin1String(words->timeout);
    default:
        return {};
    }
}

QString startSentence(const Unit &unit, JobResult result)
{
    if (const QString own = ownSentence(startWords(unit.type), result); !own.isEmpty())
        return own;
    switch (result) {
    case JobResult::Done:
        if (unit.type == UnitType::Target)
            return QStringLiteral("Reached target %1.");
        if (unit.type == UnitType::Slice)
            return QStringLiteral("Created slice %1.");
        if (unit.type == UnitType::Service && unit.service.type == ServiceType::Oneshot)
            return QStringLiteral("Finished %1.");
        return QStringLiteral("Started %1.");
    case JobResult::Timeout:
        return QStringLiteral("Timed out starting %1.");
    case JobResult::Failed:
        return QStringLiteral("Failed to start %1.");
    case JobResult::Skipped:
        return QStringLiteral("Condition check resulted in %1 being skipped.");
    case JobResult::Dependency:
        return QStringLiteral("Dependency failed for %1.");
    case JobResult::Assert:
        return QStringLiteral("Assertion failed for %1.");
    case JobResult::Unsupported:
        return QStringLiteral("Starting of %1 unsupported.");
    case JobResult::Collected:
        return QStringLiteral("Unnecessary job was removed for %1.");
    case JobResult::Once:
        return QStringLiteral("Unit %1 has been started before and cannot be started again.");
    default:
        return {};
    }
}

QString stopSentence(const Unit &unit, JobResult result)
{
    if (const QString own = ownSentence(stopWords(unit.type), result); !own.isEmpty())
        return own;
    switch (result) {
    case JobResult::Done:
        if (unit.type == UnitType::Target)
            return QStringLiteral("Stopped target %1.");
        if (unit.type == UnitType::Slice)
            return QStringLiteral("Removed slice %1.");
        return QStringLiteral("Stopped %1.");
    case JobResult::Failed:
        return unit.type == UnitType::Service ? QStringLiteral("Stopped (with error) %1.")
                                              : QStringLiteral("Stopped %1 with error.");
    case JobResult::Timeout:
        return QStringLiteral("Timed out stopping %1.");
    default:
        return {};
    }
}

QString reloadSentence(JobResult result)
{
    switch (result) {
    case JobResult::Done:
        return QStringLiteral("Reloaded %1.");
    case JobResult::Failed:
        return QStringLiteral("Reload failed for %1.");
    case JobResult::Timeout:
        return QStringLiteral("Timed out reloading %1.");
    default:
        return {};
    }
}

QString sentence(const Unit &unit, JobType type, JobResult result)
{
    switch (type) {
    case JobType::Start:
        return startSentence(unit, result);
    case JobType::Stop:
    case JobType::Restart:
        return stopSentence(unit, result);
    case JobType::Reload:
        return reloadSentence(result);
    case JobType::VerifyActive:
        return result == JobResult::Skipped ? QStringLiteral("%1 is inactive.") : QString();
    default:
        return {};
    }
}

int priorityOf(JobResult result)
{
    switch (result) {
    case JobResult::Timeout:
    case JobResult::Failed:
    case JobResult::Once:
        return kError;
    case JobResult::Dependency:
    case JobResult::Assert:
    case JobResult::Unsupported:
        return kWarning;
    case JobResult::Skipped:
        return kNotice;
    default:
        return kInfo;
    }
}

const char *idOf(JobType type, JobResult result)
{
    switch (type) {
    case JobType::Start:
        return result == JobResult::Done ? kStarted : kFailed;
    case JobType::Reload:
        return kReloaded;
    case JobType::Stop:
    case JobType::Restart:
        return kStopped;
    default:
        return nullptr;
    }
}

/// A start that a condition has turned into nothing.
QString skippedSentence(const Unit &unit)
{
    for (const Condition &condition : unit.settings.conditions) {
        if (condition.trigger || condition.result >= 0)
            continue;
        return QStringLiteral("%1 was skipped because of an unmet condition check (%2=%3%4).")
            .arg(
                named(unit), condition.type, condition.negate ? QStringLiteral("!") : QString(),
                condition.parameter);
    }
    return QStringLiteral("%1 was skipped because no trigger condition checks were met.")
        .arg(named(unit));
}

} // namespace

QString named(const Unit &unit)
{
    const QString &description = unit.settings.description;
    if (description.isEmpty() || description == unit.id)
        return unit.id;
    return unit.id + QStringLiteral(" - ") + description;
}

LogLine jobBegun(const Unit &unit, const Job &job)
{
    LogLine line;
    line.fields = ofJob(job);
    if (job.type == JobType::Reload) {
        line.text = QStringLiteral("Reloading %1...");
        line.fields.append(messageId(kReloading));
    } else if (job.type == JobType::Start) {
        const Words *words = startWords(unit.type);
        line.text = QLatin1String(words ? words->begin : "Starting %1...");
        line.fields.append(messageId(kStarting));
    } else if (job.type == JobType::Stop || job.type == JobType::Restart) {
        const Words *words = stopWords(unit.type);
        line.text = QLatin1String(words ? words->begin : "Stopping %1...");
        line.fields.append(messageId(kStopping));
    }
    line.text = line.text.isEmpty() ? QString() : line.text.arg(named(unit));
    return line;
}

LogLine jobEnded(const Unit &unit, const Job &job, JobResult result)
{
    const bool skipped =
        job.type == JobType::Start && result == JobResult::Done && !unit.conditionResult;
    const QString format = sentence(unit, job.type, result);
    LogLine line;
    line.priority = priorityOf(result);
    if (skipped)
        line.text = skippedSentence(unit);
    else if (!format.isEmpty())
        line.text = format.arg(named(unit));
    line.fields = ofJob(job);
    line.fields.append(field("JOB_RESULT", toText(result)));
    if (const char *id = idOf(job.type, result))
        line.fields.append(messageId(id));
    return line;
}

LogLine jobTimedOut(const Unit &unit, const Job &job)
{
    return about(
        unit, kWarning, QStringLiteral("Job %1/%2 timed out.").arg(unit.id, toText(job.type)));
}

LogLine jobFailed(const Unit &unit, const Job &job, JobResult result)
{
    LogLine line = about(
        unit, kNotice,
        QStringLiteral("Job %1/%2 failed with result '%3'.")
            .arg(unit.id, toText(job.type), toText(result)));
    line.fields = {field("JOB_TYPE", toText(job.type)), field("JOB_RESULT", toText(result))};
    return line;
}

LogLine about(const Unit &unit, int priority, const QString &text)
{
    return LogLine{priority, unit.id + QStringLiteral(": ") + text, {}};
}

LogLine serviceEnded(const Unit &unit, ServiceResult result)
{
    LogLine line;
    if (result == ServiceResult::Success) {
        line = about(unit, kInfo, QStringLiteral("Deactivated successfully."));
        line.fields = {messageId(kSuccess)};
    } else if (result == ServiceResult::SkipCondition) {
        line = about(unit, kInfo, QStringLiteral("Skipped due to '%1'.").arg(toText(result)));
        line.fields = {messageId(kSkipped), field("UNIT_RESULT", toText(result))};
    } else {
        line =
            about(unit, kWarning, QStringLiteral("Failed with result '%1'.").arg(toText(result)));
        line.fields = {messageId(kFailureResult), field("UNIT_RESULT", toText(result))};
    }
    return line;
}

LogLine processFailed(const Unit &unit, const QString &who, const ProcessEnd &end)
{
    const bool exited = end.code == CLD_EXITED;
    QString name = exited ? unitfile::exitStatusName(end.status) : unitfile::signalName(end.status);
    if (name.isEmpty())
        name = QStringLiteral("n/a");
    LogLine line = about(
        unit, exited ? kNotice : kWarning,
        QStringLiteral("%1 exited, code=%2, status=%3/%4")
            .arg(who, codeName(end.code), QString::number(end.status), name));
    line.fields = {
        messageId(kProcessExit), field("EXIT_CODE", codeName(end.code)),
        field("EXIT_STATUS", QString::number(end.status))};
    return line;
}

LogLine restartScheduled(const Unit &unit)
{
    LogLine line = about(
        unit, kInfo,
        QStringLiteral("Scheduled restart job, restart counter is at %1.").arg(unit.run.restarts));
    line.fields = {
        messageId(kRestartScheduled), field("N_RESTARTS", QString::number(unit.run.restarts))};
    return line;
}

QString codeName(qint32 code)
{
    switch (code) {
    case CLD_EXITED:
        return QStringLiteral("exited");
    case CLD_KILLED:
        return QStringLiteral("killed");
    default:
        return QStringLiteral("dumped");
    }
}

QString statusName(const ExecRun &run)
{
    return run.code == CLD_EXITED ? QString::number(run.status) : unitfile::signalName(run.status);
}

} // namespace qd::units::messages
