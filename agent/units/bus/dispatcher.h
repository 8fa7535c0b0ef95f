// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/bus/call.h"

#include <QDBusVirtualObject>
#include <QMap>
#include <functional>
#include <optional>
#include <vector>

namespace qd::units::bus {

/// What is at an object path: its interfaces with their properties and methods. Made afresh for
/// each message, so nothing is kept per unit.
struct Node {
    using Set = std::function<Result<void>(const QString &property, const QVariant &value)>;
    struct Interface {
        QString name;
        std::function<QVariantMap()> properties; ///< may be empty
        const Methods *methods = nullptr;
        Set set;
    };
    std::vector<Interface> interfaces;
    QStringList children; ///< names below this path, for introspection
};

/// Answers every path of a connection: Properties, Introspectable and Peer for each object, and the
/// methods of its own interfaces. Gives tools that begin with Hello what they expect of a bus
/// (systemd1-dbus.md 2, 4, 10).
class Dispatcher : public QDBusVirtualObject {
    Q_OBJECT

public:
    /// Tells what is at a path; an error with a D-Bus name when nothing can be there.
    using Lookup = std::function<Result<Node>(const QString &path)>;
    /// The path of a process's own unit; empty when it has none.
    using OwnPath = std::function<QString(qint32 pid)>;

    explicit Dispatcher(Lookup lookup, QObject *parent = nullptr);

    /// What `.../unit/self` stands for (systemd1-dbus.md 3).
    void setOwnPath(OwnPath ownPath) { m_ownPath = std::move(ownPath); }
    bool handleMessage(const QDBusMessage &message, const QDBusConnection &connection) override;
    QString introspect(const QString &path) const override;

private:
    bool answerAsBus(const Call &call) const;
    bool answerStandard(const Call &call, const Node &node) const;
    void get(const Call &call, const Node &node) const;
    void getAll(const Call &call, const Node &node) const;
    void set(const Call &call, const Node &node) const;
    void runMethod(const Call &call, const Node &node) const;

    QString resolved(const QString &path, const QDBusConnection &connection) const;

    Lookup m_lookup;
    OwnPath m_ownPath;
};

} // namespace qd::units::bus
