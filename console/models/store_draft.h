// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/session/cluster_api.h"

#include <QPointer>
#include <QVariantMap>
#include <qqmlregistration.h>

namespace qd::models {

/// A key of the store that is being written. It is saved only if the key still is as it was when
/// it was opened; where it is not, both values are there to choose from and nothing is lost.
class StoreDraft : public QObject {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the session")
    Q_PROPERTY(bool open READ isOpen NOTIFY opened)
    Q_PROPERTY(bool creating READ isCreating NOTIFY opened)
    Q_PROPERTY(QString key READ key WRITE setKey NOTIFY edited)
    Q_PROPERTY(QString text READ text WRITE setText NOTIFY edited)
    Q_PROPERTY(QString ttl READ ttl WRITE setTtl NOTIFY edited)
    Q_PROPERTY(bool folder READ isFolder WRITE setFolder NOTIFY edited)
    Q_PROPERTY(bool dirty READ isDirty NOTIFY edited)
    Q_PROPERTY(QString wrong READ wrong NOTIFY edited)
    Q_PROPERTY(bool busy READ isBusy NOTIFY busyChanged)
    Q_PROPERTY(double baseIndex READ baseIndex NOTIFY opened)
    Q_PROPERTY(QVariantMap conflict READ conflict NOTIFY conflictChanged)
public:
    explicit StoreDraft(QObject *parent = nullptr);

    void setClient(session::Client *client);
    bool isOpen() const { return m_open; }
    bool isCreating() const { return m_creating; }
    QString key() const { return m_key; }
    void setKey(const QString &key);
    QString text() const { return m_text; }
    void setText(const QString &text);
    /// Seconds, as they are typed; empty = it stays.
    QString ttl() const { return m_ttl; }
    void setTtl(const QString &ttl);
    bool isFolder() const { return m_folder; }
    void setFolder(bool folder);
    bool isDirty() const;
    /// Why it cannot be saved as it is; empty = it can.
    QString wrong() const;
    bool isBusy() const { return m_busy; }
    /// The index of the value that was opened: it is replaced by no other.
    qint64 baseIndex() const { return m_baseIndex; }
    /// What is there instead of what was opened: kind ("changed", "gone", "appeared"), text,
    /// binary, dir, index, ttl. Empty: no conflict.
    QVariantMap conflict() const { return m_conflict; }

    /// Reads the key, whole, and opens it.
    Q_INVOKABLE void edit(const QString &key);
    /// Opens a key that is still to be made below a folder.
    Q_INVOKABLE void create(const QString &folder);
    Q_INVOKABLE void save();
    /// Mine is let go of: theirs is the text now.
    Q_INVOKABLE void takeTheirs();
    /// Mine replaces theirs, as it was shown: another change meanwhile is another conflict.
    Q_INVOKABLE void overwrite();
    /// Back to the text; nothing is decided.
    Q_INVOKABLE void keepEditing();
    Q_INVOKABLE void close();

Q_SIGNALS:
    void opened();
    void edited();
    void busyChanged();
    void conflictChanged();
    void saved(const QString &key);
    void failed(const QString &what, const QString &why);

private:
    void show(const StoreEntry &entry);
    void setBusy(bool busy);
    void setConflict(const QVariantMap &conflict);
    void takeAnswer(const Result<session::StoreAnswer> &answer);
    void readTheirs(const QString &kind);
    session::StoreWrite write() const;
    QString problem() const;

    QPointer<session::Client> m_client;
    bool m_open = false;
    bool m_creating = false;
    bool m_folder = false;
    bool m_busy = false;
    QString m_key;
    QString m_text;
    QString m_ttl;
    QString m_openedText;
    QString m_openedTtl;
    QString m_openedKey;
    qint64 m_baseIndex = 0;
    QVariantMap m_conflict;
    quint64 m_round = 0; ///< an answer about another draft does not count
};

} // namespace qd::models
