// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/fleet/systemd1_backend.h"

#include "agent/fleet/systemd1_wire.h"
#include "shared/base/log.h"
#include "shared/unitfile/unit_file.h"

#include <QDBusAbstractInterface>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QDir>
#include <QPointer>
#include <QSaveFile>
#include <QUrl>
#include <QUuid>

namespace qd::fleet {

namespace {

const QString kService = QStringLiteral("org.freedesktop.systemd1");
const QString kRoot = QStringLiteral("/org/freedesktop/systemd1");
const QString kManager = QStringLiteral("org.freedesktop.systemd1.Manager");
const QString kProperties = QStringLiteral("org.freedesktop.DBus.Properties");
/// So many units get a fresh look at their details each time although nothing seems to have
/// changed: a service that was restarted between two looks shows only there.
constexpr qsizetype kDetailsEachTime = 50;

Error errorOf(const QDBusMessage &reply)
{
    const QString name = reply.errorName();
    QString errorCode = code::io;
    if (name.endsWith(QLatin1String(".NoSuchUnit")))
        errorCode = code::notFound;
    else if (
        name.endsWith(QLatin1String(".NoReply")) || name.endsWith(QLatin1String(".Disconnected")))
        errorCode = code::unreachable;
    return Error{errorCode, reply.errorMessage(), {{QStringLiteral("dbus"), name}}, nullptr};
}

qint64 sinceOf(const QVariantMap &properties, const QString &activeState)
{
    QString stamp = QStringLiteral("InactiveEnterTimestamp");
    if (activeState == QLatin1String("active") || activeState == QLatin1String("reloading"))
        stamp = QStringLiteral("ActiveEnterTimestamp");
    else if (activeState == QLatin1String("activating"))
        stamp = QStringLiteral("InactiveExitTimestamp");
    else if (activeState == QLatin1String("deactivating"))
        stamp = QStringLiteral("ActiveExitTimestamp");
    return qint64(properties.value(stamp).toULongLong());
}

void fillDetails(BackendState &state, const QVariantMap &properties)
{
    const auto text = [&](const char *name) {
        return properties.value(QLatin1String(name)).toString();
    };
    // One answer, one moment: these three as the rest.
    if (properties.contains(QStringLiteral("ActiveState"))) {
        state.loadState = text("LoadState");
        state.activeState = text("ActiveState");
        state.subState = text("SubState");
    }
    const QByteArray id = properties.value(QStringLiteral("InvocationID")).toByteArray();
    state.invocationId = QString::fromLatin1(id.toHex());
    const bool tried = properties.value(QStringLiteral("ConditionTimestamp")).toULongLong() > 0;
    const bool asked = properties.value(QStringLiteral("AssertTimestamp")).toULongLong() > 0;
    state.asserted = !asked || properties.value(QStringLiteral("AssertResult")).toBool();
    state.skipped = tried && !properties.value(QStringLiteral("ConditionResult")).toBool();
    state.mainPid = qint32(properties.value(QStringLiteral("MainPID")).toUInt());
    state.sinceUs = sinceOf(properties, state.activeState);
}

bool hasInstallSection(const QByteArray &text)
{
    return unitfile::parse(text).sections.contains(QStringLiteral("Install"));
}

} // namespace

Systemd1Backend::Systemd1Backend(Setup setup, QObject *parent)
    : UnitBackend(parent)
    , m_setup(std::move(setup))
{
    registerClientTypes();
    connect(&m_retry, &QTimer::timeout, this, &Systemd1Backend::tryConnect);
}

Systemd1Backend::~Systemd1Backend()
{
    dropConnection();
}

void Systemd1Backend::open()
{
    m_retry.start(m_setup.retryMs);
    tryConnect();
}

void Systemd1Backend::tryConnect()
{
    if (m_bus && m_bus->isConnected())
        return;
    dropConnection();
    m_connectionName = QStringLiteral("qd-fleet-") + QUuid::createUuid().toString(QUuid::Id128);
    const QString address = QStringLiteral("unix:path=") +
                            QString::fromLatin1(QUrl::toPercentEncoding(m_setup.socket, "/"));
    const QDBusConnection bus =
        m_setup.socket.isEmpty()
            ? QDBusConnection::connectToBus(QDBusConnection::SystemBus, m_connectionName)
            : QDBusConnection::connectToPeer(address, m_connectionName);
    m_bus = std::make_unique<QDBusConnection>(bus);
    if (!bus.isConnected())
        return;
    m_calls = std::make_unique<QObject>();
    m_signals = std::make_unique<ManagerSignals>(
        m_setup.socket.isEmpty() ? kService : QString(), kRoot, bus);
    connect(
        m_signals.get(), &ManagerSignals::JobRemoved, this,
        [this](uint id, const QDBusObjectPath &, const QString &unit, const QString &result) {
            jobRemoved(id, unit, result);
        });
    connect(m_signals.get(), &ManagerSignals::UnitNew, this, [this] { Q_EMIT stirred(); });
    introduce();
}

/// The engine counts as connected when it has answered.
void Systemd1Backend::introduce()
{
    if (m_setup.socket.isEmpty())
        manager(QStringLiteral("Subscribe"), {}, [](const Result<QDBusMessage> &) {});
    QDBusMessage message =
        QDBusMessage::createMethodCall(kService, kRoot, kProperties, QStringLiteral("Get"));
    message.setArguments({kManager, QStringLiteral("Version")});
    call(message, [this](const Result<QDBusMessage> &answer) {
        if (!answer) {
            dropConnection();
            return;
        }
        m_connected = true;
        qCInfo(lcFleet) << "connected to the unit engine";
        Q_EMIT connectionChanged(true);
    });
}

void Systemd1Backend::dropConnection()
{
    m_signals.reset();
    m_calls.reset();
    m_known.clear();
    m_touched.clear();
    m_kept.clear();
    m_starts.clear();
    m_results.clear();
    if (m_bus) {
        m_bus.reset();
        if (m_setup.socket.isEmpty())
            QDBusConnection::disconnectFromBus(m_connectionName);
        else
            QDBusConnection::disconnectFromPeer(m_connectionName);
    }
    if (std::exchange(m_connected, false)) {
        qCWarning(lcFleet) << "the unit engine is gone";
        Q_EMIT connectionChanged(false);
    }
}

void Systemd1Backend::call(const QDBusMessage &message, Answer done)
{
    if (!m_bus || !m_bus->isConnected()) {
        QTimer::singleShot(0, this, [done = std::move(done)] {
            done(fail(code::unreachable, QStringLiteral("The unit engine cannot be reached.")));
        });
        return;
    }
    auto *watcher = new QDBusPendingCallWatcher(
        m_bus->asyncCall(message, m_setup.callMs), this); // deletes itself below
    const QPointer<QObject> connection(m_calls.get());
    connect(
        watcher, &QDBusPendingCallWatcher::finished, this,
        [this, connection, done = std::move(done)](QDBusPendingCallWatcher *finished) {
            finished->deleteLater();
            const QDBusMessage reply = finished->reply();
            if (reply.type() != QDBusMessage::ErrorMessage) {
                done(reply);
                return;
            }
            const Error error = errorOf(reply);
            done(fail(error));
            if (connection && m_bus && !m_bus->isConnected())
                dropConnection();
        });
}

void Systemd1Backend::manager(const QString &method, const QVariantList &arguments, Answer done)
{
    QDBusMessage message = QDBusMessage::createMethodCall(kService, kRoot, kManager, method);
    message.setArguments(arguments);
    call(message, std::move(done));
}

QMap<QString, QByteArray> Systemd1Backend::files() const
{
    QMap<QString, QByteArray> out;
    const QDir folder(m_setup.unitsFolder);
    for (const QString &name : folder.entryList(QDir::Files)) {
        QFile file(folder.filePath(name));
        if (file.open(QIODevice::ReadOnly))
            out.insert(name, file.readAll());
    }
    return out;
}

void Systemd1Backend::load(const QString &unit, const QByteArray &text, Done done)
{
    const QString path = m_setup.unitsFolder + u'/' + unit;
    QSaveFile file(path);
    if (!QDir().mkpath(m_setup.unitsFolder) || !file.open(QIODevice::WriteOnly) ||
        file.write(text) != text.size() || !file.commit()) {
        const QString why = QStringLiteral("Cannot write %1: %2").arg(path, file.errorString());
        QTimer::singleShot(0, this, [done, why] { done(fail(code::io, why)); });
        return;
    }
    const bool install = hasInstallSection(text);
    manager(
        QStringLiteral("LinkUnitFiles"), {QStringList{path}, true, true},
        [this, unit, install, done](const Result<QDBusMessage> &linked) {
            if (!linked || !install) {
                done(linked ? Result<void>{} : fail(linked.error()));
                return;
            }
            manager(
                QStringLiteral("EnableUnitFiles"), {QStringList{unit}, true, true},
                [this, unit, done](const Result<QDBusMessage> &enabled) {
                    if (enabled)
                        done({});
                    else
                        unlink(unit, [done, why = enabled.error()](const Result<void> &) {
                            done(fail(why));
                        });
                });
        });
}

void Systemd1Backend::unlink(const QString &unit, Done done)
{
    manager(
        QStringLiteral("DisableUnitFiles"), {QStringList{unit}, true},
        [this, unit, done = std::move(done)](const Result<QDBusMessage> &disabled) {
            if (!disabled && disabled.error().code == code::unreachable) {
                done(fail(disabled.error()));
                return;
            }
            QFile::remove(m_setup.unitsFolder + u'/' + unit);
            done({});
        });
}

void Systemd1Backend::unload(const QString &unit, Done done)
{
    m_kept.remove(unit);
    manager(QStringLiteral("UnrefUnit"), {unit}, [](const Result<QDBusMessage> &) {});
    // Before its file goes: afterwards the engine may have forgotten the unit.
    manager(
        QStringLiteral("ResetFailedUnit"), {unit},
        [this, unit, done = std::move(done)](const Result<QDBusMessage> &) {
            m_known.remove(unit);
            unlink(unit, done);
        });
}

void Systemd1Backend::reload(Done done)
{
    manager(
        QStringLiteral("Reload"), {}, [done = std::move(done)](const Result<QDBusMessage> &answer) {
            done(answer ? Result<void>{} : fail(answer.error()));
        });
}

void Systemd1Backend::job(
    const QString &method, const QString &unit, std::function<void(const Result<quint32> &)> done)
{
    manager(
        method, {unit, QStringLiteral("replace")},
        [done = std::move(done)](const Result<QDBusMessage> &answer) {
            if (!answer) {
                done(fail(answer.error()));
                return;
            }
            const auto path = qvariant_cast<QDBusObjectPath>(answer->arguments().value(0)).path();
            done(path.section(u'/', -1).toUInt());
        });
}

void Systemd1Backend::start(const QString &unit, Done done)
{
    keep(unit);
    ++m_asking;
    job(QStringLiteral("StartUnit"), unit,
        [this, unit, done = std::move(done)](const Result<quint32> &id) {
            --m_asking;
            const auto early = id ? m_results.constFind(*id) : m_results.constEnd();
            const auto result =
                early != m_results.constEnd() ? std::optional(*early) : std::nullopt;
            if (m_asking == 0)
                m_results.clear();
            if (id)
                m_starts.insert(*id, unit);
            m_touched.insert(unit);
            done(id ? Result<void>{} : fail(id.error()));
            if (result)
                tellStart(*id, *result);
        });
}

/// An engine forgets a unit that rests, and with it how its run has ended: the run's id, a
/// condition that was not met.
void Systemd1Backend::keep(const QString &unit)
{
    if (m_kept.contains(unit))
        return;
    m_kept.insert(unit);
    const auto whatever = [](const Result<QDBusMessage> &) {}; // it works without, but tells less
    manager(QStringLiteral("UnrefUnit"), {unit}, whatever);    // of an agent before this one
    manager(QStringLiteral("RefUnit"), {unit}, whatever);
}

void Systemd1Backend::stop(const QString &unit, Done done)
{
    job(QStringLiteral("StopUnit"), unit, [done = std::move(done)](const Result<quint32> &id) {
        done(id ? Result<void>{} : fail(id.error()));
    });
}

void Systemd1Backend::jobRemoved(quint32 id, const QString &unit, const QString &result)
{
    m_touched.insert(unit);
    // The engine's order is answer, then signal; the bus may bring them the other way round.
    if (m_asking > 0 && !m_starts.contains(id))
        m_results.insert(id, result);
    tellStart(id, result);
    Q_EMIT stirred();
}

void Systemd1Backend::tellStart(quint32 id, const QString &result)
{
    const QString unit = m_starts.take(id);
    if (!unit.isEmpty())
        Q_EMIT startEnded(unit, result);
}

void Systemd1Backend::query(const QStringList &units, States done)
{
    const auto take = [this, units, done](const Result<QDBusMessage> &answer) {
        if (!answer) {
            done(fail(answer.error()));
            return;
        }
        auto states = std::make_shared<QMap<QString, BackendState>>();
        QStringList fresh;
        const auto rows = qdbus_cast<QList<UnitListRow>>(answer->arguments().value(0));
        for (const UnitListRow &row : rows) {
            if (!units.contains(row.name))
                continue;
            BackendState state = m_known.value(row.name);
            if (m_touched.remove(row.name) || state.queued != (row.job != 0) ||
                state.loadState != row.load || state.activeState != row.active ||
                state.subState != row.sub)
                fresh.append(row.name);
            state.loadState = row.load;
            state.activeState = row.active;
            state.subState = row.sub;
            state.queued = row.job != 0;
            states->insert(row.name, state);
        }
        const QStringList all = states->keys();
        for (qsizetype i = 0; i < std::min(kDetailsEachTime, all.size()); ++i) {
            const QString &name = all.at((m_turn + i) % all.size());
            if (!fresh.contains(name))
                fresh.append(name);
        }
        m_turn += kDetailsEachTime;
        details(states, fresh, done);
    };
    manager(
        QStringLiteral("ListUnitsByNames"), {units},
        [this, take](const Result<QDBusMessage> &answer) {
            const bool unknown = !answer && answer.error()
                                                .detail.value(QStringLiteral("dbus"))
                                                .endsWith(QLatin1String(".UnknownMethod"));
            if (unknown)
                manager(QStringLiteral("ListUnits"), {}, take);
            else
                take(answer);
        });
}

void Systemd1Backend::details(
    const std::shared_ptr<QMap<QString, BackendState>> &states, const QStringList &units,
    const States &done)
{
    if (units.isEmpty()) {
        done(*states);
        return;
    }
    const auto left = std::make_shared<qsizetype>(units.size());
    for (const QString &unit : units) {
        QDBusMessage message = QDBusMessage::createMethodCall(
            kService, unitObjectPath(unit), kProperties, QStringLiteral("GetAll"));
        message.setArguments({QString()});
        call(message, [this, states, unit, left, done](const Result<QDBusMessage> &answer) {
            if (answer)
                fillDetails((*states)[unit], qdbus_cast<QVariantMap>(answer->arguments().value(0)));
            if (--*left > 0)
                return;
            m_known = *states;
            done(*states);
        });
    }
}

void Systemd1Backend::properties(const QString &unit, Properties done)
{
    QDBusMessage message = QDBusMessage::createMethodCall(
        kService, unitObjectPath(unit), kProperties, QStringLiteral("GetAll"));
    message.setArguments({QString()});
    call(message, [done = std::move(done)](const Result<QDBusMessage> &answer) {
        if (!answer) {
            done(fail(answer.error()));
            return;
        }
        QMap<QString, QString> out;
        const auto all = qdbus_cast<QVariantMap>(answer->arguments().value(0));
        for (auto it = all.begin(); it != all.end(); ++it) {
            if (const auto text = propertyText(it.value()))
                out.insert(it.key(), *text);
        }
        done(out);
    });
}

} // namespace qd::fleet
