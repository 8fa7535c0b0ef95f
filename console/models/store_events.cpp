// SPDX-License-Identifier: GPL-3.0-or-later
#include "store_events.h"

#include "value_text.h"
#include "words.h"

#include <QJsonDocument>
#include <QJsonObject>

namespace qd::models {
namespace {

constexpr int kFrameMs = 16;
/// An event holds a value and the one before it; what is longer is none.
constexpr qsizetype kLongestEvent = 16 << 20;

bool isRemoval(const session::StoreEvent &event)
{
    return event.action == QLatin1String("delete") || event.action == QLatin1String("expire") ||
           event.action == QLatin1String("compareAndDelete");
}

Tone::Value toneOf(const session::StoreEvent &event)
{
    if (isRemoval(event))
        return event.action == QLatin1String("expire") ? Tone::Warn : Tone::Bad;
    return event.previous ? Tone::Busy : Tone::Good;
}

QString briefOf(const StoreEntry &entry)
{
    return entry.dir ? QStringLiteral("folder") : previewOf(entry.value);
}

QString wholeOf(const StoreEntry &entry)
{
    if (entry.dir)
        return QStringLiteral("folder");
    const QByteArray shown = entry.value.left(kShownBytes);
    return isText(entry.value) ? QString::fromUtf8(shown) : hexDump(entry.value);
}

} // namespace

StoreEvents::StoreEvents(QObject *parent)
    : QAbstractListModel(parent)
{
    m_frame.setSingleShot(true);
    m_frame.setInterval(kFrameMs);
    connect(&m_frame, &QTimer::timeout, this, &StoreEvents::showPending);
}

StoreEvents::~StoreEvents() = default;

void StoreEvents::setClient(session::Client *client)
{
    stop();
    m_client = client;
    m_key.clear();
    clear();
    setPhase(Idle);
}

void StoreEvents::setPhase(Phase phase, const QString &errorText)
{
    m_phase = phase;
    m_errorText = errorText;
    Q_EMIT stateChanged();
}

void StoreEvents::begin(const QString &key, bool recursive, Phase phase)
{
    ++m_round;
    m_stream.reset();
    m_rest.clear();
    m_key = key;
    m_recursive = recursive;
    m_paused = false;
    m_from = m_to = 0;
    clear();
    setPhase(phase);
}

void StoreEvents::load(const QString &key, bool recursive)
{
    if (!m_client)
        return;
    begin(key, recursive, Loading);
    session::ClusterApi(*m_client)
        .storeHistory(key, recursive)
        .then(this, [this, round = m_round](const Result<session::StoreHistory> &history) {
            if (round != m_round)
                return;
            if (!history) {
                setPhase(Failed, history.error().text());
                return;
            }
            m_from = history->from;
            m_to = history->to;
            m_pending.assign(history->events.begin(), history->events.end());
            showPending();
            setPhase(Loaded);
        });
}

void StoreEvents::watch(const QString &key, bool recursive)
{
    if (!m_client)
        return;
    begin(key, recursive, Watching);
    m_stream = session::ClusterApi(*m_client).storeWatch(key, recursive);
    connect(m_stream.get(), &session::ByteStream::received, this, &StoreEvents::take);
    connect(m_stream.get(), &session::ByteStream::ended, this, [this](const Error &error) {
        m_stream.release()->deleteLater(); // it is the sender
        setPhase(error.code.isEmpty() ? Ended : Failed, error.text());
    });
}

void StoreEvents::stop()
{
    ++m_round;
    m_stream.reset();
    if (m_phase == Watching)
        setPhase(Ended);
}

void StoreEvents::clear()
{
    m_frame.stop();
    beginResetModel();
    m_events.clear();
    m_pending.clear();
    m_dropped = 0;
    endResetModel();
    Q_EMIT stateChanged();
}

void StoreEvents::setPaused(bool paused)
{
    if (m_paused == paused)
        return;
    m_paused = paused;
    if (!paused)
        showPending();
    Q_EMIT stateChanged();
}

void StoreEvents::take(const QByteArray &bytes)
{
    m_rest += bytes;
    qsizetype from = 0;
    for (qsizetype end = m_rest.indexOf('\n'); end >= 0; end = m_rest.indexOf('\n', from)) {
        const auto json = QJsonDocument::fromJson(m_rest.mid(from, end - from)).object();
        if (const auto event = session::storeEventOf(json))
            m_pending.push_back(*event);
        from = end + 1;
    }
    m_rest.remove(0, from);
    if (m_rest.size() > kLongestEvent)
        m_rest.clear();
    while (m_pending.size() > kMost) {
        m_pending.pop_front();
        ++m_dropped;
    }
    if (m_paused)
        Q_EMIT stateChanged();
    else
        m_frame.start();
}

void StoreEvents::showPending()
{
    m_frame.stop();
    if (m_pending.empty())
        return;
    const int more = int(m_pending.size());
    beginInsertRows({}, 0, more - 1);
    for (session::StoreEvent &event : m_pending)
        m_events.push_front(std::move(event));
    m_pending.clear();
    endInsertRows();
    if (m_events.size() > kMost) {
        beginRemoveRows({}, int(kMost), count() - 1);
        m_dropped += int(m_events.size() - kMost);
        m_events.resize(kMost);
        endRemoveRows();
    }
    Q_EMIT stateChanged();
}

QVariantMap StoreEvents::at(int row) const
{
    if (row < 0 || row >= count())
        return {};
    const session::StoreEvent &event = m_events[size_t(row)];
    return {
        {QStringLiteral("index"), event.index},
        {QStringLiteral("action"), event.action},
        {QStringLiteral("key"), event.entry.key},
        {QStringLiteral("hasBefore"), event.previous.has_value()},
        {QStringLiteral("hasAfter"), !isRemoval(event)},
        {QStringLiteral("before"), event.previous ? wholeOf(*event.previous) : QString()},
        {QStringLiteral("after"), isRemoval(event) ? QString() : wholeOf(event.entry)}};
}

int StoreEvents::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : count();
}

QVariant StoreEvents::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= count())
        return {};
    const session::StoreEvent &event = m_events[size_t(index.row())];
    switch (role) {
    case IndexRole:
        return event.index;
    case ActionRole:
    case Qt::DisplayRole:
        return event.action;
    case KeyRole:
        return event.entry.key;
    case BeforeRole:
        return event.previous ? briefOf(*event.previous) : QString();
    case AfterRole:
        return isRemoval(event) ? QString() : briefOf(event.entry);
    case ToneRole:
        return int(toneOf(event));
    default:
        return {};
    }
}

QHash<int, QByteArray> StoreEvents::roleNames() const
{
    return {{IndexRole, "eventIndex"}, {ActionRole, "action"}, {KeyRole, "key"},
            {BeforeRole, "before"},    {AfterRole, "after"},   {ToneRole, "tone"}};
}

} // namespace qd::models
