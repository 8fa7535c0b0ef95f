// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "live_table.h"
#include "search_texts.h"
#include "shared/base/log.h"
#include "shared/codec/codec.h"

#include <array>

namespace qd::models {

/// A column of a table of G: its text, and how two rows compare by it (null = by the text).
template <class G>
struct Column {
    QString (*text)(const G &);
    int (*compare)(const G &, const G &) = nullptr;
    bool searched = true; ///< the filter looks at it
};

/// Rows as plain structs, found by key. `key` is the gadget's key field and its name on the wire.
template <class G>
class LiveTableModel : public LiveTable {
public:
    LiveTableModel(
        QString G::*key, QLatin1String keyName, std::vector<Column<G>> columns, QObject *parent)
        : LiveTable(parent)
        , m_key(key)
        , m_keyName(keyName)
        , m_columns(std::move(columns))
    {
    }

    QVariantMap current() const override
    {
        const G *noun = find(currentKey());
        return noun ? codec::toJson(*noun).toVariantMap() : QVariantMap();
    }
    const G *find(const QString &key) const
    {
        const Slot slot = slotOf(key);
        return slot < 0 ? nullptr : &m_rows[size_t(slot)];
    }
    template <class Visit>
    void forEach(Visit visit) const
    {
        for (size_t slot = 0; slot < m_rows.size(); ++slot) {
            if (m_tones[slot] != kDead)
                visit(m_rows[slot]);
        }
    }

protected:
    virtual Tone::Value toneOfRow(const G &row) const = 0;
    /// How many rows have this tone; kept up to date, costs nothing to ask.
    int countOf(Tone::Value tone) const { return m_counts[size_t(tone)]; }

    void clearSlots() override
    {
        m_rows.clear();
        m_tones.clear();
        m_counts = {};
        m_texts.clear();
        m_slots.clear();
        m_free.clear();
    }
    void reserveSlots(qsizetype count) override
    {
        m_rows.reserve(size_t(count));
        m_tones.reserve(size_t(count));
        m_texts.reserve(size_t(count));
        m_slots.reserve(count);
    }
    Put put(const QCborMap &map, int sortColumn) override
    {
        auto row = codec::fromCbor<G>(map);
        if (!row) {
            qCWarning(lcSession).noquote() << "A row is left out:" << row.error().text();
            return {};
        }
        Put done{slotOf(*row.*m_key), false, false, true};
        if (done.slot < 0) {
            done.added = true;
            done.slot = takeSlot();
            m_slots.insert(*row.*m_key, done.slot);
        } else {
            done.sortFieldChanged = compare(m_rows[size_t(done.slot)], *row, sortColumn) != 0;
        }
        m_texts.set(size_t(done.slot), searchText(*row));
        m_rows[size_t(done.slot)] = std::move(*row);
        setTone(done.slot, toneOfRow(m_rows[size_t(done.slot)]));
        return done;
    }
    void drop(Slot slot) override
    {
        m_slots.remove(m_rows[size_t(slot)].*m_key);
        m_rows[size_t(slot)] = G();
        m_texts.set(size_t(slot), {});
        setTone(slot, kDead);
        m_free.push_back(slot);
    }
    Slot slotCount() const override { return Slot(m_rows.size()); }
    bool isAlive(Slot slot) const override { return m_tones[size_t(slot)] != kDead; }
    Slot slotOf(const QString &key) const override { return m_slots.value(key, -1); }
    QString keyOf(Slot slot) const override { return m_rows[size_t(slot)].*m_key; }
    QString pendingKey(const QCborMap &row) const override
    {
        return row.value(m_keyName).toString();
    }
    QStringList cells(Slot slot) const override
    {
        QStringList out;
        out.reserve(qsizetype(m_columns.size()));
        for (const Column<G> &column : m_columns)
            out.append(column.text(m_rows[size_t(slot)]));
        return out;
    }
    Tone::Value tone(Slot slot) const override { return Tone::Value(m_tones[size_t(slot)]); }
    QByteArrayView haystack(Slot slot) const override { return m_texts.at(size_t(slot)); }

    void sortSlots(Order &order, int column, bool descending) const override
    {
        std::sort(order.begin(), order.end(), [this, column, descending](Slot a, Slot b) {
            return before(a, b, column, descending);
        });
    }
    void mergeSlots(Order &order, size_t middle, int column, bool descending) const override
    {
        std::inplace_merge(
            order.begin(), order.begin() + qsizetype(middle), order.end(),
            [this, column, descending](Slot a, Slot b) {
                return before(a, b, column, descending);
            });
    }
    Order::const_iterator
    placeOf(const Order &order, Slot slot, int column, bool descending) const override
    {
        return std::lower_bound(
            order.cbegin(), order.cend(), slot, [this, column, descending](Slot a, Slot b) {
                return before(a, b, column, descending);
            });
    }

private:
    static constexpr qint8 kDead = -1;

    Slot takeSlot()
    {
        if (!m_free.empty()) {
            const Slot slot = m_free.back();
            m_free.pop_back();
            return slot;
        }
        m_rows.emplace_back();
        m_tones.push_back(kDead);
        return Slot(m_rows.size() - 1);
    }
    void setTone(Slot slot, int tone)
    {
        qint8 &held = m_tones[size_t(slot)];
        if (held != kDead)
            --m_counts[quint8(held)];
        held = qint8(tone);
        if (held != kDead)
            ++m_counts[quint8(held)];
    }
    QByteArray searchText(const G &row) const
    {
        QString text;
        for (const Column<G> &column : m_columns) {
            if (column.searched)
                text += column.text(row) + QLatin1Char('\n');
        }
        return text.toCaseFolded().toUtf8();
    }
    int compare(const G &a, const G &b, int column) const
    {
        if (column < 0 || size_t(column) >= m_columns.size())
            return 0;
        const Column<G> &by = m_columns[size_t(column)];
        return by.compare ? by.compare(a, b) : by.text(a).compare(by.text(b), Qt::CaseInsensitive);
    }
    /// Equal rows stand by key, so that the order is the same every time.
    bool before(Slot a, Slot b, int column, bool descending) const
    {
        const G &left = m_rows[size_t(a)];
        const G &right = m_rows[size_t(b)];
        const int order = compare(left, right, column);
        if (order != 0)
            return descending ? order > 0 : order < 0;
        return left.*m_key < right.*m_key;
    }

    QString G::*m_key;
    QLatin1String m_keyName;
    std::vector<Column<G>> m_columns;
    std::vector<G> m_rows;
    std::vector<qint8> m_tones; ///< kDead = the slot is free
    std::array<int, Tone::Bad + 1> m_counts{};
    SearchTexts m_texts;
    QHash<QString, Slot> m_slots;
    std::vector<Slot> m_free;
};

} // namespace qd::models
