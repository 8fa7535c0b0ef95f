// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/session/cluster_api.h"
#include "shared/base/clock.h"

#include <QAbstractListModel>
#include <QPointer>
#include <QTimer>
#include <memory>
#include <qqmlregistration.h>
#include <vector>

namespace qd::models {

/// The replicated store as a tree that loads a directory, page by page, when it is opened, and
/// follows the store's own event stream from then on. Shown as a flat list of rows with a depth.
class StoreTree : public QAbstractListModel {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the session")
    Q_PROPERTY(int count READ count NOTIFY countChanged)
    Q_PROPERTY(int known READ known NOTIFY countChanged)
    Q_PROPERTY(Phase phase READ phase NOTIFY phaseChanged)
    Q_PROPERTY(bool following READ isFollowing NOTIFY phaseChanged)
    Q_PROPERTY(QString errorText READ errorText NOTIFY phaseChanged)
    Q_PROPERTY(QString filter READ filter WRITE setFilter NOTIFY filterChanged)
    Q_PROPERTY(QString currentKey READ currentKey WRITE setCurrentKey NOTIFY currentChanged)
    Q_PROPERTY(int currentRow READ currentRow NOTIFY currentChanged)
    Q_PROPERTY(QVariantMap current READ current NOTIFY currentChanged)
    Q_PROPERTY(double secondsLeft READ secondsLeft NOTIFY ticked)
public:
    enum Phase { Idle, Loading, Ready, Failed };
    Q_ENUM(Phase)
    enum Role {
        KeyRole = Qt::UserRole,
        NameRole,
        DepthRole,
        DirRole,
        ExpandedRole,
        BusyRole,
        PreviewRole,
        TtlRole
    };

    explicit StoreTree(QObject *parent = nullptr);
    ~StoreTree() override;

    void setClient(session::Client *client);
    /// What lives on is counted down by it.
    void setClock(const Clock &clock) { m_clock = &clock; }
    int count() const { return int(m_rows.size()); }
    /// Keys and directories that have been loaded, shown or not.
    int known() const { return m_known; }
    Phase phase() const { return m_phase; }
    /// The store's events come in; false: what is shown is as it was at the last reload.
    bool isFollowing() const { return bool(m_watch); }
    /// Why the root could not be loaded, or why the events ended.
    QString errorText() const { return m_errorText; }
    /// Words, all of which a key must contain. Looks at what has been loaded, opened or not.
    QString filter() const { return m_filter; }
    void setFilter(const QString &filter);
    QString currentKey() const { return m_currentKey; }
    void setCurrentKey(const QString &key);
    int currentRow() const;
    /// key, name, dir, text (empty for bytes that are none), json (indented; empty when it is
    /// none), hex, size, cut (only the first 64 KiB are here), createdIndex, modifiedIndex, ttl,
    /// expires (ms since 1970; 0 = never), children (of a directory; -1 = not loaded), error (why
    /// it could not be loaded).
    QVariantMap current() const;

    /// Of the current key's time to live; -1 = it has none. Counted from when it was read.
    qint64 secondsLeft() const;
    /// A second has passed.
    void tick();
    /// A key goes only as it is shown; a folder with all that is in it.
    Q_INVOKABLE void remove(const QString &key);
    Q_INVOKABLE void reload();
    Q_INVOKABLE void setExpanded(int row, bool expanded);
    Q_INVOKABLE int parentRow(int row) const;
    /// Opens the directories down to a key and makes it current; also finds hidden keys.
    Q_INVOKABLE void goTo(const QString &key);
    Q_INVOKABLE QString keyAt(int row) const;
    Q_INVOKABLE bool isDirAt(int row) const;
    Q_INVOKABLE bool isExpandedAt(int row) const;

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;

Q_SIGNALS:
    void countChanged();
    void phaseChanged();
    void filterChanged();
    void currentChanged();
    /// Rows were replaced as a whole: a view keeps its place by itself.
    void rebuilt();
    /// goTo found no such key.
    void missing(const QString &key);
    void ticked();
    void done(const QString &what);
    void failed(const QString &what, const QString &why);

private:
    struct Entry;
    using Rows = std::vector<Entry *>;
    void setPhase(Phase phase, const QString &errorText = {});
    void forgetAll();
    void load(Entry &entry);
    void loadNextStale();
    void loadPage(const Entry &entry, const QString &after);
    void takePage(const QString &key, quint64 round, const Result<session::StoreAnswer> &answer);
    void refuse(Entry &entry, const Error &error);
    void merge(Entry &entry, const QList<StoreEntry> &page);
    void showFresh(Entry &entry);
    void dropUnseen(Entry &entry);
    void follow();
    void takeEvents(const QByteArray &bytes);
    void apply(const QString &action, const StoreEntry &entry);
    Entry *find(const QString &key) const;
    Entry *put(Entry &parent, const StoreEntry &entry);
    void removeEntry(const QString &key);
    void dropRows(int first, int last);
    int rowOf(const Entry *entry) const;
    int endOf(int row) const;
    bool isShown(const Entry &entry) const;
    void expand(Entry &entry);
    void collapse(Entry &entry);
    bool matches(const Entry &entry) const;
    bool collect(const Entry &of, Rows &rows) const;
    void rebuildRows();
    void touched(const Entry *entry);
    void continueGoing();
    qint64 leftOf(const Entry &entry) const;
    void take(Entry &entry, const StoreEntry &data);
    void readLease(const QString &key);

    const Clock *m_clock;
    QTimer m_second;
    bool m_leases = false;  ///< something that was read has a time to live
    QString m_readingLease; ///< its time is over, and it is asked for
    QPointer<session::Client> m_client;
    std::unique_ptr<session::ByteStream> m_watch;
    QByteArray m_rest;
    std::unique_ptr<Entry> m_root;
    Rows m_rows;
    QTimer m_frame; ///< while a filter is set, changes of the tree show once a frame
    QString m_filter;
    QStringList m_words;
    QStringList m_stale; ///< directories to load anew after a reconnect
    QString m_currentKey;
    QString m_goal; ///< where goTo is on its way to
    Phase m_phase = Idle;
    QString m_errorText;
    int m_known = 0;
    quint64 m_round = 0; ///< of loading; an answer of an older round does not count
};

} // namespace qd::models
