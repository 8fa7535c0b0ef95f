// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/scripting/script_bridge.h"

#include "console/scripting/handover.h"
#include "console/session/error_text.h"
#include "console/session/rolling_restart.h"
#include "console/session/snapshot.h"
#include "console/session/store_import.h"
#include "shared/base/clock.h"

#include <QCborArray>
#include <QDateTime>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QThread>
#include <QTimer>

namespace qd::scripting {

namespace {

constexpr double kLongestSleepMs = 3.6e6;
constexpr qint64 kExactInDouble = qint64(1) << 53;

QJsonValue toScript(const QCborValue &value)
{
    if (value.isMap()) {
        QJsonObject object;
        const QCborMap map = value.toMap();
        for (auto it = map.cbegin(); it != map.cend(); ++it)
            object.insert(it.key().toString(), toScript(it.value()));
        return object;
    }
    if (value.isArray()) {
        QJsonArray array;
        const QCborArray items = value.toArray();
        for (const QCborValue &item : items)
            array.append(toScript(item));
        return array;
    }
    if (value.isInteger() && qAbs(value.toInteger()) > kExactInDouble)
        return QString::number(value.toInteger());
    if (value.isByteArray())
        return QString::fromUtf8(value.toByteArray());
    return value.toJsonValue();
}

} // namespace

QString toScriptJson(const QCborMap &map)
{
    return QString::fromUtf8(
        QJsonDocument(toScript(map).toObject()).toJson(QJsonDocument::Compact));
}

/// Made, used and destroyed in the client's thread.
struct ScriptBridge::Remote : QObject {
    std::unique_ptr<session::Subscription> subscription;
    std::unique_ptr<session::ByteStream> stream;
    QByteArray pending;

    /// The complete lines of what has come so far.
    QStringList take(const QByteArray &bytes)
    {
        pending += bytes;
        QStringList lines;
        for (qsizetype end = pending.indexOf('\n'); end >= 0; end = pending.indexOf('\n')) {
            lines.append(QString::fromUtf8(pending.first(end)));
            pending.remove(0, end + 1);
        }
        return lines;
    }
};

ScriptBridge::ScriptBridge(ScriptEngine &engine, session::Client &client)
    : m_engine(engine)
    , m_client(client)
{
}

ScriptBridge::~ScriptBridge() = default;

QJSValue ScriptBridge::errorObject(const Error &error)
{
    QJSValue object =
        m_engine.m_engine.newErrorObject(QJSValue::GenericError, session::errorText(error));
    object.setProperty(QStringLiteral("code"), error.code);
    return object;
}

void ScriptBridge::raise(const Error &error)
{
    m_engine.m_engine.throwError(errorObject(error));
}

void ScriptBridge::print(const QString &line)
{
    m_engine.say(line, OutputKind::Print);
}

void ScriptBridge::alert(const QString &line)
{
    m_engine.say(line, OutputKind::Alert);
}

QCborMap ScriptBridge::parsed(const QString &params)
{
    return QCborMap::fromJsonObject(QJsonDocument::fromJson(params.toUtf8()).object());
}

template <class T>
Result<T> ScriptBridge::halt(const std::function<QFuture<Result<T>>()> &start)
{
    const auto owed = std::make_shared<Handover<Result<T>>>();
    QMetaObject::invokeMethod(&m_client, [this, owed, start] {
        start().then(&m_client, [owed](const Result<T> &result) { owed->give(result); });
    });
    m_engine.m_turn.startedMs.store(0); // waiting is not working: the watchdog looks away
    const Result<T> result = owed->take();
    m_engine.m_turn.startedMs.store(SystemClock().monotonicMs());
    if (!result)
        raise(result.error());
    return result;
}

QString ScriptBridge::call(const QString &method, const QString &params, const QString &node)
{
    session::CallOptions options;
    options.node = node;
    const QCborMap map = parsed(params);
    const auto result = halt<QCborMap>(
        [this, method, map, options] { return m_client.call(method, map, options); });
    return result ? toScriptJson(*result) : QString();
}

QString ScriptBridge::snapshot(const QString &collection, const QString &params)
{
    const QCborMap map = parsed(params);
    const auto result = halt<session::Snapshot>(
        [this, collection, map] { return session::snapshot(m_client, collection, map); });
    if (!result)
        return {};
    QCborArray items;
    for (const QCborMap &row : result->rows)
        items.append(row);
    return toScriptJson(
        {{QStringLiteral("revision"), result->revision}, {QStringLiteral("items"), items}});
}

void ScriptBridge::begin(
    const QString &method, const QString &params, const QString &node, const QJSValue &done)
{
    const QCborMap map = parsed(params);
    session::CallOptions options;
    options.node = node;
    const int id = m_nextId++;
    m_callbacks.insert(id, done);
    QMetaObject::invokeMethod(&m_client, [this, id, method, map, options] {
        m_client.call(method, map, options)
            .then(&m_client, [this, id](const Result<QCborMap> &result) {
                QMetaObject::invokeMethod(this, [this, id, result] {
                    const QJSValue callback = m_callbacks.take(id);
                    m_engine.enter([&](QStringList *) {
                        return result ? callback.call({QJSValue(), toScriptJson(*result)})
                                      : callback.call({errorObject(result.error())});
                    });
                    m_engine.endWhenIdle();
                });
            });
    });
}

int ScriptBridge::subscribe(
    const QString &collection, const QString &params, const QJSValue &onChange)
{
    const QCborMap map = parsed(params);
    const int id = m_nextId++;
    m_callbacks.insert(id, onChange);
    const QSharedPointer<Remote> remote(new Remote, &QObject::deleteLater);
    remote->moveToThread(m_client.thread());
    m_remotes.insert(id, remote);
    QMetaObject::invokeMethod(&m_client, [this, id, collection, map, remote] {
        remote->subscription = m_client.subscribe(collection, map);
        auto send = [this,
                     id](bool reset, const QList<QCborMap> &rows, const QStringList &removed) {
            QCborArray array;
            for (const QCborMap &row : rows)
                array.append(row);
            QCborMap change;
            change.insert(QStringLiteral("reset"), reset);
            change.insert(QStringLiteral("rows"), array);
            change.insert(QStringLiteral("removed"), QCborArray::fromStringList(removed));
            const QString text = toScriptJson(change);
            QMetaObject::invokeMethod(this, [this, id, text] { deliver(id, text); });
        };
        session::Subscription *subscription = remote->subscription.get();
        QObject::connect(
            subscription, &session::Subscription::reset, remote.get(),
            [send](const QList<QCborMap> &rows) { send(true, rows, {}); });
        QObject::connect(
            subscription, &session::Subscription::changed, remote.get(),
            [send](const QList<QCborMap> &rows, const QStringList &removed) {
                send(false, rows, removed);
            });
        QObject::connect(
            subscription, &session::Subscription::failed, remote.get(),
            [this, id](const Error &error) {
                QMetaObject::invokeMethod(this, [this, id, error] { streamEnded(id, error); });
            });
    });
    return id;
}

void ScriptBridge::unsubscribe(int id)
{
    forget(id);
}

int ScriptBridge::stream(const QString &method, const QString &params, const QJSValue &onLine)
{
    const QCborMap map = parsed(params);
    return openStream(method, map, onLine);
}

int ScriptBridge::openStream(const QString &method, const QCborMap &params, const QJSValue &onLine)
{
    const int id = m_nextId++;
    m_callbacks.insert(id, onLine);
    const QSharedPointer<Remote> remote(new Remote, &QObject::deleteLater);
    remote->moveToThread(m_client.thread());
    m_remotes.insert(id, remote);
    QMetaObject::invokeMethod(&m_client, [this, id, method, params, remote] {
        remote->stream = m_client.open(method, params);
        session::ByteStream *stream = remote->stream.get();
        QObject::connect(
            stream, &session::ByteStream::received, remote.get(),
            [this, id, target = remote.get()](const QByteArray &bytes) {
                for (const QString &line : target->take(bytes))
                    QMetaObject::invokeMethod(this, [this, id, line] { deliver(id, line); });
            });
        QObject::connect(
            stream, &session::ByteStream::ended, remote.get(), [this, id](const Error &error) {
                QMetaObject::invokeMethod(this, [this, id, error] { streamEnded(id, error); });
            });
    });
    return id;
}

QStringList ScriptBridge::readStream(const QString &method, const QString &params)
{
    const QCborMap map = parsed(params);
    struct Reading {
        Remote remote;
        QStringList lines;
        Handover<Error> ended; ///< its code is empty when the stream ended in order
    };
    const QSharedPointer<Reading> reading(new Reading);
    reading->remote.moveToThread(m_client.thread());
    QMetaObject::invokeMethod(&m_client, [this, method, map, reading] {
        reading->remote.stream = m_client.open(method, map);
        session::ByteStream *stream = reading->remote.stream.get();
        QObject::connect(
            stream, &session::ByteStream::received, &reading->remote,
            [reading = reading.get()](const QByteArray &bytes) {
                reading->lines += reading->remote.take(bytes);
            });
        QObject::connect(
            stream, &session::ByteStream::ended, &reading->remote,
            [reading = reading.get()](const Error &error) { reading->ended.give(error); });
    });
    m_engine.m_turn.startedMs.store(0);
    const Error error = reading->ended.take();
    m_engine.m_turn.startedMs.store(SystemClock().monotonicMs());
    const QStringList lines = reading->lines;
    QMetaObject::invokeMethod(&m_client, [reading] { reading->remote.stream.reset(); });
    if (!error.code.isEmpty())
        raise(error);
    return lines;
}

QString ScriptBridge::exportStore(const QString &key)
{
    session::StoreGet request;
    request.key = key;
    request.recursive = true;
    request.quorum = true;
    const auto read = halt<session::StoreAnswer>(
        [this, request] { return session::ClusterApi(m_client).storeRead(request); });
    return read ? QString::fromUtf8(session::toText(session::storeFileOf(*read))) : QString();
}

QString ScriptBridge::importStore(const QString &text, const QString &target, bool write)
{
    const auto file = session::storeFileFrom(text.toUtf8());
    if (!file) {
        raise(file.error());
        return {};
    }
    const QString to = target.isEmpty() ? file->key : target;
    const auto plan = halt<QList<session::ImportStep>>(
        [this, &file, to] { return session::plannedImport(m_client, *file, to); });
    if (!plan)
        return {};
    session::ImportOutcome outcome;
    if (write) {
        const auto done = halt<session::ImportOutcome>(
            [this, &plan] { return session::runImport(m_client, *plan); });
        if (!done)
            return {};
        outcome = *done;
    }
    const QJsonObject json = session::importJson(*plan, outcome);
    return QString::fromUtf8(QJsonDocument(json).toJson(QJsonDocument::Compact));
}

QString ScriptBridge::restartMembers(bool all, const QStringList &nodeIds, double seconds, bool run)
{
    const auto members =
        halt<QList<RaftStatus>>([this] { return session::surveyMembers(m_client); });
    if (!members)
        return {};
    const auto plan = session::planRestart(*members, {all, nodeIds});
    if (!plan) {
        raise(plan.error());
        return {};
    }
    if (run) {
        const session::RestartOptions options{*plan, int(seconds * 1000)};
        const auto done = halt<void>([this, &options] {
            return session::runRestart(m_client, options, [](const QString &) {});
        });
        if (!done)
            return {};
    }
    return QString::fromUtf8(
        QJsonDocument(session::restartJson(*plan)).toJson(QJsonDocument::Compact));
}

void ScriptBridge::endStream(int id)
{
    forget(id);
}

void ScriptBridge::forget(int id)
{
    m_callbacks.remove(id);
    m_remotes.remove(id);
    // The script may be in the middle of a callback: look again when it is out of it.
    QMetaObject::invokeMethod(
        this, [this] { m_engine.endWhenIdle(); }, Qt::QueuedConnection);
}

void ScriptBridge::deliver(int id, const QString &text)
{
    const auto callback = m_callbacks.constFind(id);
    if (callback == m_callbacks.cend())
        return;
    // A copy: the call may take itself out of the list.
    // NOLINTNEXTLINE(performance-unnecessary-copy-initialization)
    const QJSValue function = *callback;
    m_engine.enter([&](QStringList *) { return function.call({QJSValue(text)}); });
}

void ScriptBridge::streamEnded(int id, const Error &error)
{
    if (!m_callbacks.contains(id))
        return;
    if (!error.code.isEmpty()) {
        m_engine.m_status = 1;
        m_engine.say(session::errorText(error), OutputKind::Error);
    }
    forget(id);
}

void ScriptBridge::sleep(double milliseconds)
{
    m_engine.m_turn.startedMs.store(0);
    QThread::msleep(quint64(qBound(0.0, milliseconds, kLongestSleepMs)));
    m_engine.m_turn.startedMs.store(SystemClock().monotonicMs());
}

void ScriptBridge::delay(double milliseconds, const QJSValue &done)
{
    const int id = m_nextId++;
    m_callbacks.insert(id, done);
    QTimer::singleShot(int(qBound(0.0, milliseconds, kLongestSleepMs)), this, [this, id] {
        const QJSValue callback = m_callbacks.take(id);
        m_engine.enter([&](QStringList *) { return callback.call(); });
        m_engine.endWhenIdle();
    });
}

void ScriptBridge::release()
{
    --m_holds;
    QMetaObject::invokeMethod(
        this, [this] { m_engine.endWhenIdle(); }, Qt::QueuedConnection);
}

void ScriptBridge::fail(const QJSValue &error)
{
    m_engine.report(error, {});
}

void ScriptBridge::exit(int status)
{
    m_engine.finish(status);
    // Nothing of the script runs after exit().
    m_engine.m_engine.setInterrupted(true);
}

} // namespace qd::scripting
