// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/session/client.h"
#include "shared/model/journal_line.h"

#include <QAbstractListModel>
#include <QPointer>
#include <QTimer>
#include <deque>
#include <memory>
#include <qqmlregistration.h>

namespace qd::models {

/// The last lines of a unit's journal: a bounded ring over a stream, filled once a frame. The rest
/// of the journal stays on the nodes; no view holds a whole log (anchors-console.md 4.2).
class LogWindow : public QAbstractListModel {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the session")
    Q_PROPERTY(int count READ count NOTIFY countChanged)
    Q_PROPERTY(int total READ total NOTIFY countChanged)
    Q_PROPERTY(qint64 dropped READ dropped NOTIFY countChanged)
    Q_PROPERTY(QString filter READ filter WRITE setFilter NOTIFY filterChanged)
    Q_PROPERTY(QString unit READ unit WRITE setUnit NOTIFY unitChanged)
    Q_PROPERTY(bool following READ isFollowing NOTIFY stateChanged)
    Q_PROPERTY(QString errorText READ errorText NOTIFY stateChanged)
public:
    static constexpr int kCapacity = 10'000;
    static constexpr int kBacklog = 500; ///< lines asked for when a log opens
    enum Role { TimeRole = Qt::UserRole, MessageRole, PriorityRole, SourceRole };

    explicit LogWindow(QObject *parent = nullptr);

    void setClient(session::Client *client);
    QString unit() const { return m_unit; }
    /// Empties the window and opens this unit's journal; empty closes it.
    void setUnit(const QString &unit);
    int count() const { return int(m_shown.size()); }
    int total() const { return int(m_lines.size()); }
    /// Lines that have left the ring since the log was opened.
    qint64 dropped() const { return m_dropped; }
    QString filter() const { return m_filter; }
    void setFilter(const QString &filter);
    bool isFollowing() const { return bool(m_stream); }
    QString errorText() const { return m_errorText; }
    Q_INVOKABLE QString textOf(int row) const;
    /// Reads the unit's journal anew, where it is now; nothing while no unit is chosen.
    Q_INVOKABLE void reopen();
    void append(const QList<JournalLine> &lines);
    void flush();

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;

Q_SIGNALS:
    void countChanged();
    void filterChanged();
    void unitChanged();
    void stateChanged();

private:
    void openStream();
    void take(const QByteArray &bytes);
    void clear();
    void dropOldest(size_t count);
    bool accepts(const JournalLine &line) const;
    const JournalLine &lineAt(int row) const;

    QPointer<session::Client> m_client;
    std::unique_ptr<session::ByteStream> m_stream;
    QByteArray m_rest;
    QTimer m_frame;
    QList<JournalLine> m_pending;
    std::deque<JournalLine> m_lines;
    std::deque<qint64> m_shown; ///< sequence numbers of the lines that the filter lets through
    qint64 m_firstSequence = 0;
    qint64 m_dropped = 0;
    QString m_unit;
    QString m_filter;
    QString m_errorText;
};

} // namespace qd::models
