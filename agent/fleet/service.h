// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/fleet/engine_runner.h"
#include "agent/fleet/fleet_agent.h"
#include "agent/fleet/presence.h"
#include "agent/fleet/unit_registry.h"

#include <memory>

namespace qd::fleet {

/// fleet on one node: the machine's presence, the engine that places units (on one node at a time),
/// the agent that runs what is placed here, and the view of it all that every node has.
class Service : public QObject {
    Q_OBJECT
public:
    struct Setup {
        QString machineId;
        QString address; ///< that the others and fleet's tools show
        QMap<QString, QString> metadata;
        QString version;
        int presenceTtl = 30; ///< seconds; the engine's and the agent's pace follow from it
    };
    /// `store` and `clock` must outlive it. `names`: how the members are called, lost ones too.
    Service(
        Setup setup, store::StoreClient &store, std::unique_ptr<UnitBackend> backend,
        const Clock &clock, MachineNames names, QObject *parent = nullptr);
    ~Service() override;

    void start();
    /// The agent ends, the machine does not: another engine may lead at once, the units run on.
    void release() { m_engine.stop(); }
    /// Leaves the cluster in order (F83): stops the units here, gives back lease and presence; then
    /// `done`, at the latest after `kLeaveMs`. Not for a mere restart of the agent.
    void leave(std::function<void()> done);
    static constexpr int kLeaveMs = 10'000;

    UnitRegistry &registry() { return m_registry; }
    UnitBackend &backend() { return *m_backend; }
    bool isEngineLeader() const { return m_engine.leads(); }
    /// The store has been read, so that what follows tells something.
    bool isReady() const { return m_mirror.isReady(); }

    QStringList unitNames() const { return m_mirror.state().unitNames(); }
    std::optional<Unit> unit(const QString &name) const;
    /// The stored text.
    std::optional<QString> text(const QString &unit) const;
    /// The machine to ask about a unit: where it is scheduled; of a global unit this one, or else
    /// the first that has it. code::notFound: no such unit, or it is nowhere;
    /// code::nodeUnreachable: it is on a machine that is lost.
    Result<QString> placeOf(const QString &unit) const;
    int unitCount(const QString &machineId) const;

Q_SIGNALS:
    /// The rows of these units may be other ones now.
    void unitsChanged(const QSet<QString> &units);

private:
    void mirrorChanged();

    Setup m_setup;
    MachineNames m_readNames;
    QMap<QString, QString> m_names;
    mutable std::optional<QMap<QString, int>> m_loads;
    std::unique_ptr<UnitBackend> m_backend;
    StoreMirror m_mirror;
    UnitRegistry m_registry;
    Presence m_presence;
    FleetAgent m_agent;
    EngineRunner m_engine;
    std::function<void()> m_left;
};

} // namespace qd::fleet
