// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/session/store_reading.h"

#include "shared/codec/codec.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QPromise>
#include <QTimer>

namespace qd::session {
namespace {

/// One reading: a child of the client, gone when it is over. The first line is the key itself.
class Reading : public QObject {
public:
    Reading(Client &client, const QCborMap &params, int silenceMs)
        : QObject(&client)
        , m_stream(client.open(QStringLiteral("store.read"), params))
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
    QFuture<Result<StoreAnswer>> future() const { return m_promise.future(); }

private:
    void take(const QByteArray &bytes)
    {
        m_silence.start();
        qsizetype from = 0;
        qsizetype end = bytes.indexOf('\n');
        for (; end >= 0; end = bytes.indexOf('\n', from)) {
            takeLine(m_begun + bytes.mid(from, end - from));
            m_begun.clear();
            from = end + 1;
        }
        m_begun += bytes.mid(from);
    }

    void takeLine(const QByteArray &line)
    {
        const QJsonObject json = QJsonDocument::fromJson(line).object();
        const auto entry =
            codec::fromJson<StoreEntry>(json.value(QLatin1String("entry")).toObject());
        if (!entry) {
            finish(fail(entry.error()));
            return;
        }
        if (m_any) {
            m_answer.children.append(*entry);
            return;
        }
        m_any = true;
        m_answer.entry = *entry;
        m_answer.index = json.value(QLatin1String("index")).toInteger();
    }

    void end(const Error &error)
    {
        if (!error.code.isEmpty())
            finish(fail(error));
        else if (!m_any)
            finish(fail(code::badInput, QStringLiteral("The answer of store.read is empty.")));
        else
            finish(m_answer);
    }

    void finish(const Result<StoreAnswer> &result)
    {
        if (std::exchange(m_over, true))
            return;
        disconnect(m_stream.get(), nullptr, this, nullptr);
        m_silence.stop();
        m_promise.addResult(result);
        m_promise.finish();
        deleteLater();
    }

    std::unique_ptr<ByteStream> m_stream;
    QPromise<Result<StoreAnswer>> m_promise;
    QTimer m_silence;
    QByteArray m_begun; ///< of a line whose end is still to come
    StoreAnswer m_answer;
    bool m_any = false;
    bool m_over = false;
};

} // namespace

QFuture<Result<StoreAnswer>> readEntries(Client &client, const QCborMap &params, int silenceMs)
{
    return (new Reading(client, params, silenceMs))->future();
}

} // namespace qd::session
