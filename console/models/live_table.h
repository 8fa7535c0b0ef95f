// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/session/client.h"
#include "words.h"

#include <QAbstractListModel>
#include <QTimer>
#include <memory>
#include <qqmlregistration.h>
#include <vector>

namespace qd::models {

/// A live collection as rows of a table: filtered and sorted by an index vector of its own, changes
/// batched to one round a frame (anchors-console.md 4.2). LiveTableModel<Gadget> holds the rows.
///
/// Storage rows ("slots") never move; m_order lists the slots that are shown, in order. A filter
/// only picks from m_sorted, so that a key costs no sorting.
class LiveTable : public QAbstractListModel {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the session")
    Q_PROPERTY(int count READ count NOTIFY countChanged)
    Q_PROPERTY(int total READ total NOTIFY countChanged)
    Q_PROPERTY(QString filter READ filter WRITE setFilter NOTIFY filterChanged)
    Q_PROPERTY(int sortColumn READ sortColumn NOTIFY sortChanged)
    Q_PROPERTY(bool sortDescending READ sortDescending NOTIFY sortChanged)
    Q_PROPERTY(Phase phase READ phase NOTIFY phaseChanged)
    Q_PROPERTY(QString errorText READ errorText NOTIFY phaseChanged)
    Q_PROPERTY(QString currentKey READ currentKey WRITE setCurrentKey NOTIFY currentChanged)
    Q_PROPERTY(int currentRow READ currentRow NOTIFY currentChanged)
    Q_PROPERTY(QVariantMap current READ current NOTIFY currentChanged)
    Q_PROPERTY(QStringList currentCells READ currentCells NOTIFY currentChanged)
    Q_PROPERTY(int currentTone READ currentTone NOTIFY currentChanged)

public:
    enum Phase { Idle, Loading, Ready, Failed };
    Q_ENUM(Phase)
    enum Role { KeyRole = Qt::UserRole, CellsRole, ToneRole };

    explicit LiveTable(QObject *parent = nullptr);
    ~LiveTable() override;

    int count() const { return int(m_order.size()); }
    int total() const { return m_alive; }
    /// Words, all of which a row must contain; case does not matter.
    QString filter() const { return m_filter; }
    void setFilter(const QString &filter);
    int sortColumn() const { return m_sortColumn; }
    bool sortDescending() const { return m_sortDescending; }
    Phase phase() const { return m_phase; }
    QString errorText() const { return m_errorText; }

    /// The row that a detail pane shows. It stays current by key when rows come, go and move, also
    /// while the filter hides it (then currentRow is -1).
    QString currentKey() const { return m_currentKey; }
    void setCurrentKey(const QString &key);
    int currentRow() const;
    /// The current noun as plain values: enums by name, dates in ms. Empty when there is none.
    virtual QVariantMap current() const = 0;
    QStringList currentCells() const;
    int currentTone() const;

    Q_INVOKABLE void sortBy(int column, bool descending);
    Q_INVOKABLE QString keyAt(int row) const;
    Q_INVOKABLE int rowOf(const QString &key) const;
    Q_INVOKABLE QString cellAt(int row, int column) const;
    /// Keys of at most `limit` rows that contain all the words, shown or not, in no given order.
    Q_INVOKABLE QStringList matching(const QString &words, int limit) const;

    /// Shows this collection from now on; null forgets everything.
    void attach(std::unique_ptr<session::Subscription> source);
    /// Takes what has been collected for this frame at once; for tests and the frame timer.
    void flush();

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;

Q_SIGNALS:
    void countChanged();
    void filterChanged();
    void sortChanged();
    void phaseChanged();
    void currentChanged();
    /// Which rows are shown, or their order, is another.
    void rebuilt();
    /// New content has been applied (once a batch).
    void applied();

protected:
    using Slot = qint32;
    using Order = std::vector<Slot>;
    struct Put {
        Slot slot = -1;
        bool added = false;
        bool sortFieldChanged = false;
        bool ok = false;
    };

    virtual void clearSlots() = 0;
    virtual void reserveSlots(qsizetype count) = 0;
    virtual Put put(const QCborMap &row, int sortColumn) = 0;
    virtual void drop(Slot slot) = 0;
    virtual Slot slotCount() const = 0;
    virtual bool isAlive(Slot slot) const = 0;
    virtual Slot slotOf(const QString &key) const = 0;
    virtual QString keyOf(Slot slot) const = 0;
    /// The key of a row that has not been decoded yet.
    virtual QString pendingKey(const QCborMap &row) const = 0;
    virtual QStringList cells(Slot slot) const = 0;
    virtual Tone::Value tone(Slot slot) const = 0;
    virtual QByteArrayView haystack(Slot slot) const = 0;
    virtual void sortSlots(Order &order, int column, bool descending) const = 0;
    /// Brings [0, middle) and [middle, end), ordered each, into one order.
    virtual void mergeSlots(Order &order, size_t middle, int column, bool descending) const = 0;
    /// Where a slot belongs in an ordered list.
    virtual Order::const_iterator
    placeOf(const Order &order, Slot slot, int column, bool descending) const = 0;

private:
    struct Batch;
    void takeReset(const QList<QCborMap> &rows);
    void queue(const QList<QCborMap> &rows, const QStringList &removedKeys);
    void setPhase(Phase phase, const QString &errorText = {});
    using Words = QByteArrayList;
    static Words wordsOf(const QString &text);
    bool accepts(Slot slot, const Words &words) const;
    void displace(Slot slot);
    void settle();
    Order picked(const Order &candidates) const;
    void take(Order order);
    void retell(Order order);
    void removeShown(std::vector<int> rows);
    void insertShown(const std::vector<Slot> &slots_);
    void emitChanged(std::vector<int> rows);
    void applyFew(Batch &batch);
    Batch takePending();

    std::unique_ptr<session::Subscription> m_source;
    QTimer m_frame;
    QHash<QString, QCborMap> m_pendingRows;
    QStringList m_pendingOrder;
    QSet<QString> m_pendingRemoved;

    Order m_sorted;    ///< every slot in order, but for those that are displaced
    Order m_displaced; ///< slots whose place in m_sorted is no longer right
    std::vector<bool> m_isDisplaced;
    Order m_order;                ///< of m_sorted, those that the filter lets through
    std::vector<int> m_rowOfSlot; ///< -1 = hidden
    Words m_words;                ///< folded, as the rows' search texts are
    QString m_filter;
    int m_alive = 0;
    int m_sortColumn = 0;
    bool m_sortDescending = false;
    Phase m_phase = Idle;
    QString m_errorText;
    QString m_currentKey;
};

} // namespace qd::models
