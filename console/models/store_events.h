// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/session/cluster_api.h"

#include <QAbstractListModel>
#include <QPointer>
#include <QTimer>
#include <deque>
#include <memory>
#include <qqmlregistration.h>

namespace qd::models {

/// Changes of a key, or of all below it, newest first: those that the store still knows (its
/// history), or each as it comes (a watch). Keeps the newest thousand.
class StoreEvents : public QAbstractListModel {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the session")
    Q_PROPERTY(Phase phase READ phase NOTIFY stateChanged)
    Q_PROPERTY(QString key READ key NOTIFY stateChanged)
    Q_PROPERTY(bool recursive READ isRecursive NOTIFY stateChanged)
    Q_PROPERTY(QString errorText READ errorText NOTIFY stateChanged)
    Q_PROPERTY(double from READ from NOTIFY stateChanged)
    Q_PROPERTY(double to READ to NOTIFY stateChanged)
    Q_PROPERTY(bool paused READ isPaused WRITE setPaused NOTIFY stateChanged)
    Q_PROPERTY(int waiting READ waiting NOTIFY stateChanged)
    Q_PROPERTY(int dropped READ dropped NOTIFY stateChanged)
    Q_PROPERTY(int count READ count NOTIFY stateChanged)
public:
    enum Phase { Idle, Loading, Loaded, Watching, Ended, Failed };
    Q_ENUM(Phase)
    enum Role { IndexRole = Qt::UserRole, ActionRole, KeyRole, BeforeRole, AfterRole, ToneRole };
    static constexpr size_t kMost = 1'000;

    explicit StoreEvents(QObject *parent = nullptr);
    ~StoreEvents() override;

    void setClient(session::Client *client);
    Phase phase() const { return m_phase; }
    QString key() const { return m_key; }
    bool isRecursive() const { return m_recursive; }
    QString errorText() const { return m_errorText; }
    /// Of a history: the first and the last index that the store knows of.
    qint64 from() const { return m_from; }
    qint64 to() const { return m_to; }
    bool isPaused() const { return m_paused; }
    /// What comes while it is paused waits, and is shown when it goes on.
    void setPaused(bool paused);
    int waiting() const { return m_paused ? int(m_pending.size()) : 0; }
    /// How many of a watch's events have made room for newer ones.
    int dropped() const { return m_dropped; }
    int count() const { return int(m_events.size()); }

    Q_INVOKABLE void load(const QString &key, bool recursive);
    Q_INVOKABLE void watch(const QString &key, bool recursive);
    Q_INVOKABLE void stop();
    Q_INVOKABLE void clear();
    /// {index, action, key, before, after} in full, as text or as bytes.
    Q_INVOKABLE QVariantMap at(int row) const;

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;

Q_SIGNALS:
    void stateChanged();

private:
    void setPhase(Phase phase, const QString &errorText = {});
    void begin(const QString &key, bool recursive, Phase phase);
    void take(const QByteArray &bytes);
    void showPending();

    QPointer<session::Client> m_client;
    std::unique_ptr<session::ByteStream> m_stream;
    QByteArray m_rest;
    std::deque<session::StoreEvent> m_events;  ///< newest first
    std::deque<session::StoreEvent> m_pending; ///< oldest first
    QTimer m_frame;
    Phase m_phase = Idle;
    QString m_key;
    QString m_errorText;
    bool m_recursive = false;
    bool m_paused = false;
    qint64 m_from = 0;
    qint64 m_to = 0;
    int m_dropped = 0;
    quint64 m_round = 0;
};

} // namespace qd::models
