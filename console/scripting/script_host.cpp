// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/scripting/script_host.h"

#include "console/scripting/fall.h"
#include "shared/base/clock.h"

#include <unistd.h>

namespace qd::scripting {

namespace {

constexpr int kWatchEveryMs = 100;
/// A long built-in does not see the interrupt (anchors-console.md 2.2): then the process ends.
constexpr int kPatienceMs = 3000;
constexpr int kStackBytes = 16 * 1024 * 1024;

} // namespace

ScriptHost::ScriptHost(session::Client &client, const ScriptLimits &limits, QObject *parent)
    : QObject(parent)
    , m_client(client)
    , m_limits(limits)
{
    m_thread.setStackSize(kStackBytes);
    connect(&m_watchdog, &QTimer::timeout, this, &ScriptHost::watch);
}

ScriptHost::~ScriptHost()
{
    m_thread.quit();
    m_thread.wait();
}

void ScriptHost::run(const QString &text, const QString &fileName, const QStringList &arguments)
{
    m_thread.start();
    auto *context = new QObject; // carries the start into the thread; goes with it
    context->moveToThread(&m_thread);
    connect(&m_thread, &QThread::finished, context, &QObject::deleteLater);
    QMetaObject::invokeMethod(context, [this, text, fileName, arguments] {
        fall::watchStackOfThisThread();
        auto *engine = new ScriptEngine(m_client, m_turn, arguments);
        connect(engine, &ScriptEngine::output, this, [this](const QString &line, OutputKind kind) {
            m_turn.room.release();
            Q_EMIT output(line, kind);
        });
        connect(engine, &ScriptEngine::finished, this, [this](int status) {
            m_watchdog.stop();
            Q_EMIT finished(status);
        });
        connect(&m_thread, &QThread::finished, engine, &QObject::deleteLater);
        QMetaObject::invokeMethod(this, [this, engine] { m_engine = engine; });
        engine->run(text, fileName);
    });
    m_watchdog.start(kWatchEveryMs);
}

void ScriptHost::watch()
{
    const qint64 since = m_turn.startedMs.load();
    if (since == 0 || m_engine == nullptr)
        return;
    const qint64 ranMs = SystemClock().monotonicMs() - since;
    if (ranMs < m_limits.turnMs)
        return;
    const QString reason =
        QStringLiteral("the script was stopped: it ran for more than %1 s without waiting for "
                       "anything (an endless loop?)")
            .arg(m_limits.turnMs / 1000.0);
    if (ranMs > m_limits.turnMs + kPatienceMs) {
        Q_EMIT output(reason, OutputKind::Error);
        Q_EMIT finished(1);
        ::_exit(1); // its thread cannot be stopped otherwise
    }
    m_engine->interrupt(reason);
}

} // namespace qd::scripting
