// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/codec/codec.h"

#include <QByteArray>
#include <QMap>
#include <QObject>
#include <QSet>
#include <QStringList>
#include <QTimer>
#include <deque>
#include <optional>

namespace qd::rpc {

/// A live collection on the server's side: rows by key, a revision, a bounded log of what changed.
/// Rows are kept as CBOR, made once for all that watch. Changes within 50 ms make one revision.
class LiveCollection : public QObject {
    Q_OBJECT
public:
    explicit LiveCollection(QObject *parent = nullptr);

    /// A row that is as it was makes no change.
    void setRow(const QString &key, const QByteArray &row);
    void removeRow(const QString &key);
    void clear();
    qsizetype size() const { return m_rows.size(); }
    bool contains(const QString &key) const { return m_rows.contains(key); }
    QStringList keys() const { return m_rows.keys(); }

    /// Of this run of this collection: a revision of another epoch says nothing.
    const QString &epoch() const { return m_epoch; }
    qint64 revision() const { return m_revision; }
    /// The rows by key; cheap to copy.
    const QMap<QString, QByteArray> &rows() const { return m_rows; }
    /// The keys that changed after `revision`; nothing when the log does not reach back so far.
    std::optional<QSet<QString>> changedSince(qint64 revision) const;
    /// Makes the pending changes a revision now.
    void flush();
    void setCoalescing(int ms) { m_timer.setInterval(ms); }

Q_SIGNALS:
    void advanced(qint64 revision);

private:
    void touch(const QString &key);

    struct Change {
        qint64 revision;
        QSet<QString> keys;
    };
    QMap<QString, QByteArray> m_rows;
    QSet<QString> m_pending;
    std::deque<Change> m_log;
    qsizetype m_logKeys = 0;
    qint64 m_logStart = 0; ///< changes after this revision are in the log
    qint64 m_revision = 0;
    QString m_epoch;
    QTimer m_timer;
};

/// A live collection of one noun. `key` of shared/model's comment: Node id, Unit name ...
template <class T>
class Collection : public LiveCollection {
public:
    explicit Collection(QString T::*key, QObject *parent = nullptr)
        : LiveCollection(parent)
        , m_key(key)
    {
    }
    void set(const T &noun) { setRow(noun.*m_key, codec::toCbor(noun).toCborValue().toCbor()); }
    void remove(const QString &key) { removeRow(key); }
    /// Makes the content exactly these rows.
    void assign(const QList<T> &nouns)
    {
        QSet<QString> kept;
        for (const T &noun : nouns) {
            kept.insert(noun.*m_key);
            set(noun);
        }
        const QStringList all = keys();
        for (const QString &key : all) {
            if (!kept.contains(key))
                removeRow(key);
        }
    }
    std::optional<T> value(const QString &key) const
    {
        const auto it = rows().constFind(key);
        if (it == rows().constEnd())
            return std::nullopt;
        const auto noun = codec::fromCbor<T>(QCborValue::fromCbor(*it).toMap());
        return noun ? std::optional<T>(*noun) : std::nullopt;
    }

private:
    QString T::*m_key;
};

} // namespace qd::rpc
