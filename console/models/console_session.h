// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cluster_models.h"
#include "connector.h"
#include "join_invitation.h"
#include "log_window.h"
#include "raft_history.h"
#include "script_console.h"
#include "store_draft.h"
#include "store_events.h"
#include "store_transfer.h"
#include "store_tree.h"
#include "unit_draft.h"

#include "console/session/rolling_restart.h"

namespace qd::models {

/// All that one window knows: which cluster, how the connection stands, and the models that its
/// views show. Views act through it and hold nothing themselves.
class ConsoleSession : public QObject {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the program")
    Q_PROPERTY(Link link READ link NOTIFY linkChanged)
    Q_PROPERTY(QString trouble READ trouble NOTIFY linkChanged)
    Q_PROPERTY(QString clusterName READ clusterName NOTIFY linkChanged)
    Q_PROPERTY(QString nodeName READ nodeName NOTIFY linkChanged)
    Q_PROPERTY(QString role READ role NOTIFY linkChanged)
    Q_PROPERTY(bool mayOperate READ mayOperate NOTIFY linkChanged)
    Q_PROPERTY(bool mayAdminister READ mayAdminister NOTIFY linkChanged)
    Q_PROPERTY(QString profile READ profile NOTIFY linkChanged)
    Q_PROPERTY(bool restarting READ restarting NOTIFY restartingChanged)
    Q_PROPERTY(QString notice READ notice NOTIFY noticeChanged)
    Q_PROPERTY(QVariantList profiles READ profiles NOTIFY profilesChanged)
    Q_PROPERTY(Pairing pairing READ pairing NOTIFY pairingChanged)
    Q_PROPERTY(QString fingerprint READ fingerprint NOTIFY pairingChanged)
    Q_PROPERTY(QString pairingTrouble READ pairingTrouble NOTIFY pairingChanged)
    Q_PROPERTY(qd::models::NodesModel *nodes READ nodes CONSTANT)
    Q_PROPERTY(qd::models::UnitsModel *units READ units CONSTANT)
    Q_PROPERTY(qd::models::RaftModel *raft READ raft CONSTANT)
    Q_PROPERTY(qd::models::RaftHistory *raftHistory READ raftHistory CONSTANT)
    Q_PROPERTY(qd::models::StoreTree *store READ store CONSTANT)
    Q_PROPERTY(qd::models::StoreDraft *storeDraft READ storeDraft CONSTANT)
    Q_PROPERTY(qd::models::StoreEvents *keyHistory READ keyHistory CONSTANT)
    Q_PROPERTY(qd::models::StoreEvents *keyWatch READ keyWatch CONSTANT)
    Q_PROPERTY(qd::models::StoreTransfer *storeTransfer READ storeTransfer CONSTANT)
    Q_PROPERTY(qd::models::JoinInvitation *invitation READ invitation CONSTANT)
    Q_PROPERTY(qd::models::LogWindow *log READ log CONSTANT)
    Q_PROPERTY(qd::models::UnitDraft *draft READ draft CONSTANT)
    Q_PROPERTY(qd::models::ScriptConsole *script READ script CONSTANT)
public:
    /// Offline: no cluster chosen. Connecting: never been up. Lost: was up, what is shown is old.
    enum Link { Offline, Connecting, Live, Lost };
    Q_ENUM(Link)
    enum Pairing { Unpaired, Asking, Confirm, Confirming };
    Q_ENUM(Pairing)

    ConsoleSession(Connector &connector, const Clock &clock, QObject *parent = nullptr);
    ~ConsoleSession() override;

    Link link() const { return m_link; }
    QString trouble() const { return m_trouble; }
    QString clusterName() const { return m_clusterName; }
    QString nodeName() const { return m_nodeName; }
    QString role() const { return m_role; }
    bool mayAdminister() const { return m_role == QLatin1String("admin"); }
    bool mayOperate() const { return m_role != QLatin1String("viewer"); }
    QString profile() const { return m_profile; }
    /// Members are being restarted by this console.
    bool restarting() const { return m_restarting; }
    /// What the program does before there is a cluster to connect to, or why it could not.
    QString notice() const { return m_notice; }
    void setNotice(const QString &notice);
    /// {name, clusterName, address} each.
    QVariantList profiles() const;
    Pairing pairing() const { return m_pairing; }
    QString fingerprint() const { return m_fingerprint; }
    QString pairingTrouble() const { return m_pairingTrouble; }

    NodesModel *nodes() { return &m_nodes; }
    UnitsModel *units() { return &m_units; }
    RaftModel *raft() { return &m_raft; }
    RaftHistory *raftHistory() { return &m_raftHistory; }
    StoreTree *store() { return &m_store; }
    StoreDraft *storeDraft() { return &m_storeDraft; }
    StoreEvents *keyHistory() { return &m_keyHistory; }
    StoreEvents *keyWatch() { return &m_keyWatch; }
    StoreTransfer *storeTransfer() { return &m_storeTransfer; }
    JoinInvitation *invitation() { return &m_invitation; }
    LogWindow *log() { return &m_log; }
    UnitDraft *draft() { return &m_draft; }
    ScriptConsole *script() { return &m_script; }

    Q_INVOKABLE void connectTo(const QString &profile);
    Q_INVOKABLE void disconnectFrom();
    Q_INVOKABLE void forget(const QString &profile);
    Q_INVOKABLE void beginPairing(const QString &token, const QString &address);
    Q_INVOKABLE void confirmPairing(const QString &profileName);
    Q_INVOKABLE void cancelPairing();
    /// load, start, stop, unload, destroy.
    Q_INVOKABLE void act(const QString &verb, const QString &unit);
    Q_INVOKABLE void transferLeadership(const QString &nodeId, const QString &name);
    /// The agents of these members start anew, one after the other; done() tells of each step.
    Q_INVOKABLE void restartMembers(const QStringList &nodeIds);
    Q_INVOKABLE void restartAllMembers();
    /// A learner votes.
    Q_INVOKABLE void promote(const QString &nodeId, const QString &name);
    /// Issues a token for a machine that joins; see invitation().
    Q_INVOKABLE void inviteMember();
    /// For good.
    Q_INVOKABLE void removeNode(const QString &nodeId, const QString &name);

Q_SIGNALS:
    void linkChanged();
    void noticeChanged();
    void restartingChanged();
    void profilesChanged();
    void pairingChanged();
    /// An act was done, or was not: for the user, once.
    void done(const QString &what);
    void failed(const QString &what, const QString &why);

private:
    void takeState(session::Client::State state);
    void setRestarting(bool restarting);
    void restart(const session::RestartScope &scope);
    void restartInOrder(const QList<session::RestartStep> &plan);
    void attachModels();
    void detachModels();
    void setPairing(Pairing pairing, const QString &trouble = {});

    Connector &m_connector;
    std::unique_ptr<session::Client> m_client;
    Link m_link = Offline;
    bool m_wasLive = false;
    bool m_restarting = false;
    QString m_profile;
    QString m_trouble;
    QString m_notice;
    QString m_clusterName;
    QString m_nodeName;
    QString m_role;
    Pairing m_pairing = Unpaired;
    QString m_fingerprint;
    QString m_pairingTrouble;
    NodesModel m_nodes;
    UnitsModel m_units;
    RaftModel m_raft;
    RaftHistory m_raftHistory;
    StoreTree m_store;
    StoreDraft m_storeDraft;
    StoreEvents m_keyHistory;
    StoreEvents m_keyWatch;
    StoreTransfer m_storeTransfer;
    JoinInvitation m_invitation;
    LogWindow m_log;
    UnitDraft m_draft;
    ScriptConsole m_script;
};

} // namespace qd::models
