// SPDX-License-Identifier: GPL-3.0-or-later
#include "live_table.h"

#include <cstring>

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
    int added = 0;
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
    m_sorted.clear();
    m_displaced.clear();
    m_isDisplaced.clear();
    m_alive = 0;
    for (const QCborMap &row : rows) {
        const Put done = put(row, m_sortColumn);
        m_alive += done.added ? 1 : 0;
        if (done.added)
            displace(done.slot);
    }
    settle();
    take(picked(m_sorted));
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
        displace(slot);
        if (m_rowOfSlot[size_t(slot)] >= 0)
            batch.hidden.push_back(m_rowOfSlot[size_t(slot)]);
        batch.currentTouched = batch.currentTouched || key == m_currentKey;
    }
    for (const QString &key : std::as_const(m_pendingOrder)) {
        // Taken, because a key that went and came again stands in the order twice.
        const auto row = m_pendingRows.find(key);
        if (row == m_pendingRows.end())
            continue;
        const Put done = put(*row, m_sortColumn);
        m_pendingRows.erase(row);
        if (!done.ok)
            continue;
        batch.added += done.added ? 1 : 0;
        m_rowOfSlot.resize(size_t(slotCount()), -1);
        if (done.added || done.sortFieldChanged)
            displace(done.slot);
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
        settle();
        retell(picked(m_sorted));
    }
    m_alive += batch.added - int(batch.removed.size());
    if (structural || batch.added > 0 || !batch.removed.empty())
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
        out.append(word.toUtf8());
    return out;
}

bool LiveTable::accepts(Slot slot, const Words &words) const
{
    const QByteArrayView text = haystack(slot);
    return std::all_of(words.begin(), words.end(), [text](const QByteArray &word) {
        // Ten times quicker than Qt's matchers on texts of a hundred bytes.
        return memmem(text.data(), size_t(text.size()), word.data(), size_t(word.size()));
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

void LiveTable::displace(Slot slot)
{
    m_isDisplaced.resize(size_t(slotCount()), false);
    if (m_isDisplaced[size_t(slot)])
        return;
    m_isDisplaced[size_t(slot)] = true;
    m_displaced.push_back(slot);
}

void LiveTable::settle()
{
    if (m_displaced.empty())
        return;
    m_isDisplaced.resize(size_t(slotCount()), false);
    std::erase_if(m_sorted, [this](Slot slot) { return m_isDisplaced[size_t(slot)]; });
    std::erase_if(m_displaced, [this](Slot slot) {
        m_isDisplaced[size_t(slot)] = false;
        return !isAlive(slot);
    });
    sortSlots(m_displaced, m_sortColumn, m_sortDescending);
    const size_t middle = m_sorted.size();
    m_sorted.insert(m_sorted.end(), m_displaced.begin(), m_displaced.end());
    mergeSlots(m_sorted, middle, m_sortColumn, m_sortDescending);
    m_displaced.clear();
}

LiveTable::Order LiveTable::picked(const Order &candidates) const
{
    Order out;
    out.reserve(m_words.isEmpty() ? candidates.size() : 0);
    std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(out), [this](Slot slot) {
        return accepts(slot, m_words);
    });
    return out;
}

void LiveTable::take(Order order)
{
    m_order = std::move(order);
    m_rowOfSlot.assign(size_t(slotCount()), -1);
    for (size_t row = 0; row < m_order.size(); ++row)
        m_rowOfSlot[size_t(m_order[row])] = int(row);
}

/// Another choice or order of the rows, told as "the last rows come or go, and every row is
/// another": a view then keeps the items that it has made, where a reset makes it throw them all
/// away.
void LiveTable::retell(Order order)
{
    const int before = count();
    const int after = int(order.size());
    if (after < before)
        beginRemoveRows({}, after, before - 1);
    else if (after > before)
        beginInsertRows({}, before, after - 1);
    take(std::move(order));
    if (after < before)
        endRemoveRows();
    else if (after > before)
        endInsertRows();
    if (const int same = qMin(before, after); same > 0)
        Q_EMIT dataChanged(index(0), index(same - 1));
    Q_EMIT rebuilt();
}

void LiveTable::setFilter(const QString &filter)
{
    if (m_filter == filter)
        return;
    flush();
    // Another letter of the last word only takes from what is shown.
    const bool narrower = !m_filter.isEmpty() && filter.startsWith(m_filter);
    m_filter = filter;
    m_words = wordsOf(filter);
    settle();
    retell(picked(narrower ? m_order : m_sorted));
    Q_EMIT filterChanged();
    Q_EMIT countChanged();
    Q_EMIT currentChanged();
}

void LiveTable::sortBy(int column, bool descending)
{
    if (m_sortColumn == column && m_sortDescending == descending)
        return;
    flush();
    settle();
    m_sortColumn = column;
    m_sortDescending = descending;
    sortSlots(m_sorted, column, descending);
    retell(picked(m_sorted));
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
