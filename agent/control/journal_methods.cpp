// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/control/journal_methods.h"

#include "shared/codec/codec.h"

#include <QJsonDocument>

namespace qd::control {

namespace {

/// What may wait for a slow reader: more of what is there already is only read below this ...
constexpr qsizetype kFillBelow = 256 * 1024;
/// ... and one that follows and falls behind so far is let go.
constexpr qsizetype kMostQueued = 8 * 1024 * 1024;
constexpr int kBatch = 200;
constexpr qint64 kMostLines = 1'000'000;

QByteArray textOf(const QList<JournalLine> &lines)
{
    QByteArray out;
    for (const JournalLine &line : lines)
        out += QJsonDocument(codec::toJson(line)).toJson(QJsonDocument::Compact) + '\n';
    return out;
}

} // namespace

/// One open journal and the stream that it feeds.
class JournalMethods::Log : public QObject {
public:
    /// `most`: so many lines and no more when it does not follow; negative = all.
    Log(std::shared_ptr<rpc::Stream> stream, std::unique_ptr<JournalReader> reader, bool follow,
        int most)
        : m_stream(std::move(stream))
        , m_reader(std::move(reader))
        , m_follow(follow)
        , m_left(follow || most < 0 ? std::numeric_limits<int>::max() : most)
    {
        connect(m_stream.get(), &rpc::Stream::drained, this, &Log::fill);
        connect(m_reader.get(), &JournalReader::arrived, this, &Log::write);
    }
    rpc::Stream &stream() { return *m_stream; }
    QString unit; ///< whose place it keeps an eye on; empty: stays with this node
    std::function<void()> whenOver;

    /// Sends what is there already, as the reader takes it.
    void fill()
    {
        while (!m_filled && m_stream->queued() < kFillBelow) {
            const QList<JournalLine> lines = m_reader->read(std::min(kBatch, m_left));
            m_left -= int(lines.size());
            if (!lines.isEmpty()) {
                m_stream->write(textOf(lines));
                continue;
            }
            m_filled = true;
            if (m_follow)
                m_reader->follow();
            else
                m_stream->end();
        }
    }

private:
    void write(const QList<JournalLine> &lines)
    {
        if (m_stream->queued() <= kMostQueued) {
            m_stream->write(textOf(lines));
            return;
        }
        m_stream->abort(
            {code::limit, QStringLiteral("The reader is too slow for this log."), {}, nullptr});
        whenOver();
    }

    std::shared_ptr<rpc::Stream> m_stream;
    std::unique_ptr<JournalReader> m_reader;
    bool m_follow;
    bool m_filled = false;
    int m_left; ///< lines that may still come, more may have been written since it was opened
};

JournalMethods::JournalMethods(Setup setup, Place place, NodeLinks &links, QObject *parent)
    : QObject(parent)
    , m_setup(std::move(setup))
    , m_place(std::move(place))
    , m_links(links)
{
}

JournalMethods::~JournalMethods() = default;

void JournalMethods::addTo(rpc::Methods &methods)
{
    methods.add(
        QStringLiteral("journal.open"), security::Role::Viewer,
        [this](const rpc::CallPtr &call) { open(call); });
}

void JournalMethods::open(const rpc::CallPtr &call)
{
    const QString unit = call->params().value(QLatin1String("unit")).toString();
    if (call->node() == m_setup.machineId) {
        openHere(call, false);
        return;
    }
    const auto place = m_place(unit);
    // Another agent routes here what it knows, or was told, to be here: it goes no further.
    if (call->caller().identity.kind == security::Identity::Kind::Node)
        openHere(call, place && *place == m_setup.machineId);
    else if (!place)
        call->reply(fail(place.error()));
    else if (*place == m_setup.machineId)
        openHere(call, true);
    else
        m_links.route(call, *place);
}

void JournalMethods::openHere(const rpc::CallPtr &call, bool followsUnit)
{
    const QCborMap params = call->params();
    JournalQuery query;
    query.unit = params.value(QLatin1String("unit")).toString();
    query.lines = int(qBound(
        qint64(-1), params.value(QLatin1String("lines")).toInteger(query.lines), kMostLines));
    auto reader = JournalReader::open(m_setup.folder, query);
    if (!reader) {
        call->reply(fail(reader.error()));
        return;
    }
    auto stream = call->stream();
    if (!stream)
        return;
    auto log = std::make_unique<Log>(
        std::move(stream), std::move(*reader), params.value(QLatin1String("follow")).toBool(),
        query.lines);
    if (followsUnit)
        log->unit = query.unit;
    Log *const it = log.get();
    it->whenOver = [this, it] { forget(it); };
    connect(&it->stream(), &rpc::Stream::ended, it, it->whenOver);
    m_open.push_back(std::move(log));
    it->fill();
}

void JournalMethods::placesChanged()
{
    QList<Log *> moved;
    for (const auto &log : m_open) {
        const auto place = log->unit.isEmpty() ? Result<QString>() : m_place(log->unit);
        // One that is nowhere stays open: it may start here again.
        if (!log->unit.isEmpty() && place && *place != m_setup.machineId)
            moved.append(log.get());
    }
    for (Log *const log : moved) {
        log->stream().abort(
            {kUnitMoved,
             QStringLiteral("%1 runs on another node now.").arg(log->unit),
             {{QStringLiteral("node"), m_place(log->unit).value_or(QString())}},
             nullptr});
        forget(log);
    }
}

/// Not at once: this may run inside a signal of the stream.
void JournalMethods::forget(Log *log)
{
    QMetaObject::invokeMethod(
        this,
        [this, log] { std::erase_if(m_open, [log](const auto &one) { return one.get() == log; }); },
        Qt::QueuedConnection);
}

} // namespace qd::control
