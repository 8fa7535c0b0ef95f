// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/control/store_reading.h"

#include "agent/control/store_methods.h"
#include "shared/codec/codec.h"

#include <QJsonDocument>

namespace qd::control {
namespace {

/// What may wait for a slow reader.
constexpr qsizetype kFillBelow = 256 * 1024;

/// Lines, each made when its turn comes, and the stream that they leave through; they end together.
class Reading : public QObject {
public:
    using LineAt = std::function<QJsonObject(qsizetype)>;
    Reading(std::shared_ptr<rpc::Stream> stream, qsizetype count, LineAt lineAt)
        : m_stream(std::move(stream))
        , m_count(count)
        , m_lineAt(std::move(lineAt))
    {
        connect(m_stream.get(), &rpc::Stream::drained, this, &Reading::fill);
    }
    rpc::Stream &stream() { return *m_stream; }

    void fill()
    {
        while (m_next < m_count && m_stream->queued() < kFillBelow) {
            const QJsonDocument line(m_lineAt(m_next++));
            m_stream->write(line.toJson(QJsonDocument::Compact) + '\n');
        }
        if (m_next == m_count)
            m_stream->end();
    }

private:
    std::shared_ptr<rpc::Stream> m_stream;
    qsizetype m_count;
    LineAt m_lineAt;
    qsizetype m_next = 0;
};

void streamLines(const rpc::CallPtr &call, qsizetype count, Reading::LineAt lineAt)
{
    auto stream = call->stream();
    if (!stream)
        return;
    auto reading = std::make_shared<Reading>(std::move(stream), count, std::move(lineAt));
    rpc::Stream &to = reading->stream();
    // The connection below keeps `reading` until the stream has ended.
    QObject::connect(&to, &rpc::Stream::ended, &to, [reading] {
        QMetaObject::invokeMethod(
            &reading->stream(), [reading] { reading->stream().disconnect(); },
            Qt::QueuedConnection);
    });
    reading->fill();
}

} // namespace

QJsonObject eventJson(const store::Event &event)
{
    QJsonObject json{
        {QStringLiteral("action"), event.action},
        {QStringLiteral("entry"), codec::toJson(entryOf(event.node))},
        {QStringLiteral("index"), qint64(event.node.modifiedIndex)}};
    if (event.prevNode)
        json.insert(QStringLiteral("previous"), codec::toJson(entryOf(*event.prevNode)));
    return json;
}

void streamEntries(const rpc::CallPtr &call, const store::Event &event)
{
    const QList<StoreEntry> entries =
        QList<StoreEntry>{entryOf(event.node)} + descendants(event.node);
    streamLines(call, entries.size(), [entries, index = qint64(event.etcdIndex)](qsizetype at) {
        return QJsonObject{
            {QStringLiteral("entry"), codec::toJson(entries.at(at))},
            {QStringLiteral("index"), index}};
    });
}

void streamHistory(const rpc::CallPtr &call, const store::History &history)
{
    const auto count = qsizetype(history.events.size()) + 1;
    streamLines(call, count, [history](qsizetype at) {
        if (at > 0)
            return eventJson(history.events[size_t(at - 1)]);
        return QJsonObject{
            {QStringLiteral("from"), qint64(history.from)},
            {QStringLiteral("to"), qint64(history.to)}};
    });
}

} // namespace qd::control
