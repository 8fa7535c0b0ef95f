// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/dispatcher.h"

#include "agent/units/bus/errors.h"
#include "agent/units/bus/object_path.h"
#include "agent/units/bus/peer_pid.h"
#include "agent/units/bus/wire_types.h"

#include <QDBusMetaType>
#include <QFile>

namespace qd::units::bus {

namespace {

const QString kBus = QStringLiteral("org.freedesktop.DBus");
const QString kIntrospectable = QStringLiteral("org.freedesktop.DBus.Introspectable");
const QString kPeer = QStringLiteral("org.freedesktop.DBus.Peer");

/// Interfaces that every object has and that carry no properties.
bool isStandard(const QString &interface)
{
    return interface == kPropertiesInterface || interface == kIntrospectable || interface == kPeer;
}

/// "a(ss)b" -> "a(ss)", "b": the complete types of a signature.
QStringList completeTypes(const QString &signature)
{
    QStringList out;
    QString type;
    int depth = 0;
    for (const QChar c : signature) {
        type += c;
        if (c == QLatin1Char('(') || c == QLatin1Char('{'))
            ++depth;
        if (c == QLatin1Char(')') || c == QLatin1Char('}'))
            --depth;
        if (depth == 0 && c != QLatin1Char('a')) {
            out.append(type);
            type.clear();
        }
    }
    return out;
}

QString argumentsXml(const char *signature, const QString &direction)
{
    QString out;
    for (const QString &type : completeTypes(QString::fromLatin1(signature)))
        out += QStringLiteral("   <arg type=\"%1\" direction=\"%2\"/>\n").arg(type, direction);
    return out;
}

QString signatureOf(const QVariant &value)
{
    return QString::fromLatin1(QDBusMetaType::typeToSignature(value.metaType()));
}

QString interfaceXml(const Node::Interface &interface)
{
    QString out = QStringLiteral(" <interface name=\"%1\">\n").arg(interface.name);
    if (interface.methods) {
        QStringList names = interface.methods->keys();
        names.sort();
        for (const QString &name : names) {
            const Method method = interface.methods->value(name);
            out += QStringLiteral("  <method name=\"%1\">\n").arg(name) +
                   argumentsXml(method.in, QStringLiteral("in")) +
                   argumentsXml(method.out, QStringLiteral("out")) +
                   QStringLiteral("  </method>\n");
        }
    }
    const QVariantMap properties = interface.properties ? interface.properties() : QVariantMap();
    for (auto it = properties.begin(); it != properties.end(); ++it)
        out += QStringLiteral("  <property name=\"%1\" type=\"%2\" access=\"read\"/>\n")
                   .arg(it.key(), signatureOf(it.value()));
    return out + QStringLiteral(" </interface>\n");
}

const QString kStandardXml = QStringLiteral(
    " <interface name=\"org.freedesktop.DBus.Peer\">\n"
    "  <method name=\"Ping\"/>\n"
    "  <method name=\"GetMachineId\"><arg type=\"s\" direction=\"out\"/></method>\n"
    " </interface>\n"
    " <interface name=\"org.freedesktop.DBus.Introspectable\">\n"
    "  <method name=\"Introspect\"><arg type=\"s\" direction=\"out\"/></method>\n"
    " </interface>\n"
    " <interface name=\"org.freedesktop.DBus.Properties\">\n"
    "  <method name=\"Get\"><arg type=\"s\" direction=\"in\"/><arg type=\"s\" direction=\"in\"/>"
    "<arg type=\"v\" direction=\"out\"/></method>\n"
    "  <method name=\"GetAll\"><arg type=\"s\" direction=\"in\"/>"
    "<arg type=\"a{sv}\" direction=\"out\"/></method>\n"
    "  <method name=\"Set\"><arg type=\"s\" direction=\"in\"/><arg type=\"s\" direction=\"in\"/>"
    "<arg type=\"v\" direction=\"in\"/></method>\n"
    " </interface>\n");

} // namespace

Dispatcher::Dispatcher(Lookup lookup, QObject *parent)
    : QDBusVirtualObject(parent)
    , m_lookup(std::move(lookup))
{
}

bool Dispatcher::handleMessage(const QDBusMessage &message, const QDBusConnection &connection)
{
    if (message.type() != QDBusMessage::MethodCallMessage)
        return false;
    const Call call(message, connection);
    if (answerAsBus(call))
        return true;
    if (message.interface() == kIntrospectable && message.member() == QLatin1String("Introspect")) {
        call.reply({introspect(message.path())});
        return true;
    }
    const auto node = m_lookup(resolved(message.path(), connection));
    if (!node) {
        call.fail(node.error());
        return true;
    }
    if (!answerStandard(call, *node))
        runMethod(call, *node);
    return true;
}

QString Dispatcher::resolved(const QString &path, const QDBusConnection &connection) const
{
    if (path != kRootPath + QStringLiteral("/unit/self") || !m_ownPath)
        return path;
    const auto pid = peerPid(connection);
    return pid ? m_ownPath(*pid) : QString();
}

bool Dispatcher::answerAsBus(const Call &call) const
{
    if (call.message().interface() != kBus)
        return false;
    const QString member = call.message().member();
    if (member == QLatin1String("Hello"))
        call.reply({QStringLiteral(":1.1")});
    else if (member == QLatin1String("AddMatch") || member == QLatin1String("RemoveMatch"))
        call.reply();
    else if (member == QLatin1String("GetNameOwner"))
        call.reply({QStringLiteral(":1.0")});
    else if (member == QLatin1String("ListNames"))
        call.reply({QStringList{kBus, kService}});
    else if (member == QLatin1String("ListActivatableNames"))
        call.reply({QStringList()});
    else
        call.fail(
            error::unknownMethod,
            QStringLiteral("Unknown method %1 or interface %2.").arg(member, kBus));
    return true;
}

bool Dispatcher::answerStandard(const Call &call, const Node &node) const
{
    const QString interface = call.message().interface();
    const QString member = call.message().member();
    if (interface == kPeer && member == QLatin1String("Ping")) {
        call.reply();
        return true;
    }
    if (interface == kPeer && member == QLatin1String("GetMachineId")) {
        QFile file(QStringLiteral("/etc/machine-id"));
        const bool open = file.open(QIODevice::ReadOnly);
        call.reply({open ? QString::fromLatin1(file.read(64).trimmed()) : QString()});
        return true;
    }
    if (interface != kPropertiesInterface)
        return false;
    if (member == QLatin1String("Get") && call.message().signature() == QLatin1String("ss"))
        get(call, node);
    else if (member == QLatin1String("GetAll") && call.message().signature() == QLatin1String("s"))
        getAll(call, node);
    else if (member == QLatin1String("Set") && call.message().signature() == QLatin1String("ssv"))
        set(call, node);
    else
        return false;
    return true;
}

void Dispatcher::get(const Call &call, const Node &node) const
{
    for (const Node::Interface &interface : node.interfaces) {
        if ((interface.name != call.text(0) && !call.text(0).isEmpty()) || !interface.properties)
            continue;
        const QVariantMap all = interface.properties();
        if (const auto it = all.find(call.text(1)); it != all.end()) {
            call.reply({QVariant::fromValue(QDBusVariant(it.value()))});
            return;
        }
    }
    call.fail(
        error::unknownProperty,
        QStringLiteral("Unknown interface %1 or property %2.").arg(call.text(0), call.text(1)));
}

void Dispatcher::getAll(const Call &call, const Node &node) const
{
    const QString wanted = call.text(0);
    QVariantMap all;
    bool known = wanted.isEmpty() || isStandard(wanted);
    // The empty name means all interfaces merged, which is what systemctl asks for.
    for (const Node::Interface &interface : node.interfaces) {
        if (!wanted.isEmpty() && interface.name != wanted)
            continue;
        known = true;
        if (interface.properties)
            all.insert(interface.properties());
    }
    if (known)
        call.reply({QVariant::fromValue(Properties{all})});
    else
        call.fail(error::unknownInterface, QStringLiteral("Unknown interface '%1'.").arg(wanted));
}

void Dispatcher::set(const Call &call, const Node &node) const
{
    for (const Node::Interface &interface : node.interfaces) {
        if (interface.name != call.text(0) || !interface.set)
            continue;
        const QVariant value = call.argument(2).value<QDBusVariant>().variant();
        const auto done = interface.set(call.text(1), value);
        if (done)
            call.reply();
        else
            call.fail(done.error());
        return;
    }
    call.fail(
        error::propertyReadOnly,
        QStringLiteral("Property '%1' is not writable.").arg(call.text(1)));
}

void Dispatcher::runMethod(const Call &call, const Node &node) const
{
    const QString wanted = call.message().interface();
    const QString member = call.message().member();
    for (const Node::Interface &interface : node.interfaces) {
        if (!interface.methods || (!wanted.isEmpty() && wanted != interface.name))
            continue;
        const auto method = interface.methods->find(member);
        if (method == interface.methods->end())
            continue;
        if (call.message().signature() != QLatin1String(method->in)) {
            call.fail(
                error::invalidArgs,
                QStringLiteral("Method %1 takes '%2', not '%3'.")
                    .arg(member, QLatin1String(method->in), call.message().signature()));
            return;
        }
        method->run(call);
        return;
    }
    call.fail(
        error::unknownMethod,
        QStringLiteral("Unknown method %1 or interface %2.").arg(member, wanted));
}

QString Dispatcher::introspect(const QString &path) const
{
    QString out = QStringLiteral(
        "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n"
        "\"https://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n<node>\n");
    out += kStandardXml;
    if (const auto node = m_lookup(path)) {
        for (const Node::Interface &interface : node->interfaces)
            out += interfaceXml(interface);
        for (const QString &child : node->children)
            out += QStringLiteral(" <node name=\"%1\"/>\n").arg(child);
    }
    return out + QStringLiteral("</node>\n");
}

} // namespace qd::units::bus
