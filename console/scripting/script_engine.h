// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/session/client.h"

#include <QJSEngine>
#include <QJSValue>
#include <QObject>
#include <QSemaphore>
#include <atomic>
#include <memory>

/// The script host's engine: one script, one QJSEngine, in a thread of its own, so that calls look
/// synchronous and block the script alone (architecture.md 5; anchors-console.md 2.3).
namespace qd::scripting {

enum class OutputKind { Print, Alert, Error };

/// What the script's thread and the host's share.
struct Turn {
    static constexpr int kLinesAhead = 1000;
    /// Set while the script's own code runs, for the watchdog; 0: waiting for the cluster, or idle.
    std::atomic<qint64> startedMs{0};
    /// For lines that the host has not written yet: a script that prints faster waits.
    QSemaphore room{kLinesAhead};
};

class ScriptBridge;

/// Lives in the script's thread. Made there, run once, destroyed there.
class ScriptEngine : public QObject {
    Q_OBJECT
public:
    /// `client` lives in another thread, whose event loop runs.
    ScriptEngine(session::Client &client, Turn &turn, const QStringList &arguments);
    ~ScriptEngine() override;

    /// Runs the text. The script has ended when finished() comes: at the end of its text, or, while
    /// it has subscriptions, streams or tasks, when the last of them is gone.
    void run(const QString &text, const QString &fileName);
    /// From any thread: stops what is running now.
    void interrupt(const QString &reason);

Q_SIGNALS:
    void output(const QString &line, qd::scripting::OutputKind kind);
    void finished(int status);

private:
    friend class ScriptBridge;
    bool loadPrelude(const QStringList &arguments);
    /// One entry into the script's code: measures the turn and reports what it throws.
    void enter(const std::function<QJSValue(QStringList *stack)> &code);
    void report(const QJSValue &error, const QStringList &stack);
    void say(const QString &line, OutputKind kind);
    QString shownFile(QString file) const;
    bool isIdle() const;
    void endWhenIdle();
    void settlePromises();
    void finish(int status);

    QJSEngine m_engine;
    Turn &m_turn;
    std::unique_ptr<ScriptBridge> m_bridge;
    QString m_fileName;
    QString m_interruptReason;
    std::atomic<bool> m_interrupted{false};
    int m_depth = 0;
    int m_status = 0;
    bool m_settling = false;
    bool m_started = false;
    bool m_finished = false;
};

} // namespace qd::scripting
