// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/unitd/daemon.h"

#include "agent/units/unitd/machine_facts.h"
#include "shared/base/log.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>

namespace qd::units {

namespace {

JournalWriter::Options writerOptions(const DaemonOptions &options)
{
    JournalWriter::Options out;
    out.logDir = options.log;
    return out;
}

/// Units that are made over the bus are looked for first.
QString transientFolder(const DaemonOptions &options)
{
    return options.run + QStringLiteral("/transient");
}

bool isRunning(const Unit &unit)
{
    if (isInactiveOrFailed(unit.active))
        return false;
    switch (unit.type) {
    case UnitType::Service:
    case UnitType::Socket:
    case UnitType::Scope:
        return true;
    case UnitType::Mount:
    case UnitType::Automount:
    case UnitType::Swap: // those that no file asks for were there before
        return !unit.fragmentPath.isEmpty();
    default:
        return false;
    }
}

} // namespace

Daemon::Daemon(DaemonOptions options, QObject *parent)
    : QObject(parent)
    , m_options(std::move(options))
    , m_writer(writerOptions(m_options))
    , m_journal(m_writer)
    , m_kernel(
          m_options.run + QStringLiteral("/kernel-seqnum"),
          [this](JournalEntry entry) { m_writer.append(std::move(entry)); })
    , m_source(QStringList{transientFolder(m_options)} + m_options.unitPaths)
{
}

Daemon::~Daemon() = default;

Result<void> Daemon::prepareFolders()
{
    QStringList folders{
        m_options.run, transientFolder(m_options), m_options.persistentUnits(),
        m_options.runtimeUnits()};
    for (const QString &socket : std::as_const(m_options.privateSockets))
        folders.append(QFileInfo(socket).path());
    for (const QString &folder : std::as_const(folders)) {
        if (!QDir().mkpath(folder))
            return fail(code::io, QStringLiteral("cannot make the folder %1").arg(folder));
    }
    // Two engines on one socket would displace each other without a word.
    m_lock = std::make_unique<QLockFile>(m_options.run + QStringLiteral("/unitd.lock"));
    m_lock->setStaleLockTime(0);
    if (!m_lock->tryLock())
        return fail(
            code::conflict, QStringLiteral("another unit engine runs in %1").arg(m_options.run));
    // What an engine before this one has made lives no more.
    QDir transient(transientFolder(m_options));
    for (const QString &name : transient.entryList(QDir::Files))
        transient.remove(name);
    return {};
}

Result<void> Daemon::openDoors()
{
    const QStringList sockets =
        QStringList{m_options.run + QStringLiteral("/unitd.sock")} + m_options.privateSockets;
    for (const QString &socket : sockets) {
        if (auto open = m_face->listen(socket); !open)
            return open;
    }
    return {};
}

Result<void> Daemon::start()
{
    if (auto prepared = prepareFolders(); !prepared)
        return prepared;
    // Units run without a journal rather than not at all; what they say is lost then.
    if (const auto writing = m_writer.start(); !writing)
        qCCritical(lcUnits).noquote() << "no journal:" << writing.error().text();
    if (!m_options.kernelLog.isEmpty()) {
        if (const auto reading = m_kernel.open(m_options.kernelLog); !reading)
            qCWarning(lcUnits).noquote() << "no kernel log:" << reading.error().text();
    }
    m_driver = std::make_unique<LinuxDriver>(
        LinuxDriver::Parts{&m_journal, &m_clock}, openProcessGroups(m_options.run));
    m_driver->keepStamps(m_options.stamps);
    m_driver->keepHiding(m_options.run + QStringLiteral("/hiding"));
    const QString notifications = m_options.run + QStringLiteral("/notify");
    if (const auto open = m_driver->listenForNotifications(notifications); !open)
        return open;
    const Moment began{quint64(m_clock.wallUs()), quint64(m_clock.monotonicMs()) * 1000};
    m_manager = std::make_unique<Manager>(
        Manager::Parts{&m_source, m_driver.get(), &m_journal, &m_clock, &m_random},
        Manager::Options{
            serviceEnvironment(), machineSpecifiers(), bootUs(), !m_options.power.isEmpty()});
    m_driver->setEngine(m_manager.get(), [this] { m_manager->run(); });
    m_manager->mountsChanged();
    m_manager->swapsChanged();
    bus::UnitFiles::Folders folders;
    folders.search = m_options.unitPaths;
    folders.persistent = m_options.persistentUnits();
    folders.runtime = m_options.runtimeUnits();
    m_face = std::make_unique<bus::Face>(*m_manager, bus::UnitFiles(folders), m_clock);
    m_face->beganAt(began);
    m_face->isContainer(m_options.isContainer);
    m_face->keepTransient(transientFolder(m_options));
    connect(m_manager.get(), &Manager::jobRemoved, this, [this] { onJobRemoved(); });
    connect(m_manager.get(), &Manager::unitChanged, this, [this] {
        if (m_stopping)
            goOnStopping();
    });
    if (!m_options.power.isEmpty()) {
        connect(m_manager.get(), &Manager::powerAsked, this, [this](const QString &verb) {
            if (const auto done = power(verb); !done)
                qCWarning(lcUnits).noquote() << done.error().text();
        });
        m_face->keepPower([this](const QString &verb) { return power(verb); });
    }
    if (auto open = openDoors(); !open)
        return open;
    qCInfo(lcUnits).noquote() << "ready; processes are tracked" << m_driver->tracking();
    if (!m_options.systemBus.isEmpty())
        m_face->joinBus(m_options.systemBus);
    startTarget();
    return {};
}

void Daemon::startTarget()
{
    JobRequest request;
    request.unit = m_options.target;
    if (!m_options.target.isEmpty()) {
        if (const auto job = m_manager->enqueue(request); !job)
            qCWarning(lcUnits).noquote()
                << "cannot start" << m_options.target << ':' << job.error().text();
    }
    onJobRemoved(); // there may be nothing to wait for
}

void Daemon::onJobRemoved()
{
    if (!m_started && m_manager->jobs().isEmpty()) {
        m_started = true;
        m_face->startupFinished();
    }
    if (m_stopping)
        goOnStopping();
}

Result<void> Daemon::power(const QString &verb)
{
    if (verb == u"suspend" || verb == u"hibernate")
        return tellMachine(verb);
    m_lastWord = verb;
    stop();
    return {};
}

Result<void> Daemon::tellMachine(const QString &verb) const
{
    QFile pipe(m_options.power);
    if (!pipe.open(QIODevice::WriteOnly | QIODevice::Unbuffered | QIODevice::ExistingOnly) ||
        pipe.write(verb.toLatin1() + '\n') < 0)
        return fail(
            code::io, QStringLiteral("cannot tell the machine to %1: %2 of %3")
                          .arg(verb, pipe.errorString(), m_options.power));
    return {};
}

void Daemon::stop()
{
    if (m_stopping)
        return;
    m_stopping = true;
    m_face->stopping();
    m_manager->stopping();
    stopUnits();
    goOnStopping();
}

/// Stop jobs for all at once: they are ordered among each other as their units are.
void Daemon::stopUnits()
{
    const QList<const Unit *> units = m_manager->units();
    QStringList running;
    for (const Unit *unit : units) {
        if (isRunning(*unit))
            running.append(unit->id);
    }
    for (const QString &name : std::as_const(running)) {
        JobRequest request;
        request.type = JobType::Stop;
        request.unit = name;
        request.mode = JobMode::ReplaceIrreversibly;
        const auto job = m_manager->enqueue(request);
        if (!job && m_manager->unit(name))
            qCWarning(lcUnits).noquote() << "cannot stop" << name << ':' << job.error().text();
    }
}

bool Daemon::isBusy() const
{
    const QList<const Unit *> units = m_manager->units();
    return !m_manager->jobs().isEmpty() ||
           std::any_of(
               units.begin(), units.end(), [](const Unit *unit) { return isRunning(*unit); });
}

void Daemon::goOnStopping()
{
    if (m_finishing || isBusy())
        return;
    m_finishing = true;
    // What the last units said is read before the journal is closed.
    QMetaObject::invokeMethod(
        this,
        [this] {
            m_writer.finish([this] {
                if (!m_lastWord.isEmpty())
                    (void)tellMachine(m_lastWord);
                Q_EMIT ended();
            });
        },
        Qt::QueuedConnection);
}

} // namespace qd::units
