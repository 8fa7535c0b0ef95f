// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDBusAbstractInterface>
#include <QDBusArgument>
#include <QDBusObjectPath>
#include <QString>
#include <QVariant>
#include <optional>

/// The client's side of what goes over org.freedesktop.systemd1.
namespace qd::fleet {

/// (ssssssouso): a row of ListUnits.
struct UnitListRow {
    QString name, description, load, active, sub, following;
    QDBusObjectPath path;
    quint32 job = 0;
    QString jobType;
    QDBusObjectPath jobPath;
};
QDBusArgument &operator<<(QDBusArgument &out, const UnitListRow &row);
const QDBusArgument &operator>>(const QDBusArgument &in, UnitListRow &row);

void registerClientTypes();

/// systemd1-dbus.md 3.
QString unitObjectPath(const QString &unit);

/// A property as text: numbers, words, lists of words, bytes in hex. Nothing for structures.
std::optional<QString> propertyText(const QVariant &value);

/// The manager's signals, to connect to by member.
class ManagerSignals : public QDBusAbstractInterface {
    Q_OBJECT
public:
    /// `service` is empty on a private socket.
    ManagerSignals(const QString &service, const QString &path, const QDBusConnection &bus)
        : QDBusAbstractInterface(service, path, "org.freedesktop.systemd1.Manager", bus, nullptr)
    {
    }

Q_SIGNALS:
    // D-Bus gives the names.
    void
    JobRemoved(uint id, const QDBusObjectPath &job, const QString &unit, const QString &result);
    void UnitNew(const QString &unit, const QDBusObjectPath &path);
};

} // namespace qd::fleet

Q_DECLARE_METATYPE(qd::fleet::UnitListRow)
