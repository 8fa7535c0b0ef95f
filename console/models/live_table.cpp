// SPDX-License-Identifier: GPL-3.0-or-later
#include "live_table.h"

#include "shared/base/log.h"

namespace qd::models {
namespace {

constexpr int kFrameMs = 16;
/// Beyond this many rows that come, go or move in one frame, a view is told "all anew".
constexpr size_t kFewMoves = 64;

} // namespace

/// What one frame's changes come to.
struct LiveTable::Batch {
    std::vector<int> hidden;   ///< shown rows that go
    std::vector<Slot> shown;   ///< slots that come
    std::vector<int> changed;  ///< shown rows whose content changed in place
    std::vector<Slot> removed; ///< slots to free when the view has let go of them
    bool currentTouched = false;
};

LiveTable::LiveTable(QObject *parent)
    : QAbstractListModel(parent)
{
    m_frame.setSingleShot(true);
    m_frame.setInterval(kFrameMs);
    connect(&m_frame, &QTimer::timeout, this, &LiveTable::flush);
}

LiveTable::~LiveTable() = default;

void LiveTable::attach(std::unique_ptr<session::Subscription> source)
{
    m_source = std::move(source);
    if (!m_source) {
        takeReset({});
        setPhase(Idle);
        setCurrentKey({});
        return;
    }
    setPhase(Loading);
    connect(m_source.get(), &session::Subscription::reset, this, &LiveTable::takeReset);
    connect(m_source.get(), &session::Subscription::changed, this, &LiveTable::queue);
    connect(m_source.get(), &session::Subscription::failed, this, [this](const Error &error) {
        setPhase(Failed, error.text());
    });
}

void LiveTable::setPhase(Phase phase, const QString &errorText)
{
    if (m_phase == phase && m_errorText == errorText)
        return;
    m_phase = phase;
    m_errorText = errorText;
    Q_EMIT phaseChanged();
}

void LiveTable::takeReset(const QList<QCborMap> &rows)
{
    m_frame.stop();
    m_pendingRows.clear();
    m_pendingOrder.clear();
    m_pendingRemoved.clear();
    beginResetModel();
    clearSlots();
    reserveSlots(rows.size());
    m_alive = 0;
    for (const QCborMap &row : rows)
        m_alive += put(row, m_sortColumn).added ? 1 : 0;
    rebuildOrder();
    endResetModel();
    setPhase(Ready);
    Q_EMIT countChanged();
    Q_EMIT currentChanged();
    Q_EMIT rebuilt();
    Q_EMIT applied();
}

void LiveTable::queue(const QList<QCborMap> &rows, const QStringList &removedKeys)
{
    // A row's newest state counts; a key that went and came again in one frame is a change.
    for (const QString &key : removedKeys) {
        m_pendingRemoved.insert(key);
        m_pendingRows.remove(key);
    }
    for (const QCborMap &row : rows) {
        const QString key = pendingKey(row);
        m_pendingRemoved.remove(key);
        if (!m_pendingRows.contains(key))
            m_pendingOrder.append(key);
        m_pendingRows.insert(key, row);
    }
    if (!m_frame.isActive())
        m_frame.start();
}

LiveTable::Batch LiveTable::takePending()
{
    Batch batch;
    for (const QString &key : std::as_const(m_pendingRemoved)) {
        const Slot slot = slotOf(key);
        if (slot < 0)
            continue;
        batch.removed.push_back(slot);
        if (m_rowOfSlot[size_t(slot)] >= 0)
            batch.hidden.push_back(m_rowOfSlot[size_t(slot)]);
        batch.currentTouched = batch.currentTouched || key == m_currentKey;
    }
    for (const QString &key : std::as_const(m_pendingOrder)) {
        const auto row = m_pendingRows.constFind(key);
        if (row == m_pendingRows.constEnd())
            continue;
        const Put done = put(*row, m_sortColumn);
        if (!done.ok)
            continue;
        m_alive += done.added ? 1 : 0;
        m_rowOfSlot.resize(size_t(slotCount()), -1);
        const int before = m_rowOfSlot[size_t(done.slot)];
        const bool accepted = accepts(done.slot, m_words);
        const bool moves = before >= 0 && accepted && done.sortFieldChanged;
        if (before >= 0 && (!accepted || moves))
            batch.hidden.push_back(before);
        if (accepted && (before < 0 || moves))
            batch.shown.push_back(done.slot);
        if (before >= 0 && accepted && !moves)
            batch.changed.push_back(before);
        batch.currentTouched = batch.currentTouched || key == m_currentKey;
    }
    m_pendingRows.clear();
    m_pendingOrder.clear();
    m_pendingRemoved.clear();
    return batch;
}

void LiveTable::flush()
{
    m_frame.stop();
    if (m_pendingRows.isEmpty() && m_pendingRemoved.isEmpty())
        return;
    const int rowBefore = currentRow();
    Batch batch = takePending();
    const bool structural = !batch.hidden.empty() || !batch.shown.empty();
    if (batch.hidden.size() + batch.shown.size() <= kFewMoves) {
        applyFew(batch);
    } else {
        for (const Slot slot : batch.removed)
            drop(slot);
        rebuildRows();
    }
    m_alive -= int(batch.removed.size());
    if (structural || !batch.removed.empty())
        Q_EMIT countChanged();
    if (batch.currentTouched || currentRow() != rowBefore)
        Q_EMIT currentChanged();
    Q_EMIT applied();
}

void LiveTable::applyFew(Batch &batch)
{
    // Rows that stay are told first: their numbers are those from before.
    emitChanged(std::move(batch.changed));
    removeShown(std::move(batch.hidden));
    for (const Slot slot : batch.removed)
        drop(slot);
    insertShown(batch.shown);
}

void LiveTable::emitChanged(std::vector<int> rows)
{
    std::sort(rows.begin(), rows.end());
    for (size_t from = 0; from < rows.size();) {
        size_t to = from;
        while (to + 1 < rows.size() && rows[to + 1] - rows[to] <= 1)
            ++to;
        Q_EMIT dataChanged(index(rows[from]), index(rows[to]));
        from = to + 1;
    }
}

void LiveTable::removeShown(std::vector<int> rows)
{
    std::sort(rows.begin(), rows.end(), std::greater<>());
    for (const int row : rows) {
        beginRemoveRows({}, row, row);
        m_rowOfSlot[size_t(m_order[size_t(row)])] = -1;
        m_order.erase(m_order.begin() + row);
        endRemoveRows();
    }
    if (rows.empty())
        return;
    for (size_t row = size_t(rows.back()); row < m_order.size(); ++row)
        m_rowOfSlot[size_t(m_order[row])] = int(row);
}

void LiveTable::insertShown(const std::vector<Slot> &slots_)
{
    for (const Slot slot : slots_) {
        const auto place = placeOf(m_order, slot, m_sortColumn, m_sortDescending);
        const int row = int(place - m_order.cbegin());
        beginInsertRows({}, row, row);
        m_order.insert(place, slot);
        endInsertRows();
    }
    if (slots_.empty())
        return;
    for (size_t row = 0; row < m_order.size(); ++row)
        m_rowOfSlot[size_t(m_order[row])] = int(row);
}

LiveTable::Words LiveTable::wordsOf(const QString &text)
{
    Words out;
    for (const QString &word : text.toCaseFolded().split(QLatin1Char(' '), Qt::SkipEmptyParts))
        out.emplace_back(word.toUtf8());
    return out;
}

bool LiveTable::accepts(Slot slot, const Words &words) const
{
    const QByteArray &text = haystack(slot);
    return std::all_of(words.begin(), words.end(), [&text](const QByteArrayMatcher &word) {
        return word.indexIn(text) >= 0;
    });
}

QStringList LiveTable::matching(const QString &words, int limit) const
{
    const Words wanted = wordsOf(words);
    QStringList out;
    for (Slot slot = 0; slot < slotCount() && out.size() < limit; ++slot) {
        if (isAlive(slot) && accepts(slot, wanted))
            out.append(keyOf(slot));
    }
    return out;
}

void LiveTable::rebuildOrder()
{
    m_order.clear();
    const Slot slots_ = slotCount();
    m_order.reserve(size_t(slots_));
    for (Slot slot = 0; slot < slots_; ++slot) {
        if (isAlive(slot) && accepts(slot, m_words))
            m_order.push_back(slot);
    }
    sortSlots(m_order, m_sortColumn, m_sortDescending);
    m_rowOfSlot.assign(size_t(slots_), -1);
    for (size_t row = 0; row < m_order.size(); ++row)
        m_rowOfSlot[size_t(m_order[row])] = int(row);
}

void LiveTable::rebuildRows()
{
    beginResetModel();
    rebuildOrder();
    endResetModel();
    Q_EMIT rebuilt();
}

void LiveTable::setFilter(const QString &filter)
{
    if (m_filter == filter)
        return;
    flush();
    m_filter = filter;
    m_words = wordsOf(filter);
    rebuildRows();
    Q_EMIT filterChanged();
    Q_EMIT countChanged();
    Q_EMIT currentChanged();
}

void LiveTable::sortBy(int column, bool descending)
{
    if (m_sortColumn == column && m_sortDescending == descending)
        return;
    flush();
    m_sortColumn = column;
    m_sortDescending = descending;
    rebuildRows();
    Q_EMIT sortChanged();
    Q_EMIT currentChanged();
}

void LiveTable::setCurrentKey(const QString &key)
{
    if (m_currentKey == key)
        return;
    m_currentKey = key;
    Q_EMIT currentChanged();
}

int LiveTable::currentRow() const
{
    return m_currentKey.isEmpty() ? -1 : rowOf(m_currentKey);
}

QStringList LiveTable::currentCells() const
{
    const Slot slot = slotOf(m_currentKey);
    return slot < 0 ? QStringList() : cells(slot);
}

int LiveTable::currentTone() const
{
    const Slot slot = slotOf(m_currentKey);
    return slot < 0 ? int(Tone::Neutral) : int(tone(slot));
}

QString LiveTable::keyAt(int row) const
{
    return row >= 0 && row < count() ? keyOf(m_order[size_t(row)]) : QString();
}

int LiveTable::rowOf(const QString &key) const
{
    const Slot slot = slotOf(key);
    return slot >= 0 && size_t(slot) < m_rowOfSlot.size() ? m_rowOfSlot[size_t(slot)] : -1;
}

QString LiveTable::cellAt(int row, int column) const
{
    return row >= 0 && row < count() ? cells(m_order[size_t(row)]).value(column) : QString();
}

int LiveTable::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : count();
}

QVariant LiveTable::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= count())
        return {};
    const Slot slot = m_order[size_t(index.row())];
    switch (role) {
    case KeyRole:
    case Qt::DisplayRole:
        return keyOf(slot);
    case CellsRole:
        return cells(slot);
    case ToneRole:
        return int(tone(slot));
    default:
        return {};
    }
}

QHash<int, QByteArray> LiveTable::roleNames() const
{
    return {{KeyRole, "key"}, {CellsRole, "cells"}, {ToneRole, "tone"}};
}

} // namespace qd::models
