// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/scripting/script_supervisor.h"

#include "console/scripting/fall.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTimer>

namespace qd::scripting {

namespace {

constexpr int kKillAfterMs = 2000;

/// What the host could not tell as output stands on its stderr, as any command's error.
QString withoutName(const QString &complaint)
{
    const QString name = QStringLiteral("qdctl: ");
    return complaint.startsWith(name) ? complaint.mid(name.size()) : complaint;
}

const QString kText = QStringLiteral("text");
const QString kKind = QStringLiteral("kind");

} // namespace

QByteArray encodeOutput(const QString &line, OutputKind kind)
{
    const QJsonObject object{{kText, line}, {kKind, int(kind)}};
    return QJsonDocument(object).toJson(QJsonDocument::Compact) + '\n';
}

ScriptSupervisor::ScriptSupervisor(
    const QString &program, const QStringList &session, const ScriptLimits &limits, QObject *parent)
    : QObject(parent)
    , m_program(program)
    , m_session(session)
    , m_limits(limits)
{
    m_process.setProcessChannelMode(QProcess::SeparateChannels);
    connect(&m_process, &QProcess::readyReadStandardOutput, this, &ScriptSupervisor::readLines);
    connect(&m_process, &QProcess::finished, this, &ScriptSupervisor::ended);
    connect(&m_process, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error != QProcess::FailedToStart)
            return;
        Q_EMIT output(
            QStringLiteral("cannot start %1: %2").arg(m_program, m_process.errorString()),
            OutputKind::Error);
        Q_EMIT finished(1);
    });
}

ScriptSupervisor::~ScriptSupervisor()
{
    m_process.disconnect(this);
    m_process.kill();
}

void ScriptSupervisor::start(const QString &fileName, const QStringList &arguments)
{
    launch(QStringList{fileName} + arguments, {});
}

void ScriptSupervisor::startText(
    const QString &text, const QString &shownName, const QStringList &arguments)
{
    launch(QStringList{QStringLiteral("--stdin"), shownName} + arguments, text.toUtf8());
}

void ScriptSupervisor::launch(const QStringList &what, const QByteArray &input)
{
    m_stopped = false;
    m_sawError = false;
    QStringList words = m_session;
    words << QStringLiteral("script-host") << QStringLiteral("--turn-ms")
          << QString::number(m_limits.turnMs) << QStringLiteral("--memory-mib")
          << QString::number(m_limits.memoryMiB);
    m_process.start(m_program, words + what);
    m_process.write(input);
    m_process.closeWriteChannel();
}

void ScriptSupervisor::stop()
{
    if (!isRunning())
        return;
    m_stopped = true;
    m_process.terminate();
    QTimer::singleShot(kKillAfterMs, &m_process, &QProcess::kill);
}

void ScriptSupervisor::readLines()
{
    while (m_process.canReadLine()) {
        const QByteArray bytes = m_process.readLine();
        const QJsonObject object = QJsonDocument::fromJson(bytes).object();
        const auto kind = OutputKind(object.value(kKind).toInt());
        m_sawError = m_sawError || kind == OutputKind::Error;
        Q_EMIT output(object.value(kText).toString(), kind);
    }
}

void ScriptSupervisor::ended(int exitCode, QProcess::ExitStatus how)
{
    readLines();
    const QString complaint = QString::fromUtf8(m_process.readAllStandardError()).trimmed();
    if (m_stopped) {
        Q_EMIT output(QStringLiteral("stopped"), OutputKind::Error);
        Q_EMIT finished(130);
        return;
    }
    if (how == QProcess::CrashExit) {
        Q_EMIT output(fall::explain(exitCode, m_limits.memoryMiB), OutputKind::Error);
        Q_EMIT finished(137);
        return;
    }
    if (exitCode != 0 && !m_sawError && !complaint.isEmpty())
        Q_EMIT output(withoutName(complaint), OutputKind::Error);
    Q_EMIT finished(exitCode);
}

} // namespace qd::scripting
