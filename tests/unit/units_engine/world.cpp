// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/units_engine/world.h"

#include "shared/unitfile/unit_name.h"

#include <csignal>

namespace qd::units::test {

FoundUnit FakeSource::find(const QString &name) const
{
    FoundUnit out;
    out.id = aliases.value(name, name);
    const QString key = files.contains(out.id) ? out.id : unitfile::templateOf(out.id);
    if (files.contains(key)) {
        out.state = FoundUnit::Present;
        out.fragment = {QStringLiteral("/etc/systemd/system/") + key, files.value(key)};
        if (dropIns.contains(out.id))
            out.dropIns = {
                {QStringLiteral("/etc/systemd/system/") + out.id + QStringLiteral(".d/x.conf"),
                 dropIns.value(out.id)}};
    }
    if (masked.contains(out.id))
        out.state = FoundUnit::Masked;
    out.wants = wants.value(out.id);
    out.requirements = requirements.value(out.id);
    out.stamp = stamp(name);
    return out;
}

QByteArray FakeSource::stamp(const QString &name) const
{
    const QString id = aliases.value(name, name);
    const QString key = files.contains(id) ? id : unitfile::templateOf(id);
    return files.value(key) + dropIns.value(id);
}

Result<QByteArray> FakeSource::read(const QString &path) const
{
    if (!others.contains(path))
        return fail(code::notFound, QStringLiteral("No such file or directory"));
    return others.value(path);
}

void FakeJournal::entry(const QList<JournalField> &fields)
{
    QMap<QByteArray, QByteArray> out;
    for (const JournalField &field : fields)
        out.insert(field.name, field.value);
    entries.append(out);
}

Result<qint32> FakeDriver::spawn(const SpawnRequest &request)
{
    if (refusesToSpawn)
        return fail(code::io, QStringLiteral("Resource temporarily unavailable"));
    requests.append(request);
    if (onSpawn)
        onSpawn(request);
    Process process{++m_lastPid,          request.unit,         request.controlGroup,
                    request.command.path, request.command.argv, request.environment,
                    request.invocationId};
    running.insert(process.pid, process);
    log.append(QStringLiteral("run %1 %2").arg(request.unit, request.command.argv.join(u' ')));
    const QString &path = process.path;
    if (path != u"/bin/missing")
        m_executed.push_back(process.pid);
    if (path == u"/bin/true")
        end(process.pid, CLD_EXITED, 0);
    else if (path == u"/bin/false")
        end(process.pid, CLD_EXITED, 1);
    else if (path == u"/bin/exit")
        end(process.pid, CLD_EXITED, process.argv.value(1).toInt());
    else if (path == u"/bin/die")
        end(process.pid, CLD_KILLED, process.argv.value(1).toInt());
    else if (path == u"/bin/missing")
        end(process.pid, CLD_EXITED, 203);
    if (path == u"/bin/parent" || path == u"/bin/daemon") {
        Process child = process;
        child.pid = ++m_lastPid;
        child.path = QStringLiteral("/bin/background");
        running.insert(child.pid, child);
    }
    if (path == u"/bin/daemon")
        end(process.pid, CLD_EXITED, 0);
    return process.pid;
}

bool FakeDriver::take(qint32 pid, int signalNumber)
{
    if (!running.contains(pid))
        return false;
    log.append(QStringLiteral("signal %1 %2 %3")
                   .arg(QString::number(signalNumber), running[pid].unit, running[pid].path));
    const QString path = running[pid].path;
    const bool minds =
        path != u"/bin/undead" &&
        (path != u"/bin/stubborn" || signalNumber == SIGKILL || signalNumber == SIGQUIT);
    if (minds && signalNumber != 0)
        end(pid, CLD_KILLED, signalNumber);
    return true;
}

bool FakeDriver::signalProcess(qint32 pid, int signalNumber)
{
    return take(pid, signalNumber);
}

bool FakeDriver::signalGroup(
    const QString &controlGroup, int signalNumber, const QList<qint32> &except)
{
    bool any = false;
    for (const qint32 pid : processes(controlGroup)) {
        if (!except.contains(pid))
            any = take(pid, signalNumber) || any;
    }
    return any;
}

QList<qint32> FakeDriver::processes(const QString &controlGroup) const
{
    QList<qint32> out;
    for (const Process &process : running) {
        if (process.group == controlGroup)
            out.append(process.pid);
    }
    return out;
}

void FakeDriver::releaseGroup(const QString &controlGroup)
{
    log.append(QStringLiteral("release %1").arg(controlGroup));
}

/// Conditions hold when their parameter says "yes", or names what exists.
bool FakeDriver::test(const Condition &condition) const
{
    if (condition.type == u"ConditionPathIsSymbolicLink")
        return links.contains(condition.parameter);
    return condition.parameter.contains(u"yes") || existing.contains(condition.parameter);
}

std::optional<UserInfo> FakeDriver::user(const QString &nameOrId) const
{
    if (nameOrId != u"core")
        return std::nullopt;
    return UserInfo{
        QStringLiteral("core"),     500, 500, QStringLiteral("core"), QStringLiteral("/home/core"),
        QStringLiteral("/bin/bash")};
}

void FakeDriver::end(qint32 pid, int code, int status)
{
    const Process process = running.take(pid);
    if (process.pid != 0)
        m_ended.push_back({pid, ProcessEnd{code, status}, process.group});
}

bool FakeDriver::deliver(DriverEvents &engine)
{
    if (!m_executed.empty()) {
        const qint32 pid = m_executed.front();
        m_executed.pop_front();
        engine.processExecuted(pid);
        return true;
    }
    if (m_ended.empty())
        return false;
    const Ended ended = m_ended.front();
    m_ended.pop_front();
    if (!silent.contains(ended.pid))
        engine.processEnded(ended.pid, ended.end);
    const bool last = processes(ended.group).isEmpty();
    if (last && std::none_of(m_ended.begin(), m_ended.end(), [&ended](const Ended &other) {
            return other.group == ended.group;
        }))
        engine.groupEmptied(ended.group);
    return true;
}

Result<void> FakeDriver::openSockets(const QString &unit, const SocketSettings &)
{
    if (refusesToListen)
        return fail(code::io, QStringLiteral("Address already in use"));
    log.append(QStringLiteral("open ") + unit);
    open.insert(unit);
    return {};
}

Result<void> FakeDriver::ownSockets(const QString &unit, const SocketSettings &socket)
{
    if (!socket.user.isEmpty() && !user(socket.user))
        return fail(code::notFound, QStringLiteral("no user ") + socket.user);
    log.append(QStringLiteral("own %1 %2 %3").arg(unit, socket.user, socket.group));
    return {};
}

void FakeDriver::flushSockets(const QString &unit)
{
    log.append(QStringLiteral("flush ") + unit);
    waiting.remove(unit);
}

void FakeDriver::closeSockets(const QString &unit, const SocketSettings &)
{
    if (open.remove(unit))
        log.append(QStringLiteral("close ") + unit);
}

void FakeDriver::dropConnection(quint64 connection)
{
    log.append(QStringLiteral("drop %1").arg(connection));
}

Result<void> FakeDriver::openAutomount(const QString &unit, const AutomountSettings &)
{
    automounts.insert(unit);
    return {};
}

void FakeDriver::answerAutomount(const QString &unit, quint32 token, bool done)
{
    log.append(QStringLiteral("answer %1 %2 %3")
                   .arg(unit)
                   .arg(token)
                   .arg(done ? QStringLiteral("done") : QStringLiteral("failed")));
}

void FakeDriver::closeAutomount(const QString &unit)
{
    automounts.remove(unit);
}

Result<void>
FakeDriver::adoptProcesses(const QString &controlGroup, const QList<qint32> &pids, const QString &)
{
    if (tracksByDescent)
        return fail(code::unsupported, QStringLiteral("by control groups alone"));
    for (const qint32 pid : pids)
        running.insert(pid, Process{pid, QString(), controlGroup, QString(), {}, {}, {}});
    return {};
}

World::World(quint64 seed)
    : random(seed)
    , manager(
          Manager::Parts{&source, &driver, &journal, &clock, &random},
          Manager::Options{{QStringLiteral("PATH=/usr/bin")}, {}, 0, true})
{
    QObject::connect(&manager, &Manager::jobAdded, &manager, [this](quint32 id, const QString &u) {
        news.append(QStringLiteral("job %1 %2").arg(id).arg(u));
    });
    QObject::connect(
        &manager, &Manager::jobRemoved, &manager,
        [this](quint32 id, const QString &u, JobResult result) {
            results.insert(id, result);
            news.append(QStringLiteral("ended %1 %2 %3").arg(id).arg(u, toText(result)));
        });
    QObject::connect(&manager, &Manager::unitChanged, &manager, [this](const QString &u) {
        news.append(QStringLiteral("unit %1 %2").arg(u, state(u)));
    });
    QObject::connect(&manager, &Manager::unitRemoved, &manager, [this](const QString &u) {
        news.append(QStringLiteral("removed %1").arg(u));
    });
    settle();
}

World &World::file(const QString &name, const QByteArray &text)
{
    source.files[name] = text.startsWith('[') ? text : "[Service]\n" + text;
    return *this;
}

Result<JobId> World::ask(JobType type, const QString &unit, JobMode mode)
{
    JobRequest request;
    request.type = type;
    request.unit = unit;
    request.mode = mode;
    return manager.enqueue(request);
}

QString World::start(const QString &unit, JobMode mode)
{
    const auto job = ask(JobType::Start, unit, mode);
    settle();
    return job ? resultOf(*job) : job.error().code;
}

QString World::stop(const QString &unit, JobMode mode)
{
    const auto job = ask(JobType::Stop, unit, mode);
    settle();
    return job ? resultOf(*job) : job.error().code;
}

QString World::restart(const QString &unit)
{
    const auto job = ask(JobType::Restart, unit);
    settle();
    return job ? resultOf(*job) : job.error().code;
}

QString World::reload(const QString &unit)
{
    const auto job = ask(JobType::Reload, unit);
    settle();
    return job ? resultOf(*job) : job.error().code;
}

QString World::resultOf(JobId job) const
{
    return results.contains(job) ? toText(results.value(job)) : QStringLiteral("pending");
}

void World::settle()
{
    for (int i = 0; i < 100'000; ++i) {
        if (driver.woken) {
            driver.woken = false;
            manager.run();
        } else if (!driver.deliver(manager)) {
            // What nobody has taken is told again and again.
            const QSet<QString> told = driver.waiting & driver.listening;
            if (told.isEmpty())
                return;
            manager.socketReady(*told.begin());
        }
    }
    qFatal("the engine does not come to rest");
}

void World::advance(qint64 ms)
{
    const qint64 end = clock.ms + ms;
    for (;;) {
        QString due;
        for (auto it = driver.timers.begin(); it != driver.timers.end(); ++it) {
            if (it.value() <= end && (due.isEmpty() || it.value() < driver.timers[due]))
                due = it.key();
        }
        if (due.isEmpty())
            break;
        clock.ms = std::max(clock.ms, driver.timers.take(due));
        manager.timerFired(due);
        settle();
    }
    clock.ms = end;
}

void World::touch(const QString &path)
{
    driver.existing.insert(path);
    tellPaths(path);
}

void World::remove(const QString &path)
{
    driver.existing.remove(path);
    tellPaths(path);
}

void World::write(const QString &path)
{
    driver.existing.insert(path);
    tellPaths(path);
}

/// As the driver does: `touched` for a path that waits for changes and was there before.
void World::tellPaths(const QString &path)
{
    const QSet<QString> watched = driver.watched;
    for (const QString &name : watched) {
        bool touched = false;
        for (const PathLine &line : unit(name).path.lines) {
            const bool isEdge = line.kind == PathKind::Changed || line.kind == PathKind::Modified;
            touched = touched || (isEdge && line.path == path && line.existed);
        }
        manager.pathChanged(name, touched);
        settle();
    }
}

void World::knock(const QString &unit)
{
    driver.waiting.insert(unit);
    settle();
}

void World::mounted(const QString &what, const QString &where, const QString &type)
{
    driver.table.append(MountPoint{what, where, type, QStringLiteral("rw,relatime")});
    manager.mountsChanged();
    settle();
}

void World::unmounted(const QString &where)
{
    for (qsizetype i = driver.table.size() - 1; i >= 0; --i) {
        if (driver.table[i].where == where) {
            driver.table.removeAt(i); // the last one that was mounted there
            break;
        }
    }
    manager.mountsChanged();
    settle();
}

void World::swapped(const QString &what, bool on)
{
    driver.areas.removeIf([&](const SwapArea &area) { return area.what == what; });
    if (on)
        driver.areas.append(SwapArea{what, -2});
    manager.swapsChanged();
    settle();
}

void World::lookAt(const QString &unit, quint32 token)
{
    manager.automountAsked(unit, AutomountRequest{token, 4711, false});
    settle();
}

void World::expire(const QString &unit, quint32 token)
{
    manager.automountAsked(unit, AutomountRequest{token, 0, true});
    settle();
}

void World::connectFrom(const QString &address, const QString &unit)
{
    Connection connection;
    connection.id = ++lastConnection;
    connection.source = address;
    connection.remotePort = QString::number(40'000 + connection.id);
    connection.instance = QStringLiteral("10.0.0.1:22-%1:%2").arg(address, connection.remotePort);
    connection.peer = QStringLiteral("%1:%2").arg(address, connection.remotePort);
    manager.connectionCame(unit, connection);
    settle();
}

void World::setClock(qint64 byMs)
{
    clock.setForwardUs += byMs * 1000;
    manager.clockChanged();
    settle();
}

void World::exit(const QString &unit, int status)
{
    driver.end(mainPid(unit), CLD_EXITED, status);
    settle();
}

void World::killed(const QString &unit, int signalNumber)
{
    driver.end(mainPid(unit), CLD_KILLED, signalNumber);
    settle();
}

void World::notify(const QString &unit, const QByteArray &message)
{
    manager.processNotified(mainPid(unit), message);
    settle();
}

QString World::state(const QString &name) const
{
    const Unit *unit = manager.unit(name);
    return unit ? toText(unit->active) + u'/' + unit->sub : QStringLiteral("gone");
}

const Unit &World::unit(const QString &name) const
{
    static const Unit none;
    const Unit *unit = manager.unit(name);
    return unit ? *unit : none;
}

qint32 World::mainPid(const QString &name) const
{
    const ServiceRuntime &run = unit(name).run;
    return run.mainPid > 0 ? run.mainPid : run.controlPid;
}

int World::processCount(const QString &name) const
{
    int count = 0;
    for (const Process &process : driver.running)
        count += process.unit == name;
    return count;
}

QStringList World::runs() const
{
    QStringList out;
    for (const QString &line : driver.log) {
        if (line.startsWith(u"run "))
            out.append(line.mid(4));
    }
    return out;
}

QStringList World::said(const QString &name) const
{
    QStringList out;
    for (const auto &entry : journal.entries) {
        if (entry.value("UNIT") == name.toUtf8())
            out.append(QString::fromUtf8(entry.value("MESSAGE")));
    }
    return out;
}

bool World::wasSaid(const QString &sentence) const
{
    for (const auto &entry : journal.entries) {
        if (QString::fromUtf8(entry.value("MESSAGE")).contains(sentence))
            return true;
    }
    return false;
}

} // namespace qd::units::test
