// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/scripting/script_engine.h"

#include "console/scripting/script_bridge.h"
#include "shared/base/clock.h"

#include <QCoreApplication>
#include <QFile>
#include <QRegularExpression>
#include <QUrl>

namespace qd::scripting {

namespace {

/// A promise's next step takes the engine no more than this many.
constexpr int kQuietRounds = 4;

/// The engine knows ES2016 plus ?. and ??: a sentence for the mistake that newcomers make first.
QString languageHint(const QString &text)
{
    static const QRegularExpression waits(QStringLiteral("\\b(async\\s+function|await\\s)"));
    if (waits.match(text).hasMatch())
        return QStringLiteral(
            " (scripts have no async/await: calls simply return; for work in parallel "
            "write task(function* () { yield cluster.async(...) }))");
    return {};
}

} // namespace

ScriptEngine::ScriptEngine(session::Client &client, Turn &turn, const QStringList &arguments)
    : m_turn(turn)
    , m_bridge(std::make_unique<ScriptBridge>(*this, client))
{
    loadPrelude(arguments);
}

ScriptEngine::~ScriptEngine() = default;

bool ScriptEngine::loadPrelude(const QStringList &arguments)
{
    QJSValue host = m_engine.newQObject(m_bridge.get());
    QJSEngine::setObjectOwnership(m_bridge.get(), QJSEngine::CppOwnership);
    m_engine.globalObject().setProperty(QStringLiteral("__host"), host);
    m_engine.globalObject().setProperty(QStringLiteral("args"), m_engine.toScriptValue(arguments));
    QFile prelude(QStringLiteral(":/quarterdeck/prelude.js"));
    if (!prelude.open(QIODevice::ReadOnly))
        return false;
    const QJSValue loaded =
        m_engine.evaluate(QString::fromUtf8(prelude.readAll()), QStringLiteral("prelude.js"));
    if (loaded.isError())
        report(loaded, {});
    return !loaded.isError();
}

void ScriptEngine::run(const QString &text, const QString &fileName)
{
    m_fileName = fileName;
    m_started = true;
    enter([&](QStringList *stack) { return m_engine.evaluate(text, fileName, 1, stack); });
    if (m_status != 0 && !m_finished) {
        const QString hint = languageHint(text);
        if (!hint.isEmpty())
            say(hint.trimmed(), OutputKind::Error);
        finish(m_status);
        return;
    }
    endWhenIdle();
}

void ScriptEngine::interrupt(const QString &reason)
{
    // Two threads: the reason is written before the flag that publishes it.
    m_interruptReason = reason;
    m_interrupted.store(true);
    m_engine.setInterrupted(true);
}

void ScriptEngine::enter(const std::function<QJSValue(QStringList *)> &code)
{
    if (m_finished)
        return;
    const SystemClock clock;
    if (m_depth++ == 0)
        m_turn.startedMs.store(clock.monotonicMs());
    QStringList stack;
    const QJSValue result = code(&stack);
    if (--m_depth == 0)
        m_turn.startedMs.store(0);
    if (m_interrupted.load()) {
        say(m_interruptReason, OutputKind::Error);
        finish(1);
        return;
    }
    if (result.isError() || !stack.isEmpty())
        report(result, stack);
}

void ScriptEngine::report(const QJSValue &error, const QStringList &stack)
{
    if (m_finished)
        return;
    QString place;
    if (error.isError() && error.hasProperty(QStringLiteral("lineNumber"))) {
        QString file = error.property(QStringLiteral("fileName")).toString();
        int line = error.property(QStringLiteral("lineNumber")).toInt();
        // An error of the host is thrown inside the prelude: name the script's own line instead.
        static const QRegularExpression frame(QStringLiteral("@(.*):(-?\\d+)$"));
        const QStringList frames =
            error.property(QStringLiteral("stack")).toString().split(QLatin1Char('\n'));
        for (const QString &one : frames) {
            const auto match = frame.match(one);
            if (match.hasMatch() && !match.captured(1).endsWith(QLatin1String("prelude.js"))) {
                file = match.captured(1);
                line = match.captured(2).toInt();
                break;
            }
        }
        place = QStringLiteral("%1:%2: ").arg(shownFile(file)).arg(line);
    } else if (!stack.isEmpty()) {
        // "function:line:column:file"
        const QStringList fields = stack.first().split(QLatin1Char(':'));
        place = QStringLiteral("%1:%2: ").arg(m_fileName, fields.value(1));
    }
    m_status = 1;
    say(place + error.toString(), OutputKind::Error);
}

/// The engine makes an address of a file's name: the name as it was given.
QString ScriptEngine::shownFile(QString file) const
{
    for (const QLatin1String scheme : {QLatin1String("file://"), QLatin1String("file:")}) {
        if (file.startsWith(scheme)) {
            file = QUrl::fromPercentEncoding(file.mid(scheme.size()).toUtf8());
            break;
        }
    }
    return file.isEmpty() ? m_fileName : file;
}

void ScriptEngine::say(const QString &line, OutputKind kind)
{
    m_turn.room.acquire();
    Q_EMIT output(line, kind);
}

bool ScriptEngine::isIdle() const
{
    return m_started && !m_finished && m_depth == 0 && m_bridge->isIdle();
}

void ScriptEngine::endWhenIdle()
{
    if (m_settling || !isIdle())
        return;
    settlePromises();
    if (isIdle())
        finish(m_status);
}

/// What kept or broken promises still owe to those who asked waits in the thread's queue, and
/// whoever is told may make further ones: until nobody has been told for a few rounds.
void ScriptEngine::settlePromises()
{
    m_settling = true;
    const SystemClock clock;
    const qint64 begun = clock.monotonicMs();
    for (int quiet = 0; quiet < kQuietRounds && !m_interrupted.load() && !m_finished; ++quiet) {
        m_turn.startedMs.store(begun);
        QCoreApplication::sendPostedEvents();
        if (m_bridge->takeStirred())
            quiet = -1;
    }
    m_turn.startedMs.store(0);
    m_settling = false;
    if (m_interrupted.load() && !m_finished) {
        say(m_interruptReason, OutputKind::Error);
        finish(1);
    }
}

void ScriptEngine::finish(int status)
{
    if (m_finished)
        return;
    m_finished = true;
    m_status = status;
    Q_EMIT finished(status);
}

} // namespace qd::scripting
