// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/session/store_reading.h"

#include "shared/codec/codec.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QPromise>
#include <QTimer>

namespace qd::session {
namespace {

using Lines = QList<QJsonObject>;

/// One reading: a child of the client, gone when it is over.
class Reading : public QObject {
public:
    Reading(Client &client, const QString &method, const QCborMap &params, int silenceMs)
        : QObject(&client)
        , m_method(method)
        , m_stream(client.open(method, params))
    {
        m_promise.start();
        m_silence.setSingleShot(true);
        m_silence.setInterval(silenceMs);
        connect(m_stream.get(), &ByteStream::received, this, &Reading::take);
        connect(m_stream.get(), &ByteStream::ended, this, &Reading::end);
        connect(&m_silence, &QTimer::timeout, this, [this, silenceMs] {
            finish(fail(
                code::deadline,
                QStringLiteral("The store has sent nothing for %1 ms.").arg(silenceMs)));
        });
        m_silence.start();
    }
    QFuture<Result<Lines>> future() const { return m_promise.future(); }

private:
    void take(const QByteArray &bytes)
    {
        m_silence.start();
        qsizetype from = 0;
        qsizetype end = bytes.indexOf('\n');
        for (; end >= 0; end = bytes.indexOf('\n', from)) {
            const QByteArray line = m_begun + bytes.mid(from, end - from);
            m_lines.append(QJsonDocument::fromJson(line).object());
            m_begun.clear();
            from = end + 1;
        }
        m_begun += bytes.mid(from);
    }

    void end(const Error &error)
    {
        if (!error.code.isEmpty())
            finish(fail(error));
        else if (m_lines.isEmpty())
            finish(
                fail(code::badInput, QStringLiteral("The answer of %1 is empty.").arg(m_method)));
        else
            finish(m_lines);
    }

    void finish(const Result<Lines> &result)
    {
        if (std::exchange(m_over, true))
            return;
        disconnect(m_stream.get(), nullptr, this, nullptr);
        m_silence.stop();
        m_promise.addResult(result);
        m_promise.finish();
        deleteLater();
    }

    QString m_method;
    std::unique_ptr<ByteStream> m_stream;
    QPromise<Result<Lines>> m_promise;
    QTimer m_silence;
    QByteArray m_begun; ///< of a line whose end is still to come
    Lines m_lines;
    bool m_over = false;
};

/// The first line is the key itself.
Result<StoreAnswer> entriesOf(const Lines &lines)
{
    StoreAnswer out;
    out.index = lines.first().value(QLatin1String("index")).toInteger();
    for (const QJsonObject &line : lines) {
        const auto entry =
            codec::fromJson<StoreEntry>(line.value(QLatin1String("entry")).toObject());
        if (!entry)
            return fail(entry.error());
        out.children.append(*entry);
    }
    out.entry = out.children.takeFirst();
    return out;
}

/// The first line is the window.
Result<StoreHistory> historyOf(const Lines &lines)
{
    StoreHistory out;
    out.from = lines.first().value(QLatin1String("from")).toInteger();
    out.to = lines.first().value(QLatin1String("to")).toInteger();
    for (qsizetype i = 1; i < lines.size(); ++i) {
        const auto event = storeEventOf(lines.at(i));
        if (!event)
            return fail(event.error());
        out.events.append(*event);
    }
    return out;
}

template <class T>
QFuture<Result<T>> read(Reading *reading, Result<T> (*turn)(const Lines &))
{
    return reading->future().then([turn](const Result<Lines> &lines) -> Result<T> {
        if (!lines)
            return fail(lines.error());
        return turn(*lines);
    });
}

} // namespace

QFuture<Result<StoreAnswer>> readEntries(Client &client, const QCborMap &params, int silenceMs)
{
    return read(new Reading(client, QStringLiteral("store.read"), params, silenceMs), entriesOf);
}

QFuture<Result<StoreHistory>>
readHistory(Client &client, const QString &key, bool recursive, int silenceMs)
{
    const QCborMap params{{QStringLiteral("key"), key}, {QStringLiteral("recursive"), recursive}};
    return read(new Reading(client, QStringLiteral("store.history"), params, silenceMs), historyOf);
}

} // namespace qd::session
