// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/session/cluster_api.h"

#include <QAbstractListModel>
#include <QPointer>
#include <memory>
#include <qqmlregistration.h>
#include <vector>

namespace qd::models {

/// The replicated store as a tree that loads a directory when it is opened, and follows the store's
/// own event stream from then on. Shown as a flat list of rows with a depth.
class StoreTree : public QAbstractListModel {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the session")
    Q_PROPERTY(int count READ count NOTIFY countChanged)
    Q_PROPERTY(Phase phase READ phase NOTIFY phaseChanged)
    Q_PROPERTY(QString errorText READ errorText NOTIFY phaseChanged)
    Q_PROPERTY(QString currentKey READ currentKey WRITE setCurrentKey NOTIFY currentChanged)
    Q_PROPERTY(int currentRow READ currentRow NOTIFY currentChanged)
    Q_PROPERTY(QVariantMap current READ current NOTIFY currentChanged)
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
    int count() const { return int(m_rows.size()); }
    Phase phase() const { return m_phase; }
    QString errorText() const { return m_errorText; }
    QString currentKey() const { return m_currentKey; }
    void setCurrentKey(const QString &key);
    int currentRow() const;
    /// key, name, dir, text (bytes as text, or a hex dump), pretty (JSON, indented; empty when it
    /// is none), size, createdIndex, modifiedIndex, ttl, children (of a directory that is open).
    QVariantMap current() const;

    Q_INVOKABLE void reload();
    Q_INVOKABLE void setExpanded(int row, bool expanded);
    Q_INVOKABLE int parentRow(int row) const;
    /// Opens the directories down to a key and makes it current; also finds hidden keys.
    Q_INVOKABLE void goTo(const QString &key);
    Q_INVOKABLE QString keyAt(int row) const;

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;

Q_SIGNALS:
    void countChanged();
    void phaseChanged();
    void currentChanged();
    /// goTo found no such key.
    void missing(const QString &key);

private:
    struct Entry;
    void setPhase(Phase phase, const QString &errorText = {});
    void load(const QString &key);
    void loaded(const QString &key, const Result<session::StoreAnswer> &answer);
    void follow();
    void takeEvents(const QByteArray &bytes);
    void apply(const QString &action, const StoreEntry &entry);
    Entry *find(const QString &key) const;
    Entry *put(Entry &parent, const StoreEntry &entry);
    void removeEntry(const QString &key);
    int rowOf(const Entry *entry) const;
    void showChildren(Entry &entry);
    void hideChildren(Entry &entry);
    void touched(const Entry *entry);
    void continueGoing();

    QPointer<session::Client> m_client;
    std::unique_ptr<session::ByteStream> m_watch;
    QByteArray m_rest;
    std::unique_ptr<Entry> m_root;
    std::vector<Entry *> m_rows;
    QString m_currentKey;
    QString m_goal; ///< where goTo is on its way to
    Phase m_phase = Idle;
    QString m_errorText;
    quint64 m_generation = 0; ///< answers of an older client or reload do not count
};

} // namespace qd::models
