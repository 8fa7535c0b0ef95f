// SPDX-License-Identifier: GPL-3.0-or-later
#include "log_window.h"

#include "console/session/cluster_api.h"
#include "shared/codec/codec.h"

#include <QJsonDocument>

namespace qd::models {
namespace {

constexpr int kFrameMs = 16;
/// A journal entry is at most this long on the wire; what is longer is not one.
constexpr qsizetype kLongestLine = 1 << 20;

} // namespace

LogWindow::LogWindow(QObject *parent)
    : QAbstractListModel(parent)
{
    m_frame.setSingleShot(true);
    m_frame.setInterval(kFrameMs);
    connect(&m_frame, &QTimer::timeout, this, &LogWindow::flush);
}

void LogWindow::setClient(session::Client *client)
{
    if (m_client)
        m_client->disconnect(this);
    m_stream.reset();
    m_client = client;
    if (!client) {
        setUnit({});
        return;
    }
    connect(client, &session::Client::stateChanged, this, [this](session::Client::State state) {
        // A stream does not live through a lost connection; the log begins anew.
        if (state == session::Client::State::Connected && !m_unit.isEmpty() && !m_stream)
            openStream();
    });
}

void LogWindow::setUnit(const QString &unit)
{
    if (m_unit == unit)
        return;
    m_unit = unit;
    clear();
    m_stream.reset();
    openStream();
    Q_EMIT unitChanged();
}

void LogWindow::reopen()
{
    if (m_unit.isEmpty())
        return;
    m_stream.reset();
    openStream();
}

void LogWindow::openStream()
{
    clear();
    m_errorText.clear();
    if (m_client && !m_unit.isEmpty()) {
        m_stream = session::ClusterApi(*m_client).journal(m_unit, kBacklog, true);
        connect(m_stream.get(), &session::ByteStream::received, this, &LogWindow::take);
        connect(m_stream.get(), &session::ByteStream::ended, this, [this](const Error &error) {
            m_stream.release()->deleteLater(); // it is the sender
            m_errorText = error.code.isEmpty() ? QString() : error.text();
            Q_EMIT stateChanged();
        });
    }
    Q_EMIT stateChanged();
}

void LogWindow::take(const QByteArray &bytes)
{
    m_rest += bytes;
    QList<JournalLine> lines;
    qsizetype from = 0;
    for (qsizetype end = m_rest.indexOf('\n'); end >= 0; end = m_rest.indexOf('\n', from)) {
        const QJsonDocument json = QJsonDocument::fromJson(m_rest.mid(from, end - from));
        if (const auto line = codec::fromJson<JournalLine>(json.object()); line && json.isObject())
            lines.append(*line);
        from = end + 1;
    }
    m_rest.remove(0, from);
    if (m_rest.size() > kLongestLine)
        m_rest.clear();
    append(lines);
}

void LogWindow::append(const QList<JournalLine> &lines)
{
    m_pending += lines;
    if (!m_pending.isEmpty() && !m_frame.isActive())
        m_frame.start();
}

void LogWindow::clear()
{
    beginResetModel();
    m_frame.stop();
    m_pending.clear();
    m_rest.clear();
    m_lines.clear();
    m_shown.clear();
    m_firstSequence = 0;
    m_dropped = 0;
    endResetModel();
    Q_EMIT countChanged();
}

void LogWindow::flush()
{
    m_frame.stop();
    if (m_pending.isEmpty())
        return;
    if (m_pending.size() > kCapacity) {
        m_dropped += m_pending.size() - kCapacity;
        m_pending.remove(0, m_pending.size() - kCapacity);
    }
    const size_t after = m_lines.size() + size_t(m_pending.size());
    if (after > size_t(kCapacity))
        dropOldest(after - size_t(kCapacity));
    qint64 sequence = m_firstSequence + qint64(m_lines.size());
    std::vector<qint64> fresh;
    for (JournalLine &line : m_pending) {
        if (accepts(line))
            fresh.push_back(sequence);
        m_lines.push_back(std::move(line));
        ++sequence;
    }
    m_pending.clear();
    if (!fresh.empty()) {
        const int first = count();
        beginInsertRows({}, first, first + int(fresh.size()) - 1);
        m_shown.insert(m_shown.end(), fresh.begin(), fresh.end());
        endInsertRows();
    }
    Q_EMIT countChanged();
}

void LogWindow::dropOldest(size_t count)
{
    const qint64 firstKept = m_firstSequence + qint64(count);
    const auto end = std::lower_bound(m_shown.begin(), m_shown.end(), firstKept);
    if (end != m_shown.begin()) {
        beginRemoveRows({}, 0, int(end - m_shown.begin()) - 1);
        m_shown.erase(m_shown.begin(), end);
        endRemoveRows();
    }
    m_lines.erase(m_lines.begin(), m_lines.begin() + qint64(count));
    m_firstSequence = firstKept;
    m_dropped += qint64(count);
}

bool LogWindow::accepts(const JournalLine &line) const
{
    return m_filter.isEmpty() || line.message.contains(m_filter, Qt::CaseInsensitive) ||
           line.identifier.contains(m_filter, Qt::CaseInsensitive) ||
           line.nodeName.contains(m_filter, Qt::CaseInsensitive);
}

void LogWindow::setFilter(const QString &filter)
{
    if (m_filter == filter)
        return;
    flush();
    beginResetModel();
    m_filter = filter;
    m_shown.clear();
    for (size_t row = 0; row < m_lines.size(); ++row) {
        if (accepts(m_lines[row]))
            m_shown.push_back(m_firstSequence + qint64(row));
    }
    endResetModel();
    Q_EMIT filterChanged();
    Q_EMIT countChanged();
}

const JournalLine &LogWindow::lineAt(int row) const
{
    return m_lines[size_t(m_shown[size_t(row)] - m_firstSequence)];
}

QString LogWindow::textOf(int row) const
{
    return row >= 0 && row < count() ? lineAt(row).message : QString();
}

int LogWindow::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : count();
}

QVariant LogWindow::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= count())
        return {};
    const JournalLine &line = lineAt(index.row());
    switch (role) {
    case TimeRole:
        return line.time.toLocalTime().toString(QStringLiteral("HH:mm:ss.zzz"));
    case MessageRole:
    case Qt::DisplayRole:
        return line.message;
    case PriorityRole:
        return line.priority;
    case SourceRole:
        return line.pid > 0 ? QStringLiteral("%1[%2]").arg(line.identifier).arg(line.pid)
                            : line.identifier;
    default:
        return {};
    }
}

QHash<int, QByteArray> LogWindow::roleNames() const
{
    return {
        {TimeRole, "time"},
        {MessageRole, "message"},
        {PriorityRole, "priority"},
        {SourceRole, "source"}};
}

} // namespace qd::models
