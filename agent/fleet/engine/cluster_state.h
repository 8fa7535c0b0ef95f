// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/fleet/engine/agent_plan.h"
#include "agent/fleet/engine/documents.h"
#include "agent/fleet/engine/reconcile.h"

#include <QSet>

namespace qd::fleet {

/// fleet's part of the store as this node knows it, kept up from one key's change to the next.
/// Pure: whoever watches the store feeds it.
class ClusterState {
public:
    explicit ClusterState(Keys keys = Keys());

    /// The key has this value now; nothing: it is gone, with all below it. Keys of others are
    /// passed over. True when it may change what is to be done (not a mere heartbeat or state).
    bool apply(const QString &key, const std::optional<QByteArray> &value);
    void clear();

    struct Job {
        QString hash;
        Unit::Target desired = Unit::Target::Inactive;
        QString target;
        QString launchedOn; ///< who sends its heartbeat
        ReasonDocument reason;
        Requirements need;
        QString description;
        bool hasText = false;
        QMap<QString, StateDocument> states; ///< by machine id
        bool exists() const { return !hash.isEmpty(); }
    };

    const Keys &keys() const { return m_keys; }
    const QMap<QString, MachineDocument> &machines() const { return m_machines; }
    /// Nothing for a unit that is not in the store.
    const Job *job(const QString &name) const;
    QStringList unitNames() const;
    std::optional<QString> text(const QString &hash) const;
    const std::optional<LeaseDocument> &lease() const { return m_lease; }

    /// What the engine decides on. `names`: how machines are called, lost ones too.
    ClusterView view(const QMap<QString, QString> &names) const;
    /// What a machine is to have.
    QMap<QString, WantedUnit> wantedOn(const QString &machineId) const;
    /// Nothing for a unit that is not in the store.
    std::optional<Unit> row(const QString &name, const QMap<QString, QString> &names) const;
    /// Number of units that each machine has to carry.
    QMap<QString, int> loads() const;
    /// Units whose rows may have changed since the last call.
    QSet<QString> takeChanged() { return std::exchange(m_changed, {}); }

private:
    bool applyMachine(const QStringList &path, const std::optional<QByteArray> &value);
    bool applyText(const QStringList &path, const std::optional<QByteArray> &value);
    bool applyJob(const QStringList &path, const std::optional<QByteArray> &value);
    bool applyState(const QStringList &path, const std::optional<QByteArray> &value);
    void readText(const QString &name, Job &job) const;
    void forgetIfEmpty(const QString &name);
    void globalsChanged();
    Machine machineOf(const MachineDocument &document) const;
    void fillGlobal(Unit &unit, const Job &job, const QMap<QString, QString> &names) const;

    Keys m_keys;
    QMap<QString, MachineDocument> m_machines;
    QMap<QString, QMap<QString, QString>> m_metadata; ///< set from outside, over the machine's own
    QMap<QString, QString> m_texts;                   ///< by hash
    QMap<QString, Job> m_jobs;                        ///< by unit name
    QSet<QString> m_globals;
    std::optional<LeaseDocument> m_lease;
    QSet<QString> m_changed;
};

} // namespace qd::fleet
