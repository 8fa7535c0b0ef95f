// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/scripting/script_host.h"

#include <QProcess>

namespace qd::scripting {

/// Starts the script host process (`qdctl script-host`) for one script, passes on what it prints,
/// and says in a sentence why it died when it did. The window and `qdctl run` both use it, so that
/// a script behaves the same in both and cannot harm either.
class ScriptSupervisor : public QObject {
    Q_OBJECT
public:
    /// `program` is qdctl; `session` its options that choose the cluster (--config, --profile ...).
    ScriptSupervisor(
        const QString &program, const QStringList &session, const ScriptLimits &limits,
        QObject *parent = nullptr);
    ~ScriptSupervisor() override;

    void start(const QString &fileName, const QStringList &arguments);
    /// A text that is in no file; `shownName` is what errors call it.
    void startText(const QString &text, const QString &shownName, const QStringList &arguments);
    void stop();
    bool isRunning() const { return m_process.state() != QProcess::NotRunning; }
    qint64 processId() const { return m_process.processId(); }

Q_SIGNALS:
    void output(const QString &line, qd::scripting::OutputKind kind);
    /// 0 done, 1 failed, 130 stopped by the user, 137 killed.
    void finished(int status);

private:
    void launch(const QStringList &what, const QByteArray &input);
    void readLines();
    void ended(int exitCode, QProcess::ExitStatus how);

    QString m_program;
    QStringList m_session;
    ScriptLimits m_limits;
    QProcess m_process;
    bool m_stopped = false;
    bool m_sawError = false;
};

/// What the host process writes: a line of JSON for each line of output, so that a line keeps its
/// kind. Host side.
QByteArray encodeOutput(const QString &line, OutputKind kind);

} // namespace qd::scripting
