// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/scripting/script_engine.h"

#include <QThread>
#include <QTimer>

namespace qd::scripting {

struct ScriptLimits {
    int turnMs = 30'000; ///< of the script's own work without waiting: beyond it is an endless loop
    int memoryMiB = 512; ///< address space beyond what the host itself needs
};

/// Runs one script against a client, in the process that it is meant to have for itself: the
/// script's thread, the watchdog over its turns, and the memory limit. Ends through finished().
class ScriptHost : public QObject {
    Q_OBJECT
public:
    ScriptHost(session::Client &client, const ScriptLimits &limits, QObject *parent = nullptr);
    ~ScriptHost() override;

    void run(const QString &text, const QString &fileName, const QStringList &arguments);

    /// Bounds this process's address space to what it uses now and `memoryMiB` more.
    static Result<void> limitMemory(int memoryMiB);

Q_SIGNALS:
    void output(const QString &line, qd::scripting::OutputKind kind);
    void finished(int status);

private:
    void watch();

    session::Client &m_client;
    ScriptLimits m_limits;
    Turn m_turn;
    QThread m_thread;
    QTimer m_watchdog;
    ScriptEngine *m_engine = nullptr; // owned by m_thread: deleted when it ends
};

} // namespace qd::scripting
