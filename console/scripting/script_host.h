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

/// Runs one script against a client: the script's thread, and the watchdog over its turns. The
/// memory limit is the process's (fall.h), which the script has for itself. Ends through
/// finished().
class ScriptHost : public QObject {
    Q_OBJECT
public:
    ScriptHost(session::Client &client, const ScriptLimits &limits, QObject *parent = nullptr);
    ~ScriptHost() override;

    void run(const QString &text, const QString &fileName, const QStringList &arguments);

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
