// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/bus/context.h"
#include "agent/units/bus/dispatcher.h"
#include "agent/units/bus/private_bus.h"
#include "agent/units/bus/system_bus.h"
#include "shared/base/clock.h"

#include <QObject>

namespace qd::units::bus {

/// The engine as org.freedesktop.systemd1: systemctl and the agent talk to this. Objects are made
/// afresh for each call out of the engine's memory, so that a thousand units cost nothing here.
class Face : public QObject {
    Q_OBJECT

public:
    /// `manager` and `clock` must outlive it.
    Face(Manager &manager, UnitFiles files, const Clock &clock, QObject *parent = nullptr);
    ~Face() override;

    /// Opens one more door. Error: code::io.
    Result<void> listen(const QString &socket) { return m_bus.listen(socket); }
    /// Shows the engine on the bus that listens there, as soon as it does.
    void joinBus(const QString &socket) { m_system.join(socket); }
    /// The engine's first units are up: SystemState, and who waits for the start's end.
    void startupFinished();
    void stopping() { m_context.stopping = true; }
    /// When the engine's start began, before its first unit was.
    void beganAt(const Moment &moment) { m_context.started = moment; }
    /// What carries out PowerOff and its like; without it they are refused.
    void keepPower(std::function<Result<void>(const QString &verb)> power)
    {
        m_context.power = std::move(power);
    }
    void isContainer(bool is) { m_context.isContainer = is; }
    /// Where the files of transient units are; without it there are none.
    void keepTransient(const QString &folder) { m_context.transientFolder = folder; }

private:
    Result<Node> lookUp(const QString &path);
    Result<Node> unitNode(const QString &path, const QString &name);
    Result<const Unit *> unitAt(const QString &name) const;
    Node managerNode();
    Node jobNode(quint32 id);
    Node folderNode(const QString &path) const;
    Node logControlNode();
    Node::Set setter();
    void connectSignals();
    void tell(const QString &member, const QVariantList &arguments);
    bool isHeard() const { return m_bus.peers() > 0 || m_system.isOpen(); }
    void send(const QDBusMessage &message);
    void tellChanged(
        const QString &path, const QString &interface, const QVariantMap &values,
        const QStringList &invalidated);
    void tellUnitChanged(const QString &unit);
    Moment now() const;

    Context m_context;
    const Clock &m_clock;
    Methods m_managerMethods;
    Methods m_unitMethods;
    Methods m_typeMethods;
    Methods m_scopeMethods;
    Methods m_jobMethods;
    Dispatcher m_dispatcher;
    PrivateBus m_bus;
    SystemBus m_system;
};

} // namespace qd::units::bus
