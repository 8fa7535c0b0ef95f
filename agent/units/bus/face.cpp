// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/face.h"

#include "agent/units/bus/errors.h"
#include "agent/units/bus/methods.h"
#include "agent/units/bus/object_path.h"
#include "agent/units/bus/properties.h"
#include "agent/units/bus/wire_types.h"
#include "shared/unitfile/unit_name.h"

namespace qd::units::bus {

namespace {

const QString kLogControlPath = QStringLiteral("/org/freedesktop/LogControl1");
constexpr qsizetype kIdDigits = 32;

bool isInvocationId(const QString &name)
{
    return name.size() == kIdDigits && QByteArray::fromHex(name.toLatin1()).size() * 2 == kIdDigits;
}

QString lastPart(const QString &path)
{
    return path.section(u'/', -1);
}

} // namespace

Face::Face(Manager &manager, UnitFiles files, const Clock &clock, QObject *parent)
    : QObject(parent)
    , m_context(manager, std::move(files))
    , m_clock(clock)
    , m_managerMethods(unitListMethods(m_context))
    , m_unitMethods(ownUnitMethods(m_context))
    , m_typeMethods(ownTypeMethods(m_context))
    , m_scopeMethods(ownScopeMethods(m_context))
    , m_jobMethods(ownJobMethods(m_context))
    , m_dispatcher([this](const QString &path) { return lookUp(path); })
    , m_bus(&m_dispatcher)
    , m_system(&m_dispatcher)
{
    registerWireTypes();
    m_managerMethods.insert(jobMethods(m_context));
    m_managerMethods.insert(unitFileMethods(m_context));
    m_managerMethods.insert(lifeMethods(m_context));
    m_managerMethods.insert(transientMethods(m_context));
    m_dispatcher.setOwnPath([this](qint32 pid) {
        const auto unit = m_context.manager.unitOfPid(pid);
        return unit ? unitPath((*unit)->id) : QString();
    });
    m_context.started = now();
    m_context.filesChanged = [this] { tell(QStringLiteral("UnitFilesChanged"), {}); };
    m_context.referencesChanged = [this] { m_bus.lookForGone(!m_context.references.isEmpty()); };
    connectSignals();
}

Face::~Face() = default;

Moment Face::now() const
{
    return Moment{quint64(m_clock.wallUs()), quint64(m_clock.monotonicMs()) * 1000};
}

Result<Node> Face::lookUp(const QString &path)
{
    if (path == kRootPath)
        return managerNode();
    if (path == kLogControlPath)
        return logControlNode();
    if (const auto name = unitOfPath(path))
        return unitNode(path, *name);
    if (const auto id = jobOfPath(path); id && m_context.manager.job(*id))
        return jobNode(*id);
    const Node folder = folderNode(path);
    if (!folder.children.isEmpty())
        return folder;
    return fail(error::unknownObject, QStringLiteral("Unknown object '%1'.").arg(path));
}

Node::Set Face::setter()
{
    return [this](const QString &property, const QVariant &value) {
        return setManagerProperty(m_context, property, value);
    };
}

Node Face::managerNode()
{
    Node node;
    node.interfaces.push_back(
        {kManagerInterface, [this] { return managerProperties(m_context); }, &m_managerMethods,
         setter()});
    node.children = {QStringLiteral("unit"), QStringLiteral("job")};
    return node;
}

/// Touching a unit's path loads it, as far as its name is one (systemd1-dbus.md 3).
Result<const Unit *> Face::unitAt(const QString &name) const
{
    if (isInvocationId(name)) {
        if (const Unit *unit = m_context.manager.unitOfInvocation(name))
            return unit;
    }
    if (unitfile::isValidName(name)) {
        if (const auto unit = m_context.manager.load(name))
            return *unit;
    }
    return fail(
        error::invalidArgs,
        QStringLiteral("Unit name %1 is neither a valid invocation ID nor unit name.").arg(name));
}

Result<Node> Face::unitNode(const QString &, const QString &name)
{
    const auto found = unitAt(name);
    if (!found)
        return fail(found.error());
    const Unit *unit = *found;
    Node node;
    node.interfaces.push_back(
        {kUnitInterface,
         [this, unit] { return unitProperties(m_context, *unit); },
         &m_unitMethods,
         {}});
    node.interfaces.push_back(
        {typeInterface(unit->id),
         [unit] { return typeProperties(*unit); },
         unit->type == UnitType::Scope ? &m_scopeMethods : &m_typeMethods,
         {}});
    return node;
}

Node Face::jobNode(quint32 id)
{
    Node node;
    node.interfaces.push_back(
        {kJobInterface, [this, id] { return jobProperties(m_context, id); }, &m_jobMethods, {}});
    return node;
}

Node Face::logControlNode()
{
    Node node;
    const auto properties = [this] {
        return QVariantMap{
            {QStringLiteral("LogLevel"), logLevel(m_context)},
            {QStringLiteral("LogTarget"), QStringLiteral("journal")},
            {QStringLiteral("SyslogIdentifier"), QStringLiteral("quarterdeck-unitd")}};
    };
    node.interfaces.push_back(
        {kLogControlPath.mid(1).replace(u'/', u'.'), properties, nullptr, setter()});
    return node;
}

/// The paths above and between the objects, for who walks the tree.
Node Face::folderNode(const QString &path) const
{
    Node node;
    if (path == kRootPath + QStringLiteral("/unit")) {
        for (const Unit *unit : m_context.manager.units())
            node.children.append(lastPart(unitPath(unit->id)));
    } else if (path == kRootPath + QStringLiteral("/job")) {
        for (const JobInfo &job : m_context.manager.jobs())
            node.children.append(lastPart(jobPath(job.id)));
    } else if (path == QLatin1String("/")) {
        node.children.append(QStringLiteral("org"));
    } else if (path == QLatin1String("/org")) {
        node.children.append(QStringLiteral("freedesktop"));
    } else if (path == QLatin1String("/org/freedesktop")) {
        node.children = {QStringLiteral("LogControl1"), QStringLiteral("systemd1")};
    }
    return node;
}

void Face::connectSignals()
{
    Manager *manager = &m_context.manager;
    const auto path = [](const QString &text) {
        return QVariant::fromValue(QDBusObjectPath(text));
    };
    connect(manager, &Manager::unitAdded, this, [this, path](const QString &unit) {
        tell(QStringLiteral("UnitNew"), {unit, path(unitPath(unit))});
    });
    connect(manager, &Manager::unitRemoved, this, [this, path](const QString &unit) {
        m_context.fileStates.remove(unit);
        forgetTransient(m_context, unit);
        tell(QStringLiteral("UnitRemoved"), {unit, path(unitPath(unit))});
    });
    connect(manager, &Manager::unitChanged, this, [this](const QString &unit) {
        tellUnitChanged(unit);
    });
    connect(manager, &Manager::jobAdded, this, [this, path](quint32 id, const QString &unit) {
        tell(QStringLiteral("JobNew"), {id, path(jobPath(id)), unit});
    });
    connect(manager, &Manager::jobChanged, this, [this](quint32 id) {
        if (const auto job = m_context.manager.job(id))
            tellChanged(
                jobPath(id), kJobInterface, {{QStringLiteral("State"), toText(job->state)}}, {});
    });
    connect(
        manager, &Manager::jobRemoved, this,
        [this, path](quint32 id, const QString &unit, JobResult result) {
            tell(QStringLiteral("JobRemoved"), {id, path(jobPath(id)), unit, toText(result)});
        });
    connect(&m_bus, &PrivateBus::peerGone, this, [this](const QString &client) {
        m_context.clientIsGone(client);
    });
    connect(&m_system, &SystemBus::clientGone, this, [this](const QString &client) {
        m_context.clientIsGone(client);
    });
    connect(manager, &Manager::reloading, this, [this](bool active) {
        tell(QStringLiteral("Reloading"), {active});
    });
}

void Face::send(const QDBusMessage &message)
{
    m_bus.broadcast(message);
    m_system.broadcast(message);
}

void Face::tell(const QString &member, const QVariantList &arguments)
{
    if (!isHeard())
        return;
    QDBusMessage message = QDBusMessage::createSignal(kRootPath, kManagerInterface, member);
    message.setArguments(arguments);
    send(message);
}

void Face::tellChanged(
    const QString &path, const QString &interface, const QVariantMap &values,
    const QStringList &invalidated)
{
    if (!isHeard())
        return;
    QDBusMessage message =
        QDBusMessage::createSignal(path, kPropertiesInterface, QStringLiteral("PropertiesChanged"));
    message.setArguments({interface, values, invalidated});
    send(message);
}

void Face::tellUnitChanged(const QString &name)
{
    const Unit *unit = m_context.manager.unit(name);
    if (!unit || !isHeard())
        return;
    const QString path = unitPath(unit->id);
    const ChangedProperties ofType = changedTypeProperties(*unit);
    if (!ofType.values.isEmpty())
        tellChanged(path, typeInterface(unit->id), ofType.values, ofType.invalidated);
    const ChangedProperties ofUnit = changedUnitProperties(m_context, *unit);
    tellChanged(path, kUnitInterface, ofUnit.values, ofUnit.invalidated);
}

void Face::startupFinished()
{
    m_context.finished = now();
    const auto took = QVariant::fromValue<qulonglong>(
        m_context.finished.monotonicUs - m_context.started.monotonicUs);
    const auto none = QVariant::fromValue<qulonglong>(0);
    // Firmware, loader, kernel, first file system: not ours. Then the engine's own start.
    tell(QStringLiteral("StartupFinished"), {none, none, none, none, took, took});
}

} // namespace qd::units::bus
