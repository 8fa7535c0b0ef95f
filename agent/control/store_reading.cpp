// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/control/store_reading.h"

#include "agent/control/store_methods.h"
#include "shared/codec/codec.h"

#include <QJsonDocument>

namespace qd::control {
namespace {

/// What may wait for a slow reader.
constexpr qsizetype kFillBelow = 256 * 1024;

/// The entries and the stream that they leave through; they end together.
class Reading : public QObject {
public:
    Reading(std::shared_ptr<rpc::Stream> stream, const store::Event &event)
        : m_stream(std::move(stream))
        , m_index(qint64(event.etcdIndex))
        , m_entries(QList<StoreEntry>{entryOf(event.node)} + descendants(event.node))
    {
        connect(m_stream.get(), &rpc::Stream::drained, this, &Reading::fill);
    }
    rpc::Stream &stream() { return *m_stream; }

    void fill()
    {
        while (m_next < m_entries.size() && m_stream->queued() < kFillBelow)
            m_stream->write(line(m_entries.at(m_next++)));
        if (m_next == m_entries.size())
            m_stream->end();
    }

private:
    QByteArray line(const StoreEntry &entry) const
    {
        const QJsonObject json{
            {QStringLiteral("entry"), codec::toJson(entry)}, {QStringLiteral("index"), m_index}};
        return QJsonDocument(json).toJson(QJsonDocument::Compact) + '\n';
    }

    std::shared_ptr<rpc::Stream> m_stream;
    qint64 m_index;
    QList<StoreEntry> m_entries;
    qsizetype m_next = 0;
};

} // namespace

void streamEntries(const rpc::CallPtr &call, const store::Event &event)
{
    auto stream = call->stream();
    if (!stream)
        return;
    auto reading = std::make_shared<Reading>(std::move(stream), event);
    rpc::Stream &to = reading->stream();
    // The connection below keeps `reading` until the stream has ended.
    QObject::connect(&to, &rpc::Stream::ended, &to, [reading] {
        QMetaObject::invokeMethod(
            &reading->stream(), [reading] { reading->stream().disconnect(); },
            Qt::QueuedConnection);
    });
    reading->fill();
}

} // namespace qd::control
