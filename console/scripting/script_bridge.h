// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/scripting/script_engine.h"

#include <QHash>
#include <QSharedPointer>

namespace qd::scripting {

/// What the prelude calls `__host`. Lives in the script's thread; reaches the client in its own.
class ScriptBridge : public QObject {
    Q_OBJECT
public:
    ScriptBridge(ScriptEngine &engine, session::Client &client);
    ~ScriptBridge() override;

    bool isIdle() const { return m_callbacks.isEmpty() && m_holds == 0; }

    Q_INVOKABLE void print(const QString &line);
    Q_INVOKABLE void alert(const QString &line);
    /// Blocks the script until the answer is there; throws on an error.
    Q_INVOKABLE QString call(const QString &method, const QString &params, const QString &node);
    /// Blocks until the rows of a live collection are there: {revision, items}.
    Q_INVOKABLE QString snapshot(const QString &collection, const QString &params);
    /// Answers later: done(error) or done(undefined, text).
    Q_INVOKABLE void
    begin(const QString &method, const QString &params, const QString &node, const QJSValue &done);
    Q_INVOKABLE int
    subscribe(const QString &collection, const QString &params, const QJSValue &onChange);
    Q_INVOKABLE void unsubscribe(int id);
    /// Each line of the stream goes to onLine.
    Q_INVOKABLE int stream(const QString &method, const QString &params, const QJSValue &onLine);
    /// Blocks until the stream ends; its lines.
    Q_INVOKABLE QStringList readStream(const QString &method, const QString &params);
    /// A subtree as a file of JSON.
    Q_INVOKABLE QString exportStore(const QString &key);
    /// What a file would change below `target` (empty: where it comes from), and, with `write`,
    /// what has been written: {steps: [{key, state, why}], written, failed: [{key, why}]}.
    Q_INVOKABLE QString importStore(const QString &file, const QString &target, bool write);
    /// The store's members start anew, one after the other: all, or those with these ids; with
    /// `run` false only the plan: [{nodeId, name, leads}].
    Q_INVOKABLE QString
    restartMembers(bool all, const QStringList &nodeIds, double seconds, bool run);
    Q_INVOKABLE void endStream(int id);
    Q_INVOKABLE void sleep(double milliseconds);
    /// Without blocking: calls `done` after that time.
    Q_INVOKABLE void delay(double milliseconds, const QJSValue &done);
    Q_INVOKABLE void hold() { ++m_holds; }
    Q_INVOKABLE void release();
    Q_INVOKABLE void fail(const QJSValue &error);
    /// Who asked a promise is told now.
    Q_INVOKABLE void stir() { m_stirred = true; }
    bool takeStirred() { return std::exchange(m_stirred, false); }
    Q_INVOKABLE void exit(int status);

private:
    struct Remote; // what lives in the client's thread for one subscription or stream
    static QCborMap parsed(const QString &params);
    /// Halts the script until `start`, run in the client's thread, has handed over its result.
    template <class T>
    Result<T> halt(const std::function<QFuture<Result<T>>()> &start);
    void deliver(int id, const QString &text);
    void streamEnded(int id, const Error &error);
    /// An Error with the message for a person and, as `code`, the one for programs.
    QJSValue errorObject(const Error &error);
    void raise(const Error &error);
    void forget(int id);
    int openStream(const QString &method, const QCborMap &params, const QJSValue &onLine);

    ScriptEngine &m_engine;
    session::Client &m_client;
    bool m_stirred = false;
    QHash<int, QJSValue> m_callbacks;
    QHash<int, QSharedPointer<Remote>> m_remotes;
    int m_nextId = 1;
    int m_holds = 0;
};

/// CBOR as a script sees it: whole numbers beyond 2^53 as text, dates as milliseconds.
QString toScriptJson(const QCborMap &map);

} // namespace qd::scripting
