// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/proc.h"
#include "agent/units/driver/process_groups.h"
#include "shared/base/log.h"

#include <QFile>
#include <QHash>
#include <QSet>
#include <csignal>
#include <unistd.h>

namespace qd::units {

namespace {

constexpr int kMostKillRounds = 50;
constexpr qint64 kMostRecord = 1024 * 1024;

/// Ends what units of an earlier engine left running: nobody would look after it.
void endLeftovers(const QByteArrayList &invocations)
{
    const QSet<QByteArray> old(invocations.begin(), invocations.end());
    for (int round = 0; round < kMostKillRounds; ++round) {
        bool any = false;
        for (const pid_t pid : allProcesses()) {
            const QByteArray id = procEnvironment(pid, "INVOCATION_ID");
            if (!id.isEmpty() && old.contains(id))
                any = ::kill(pid, SIGKILL) == 0 || any;
        }
        if (!any)
            return;
        usleep(2000);
    }
}

/// Tracks processes without control groups: the engine is their subreaper, so every process of a
/// unit descends from it. What lost its parent is known by its session, its process group or the
/// invocation id in its environment.
class ProcessTree final : public ProcessGroups {
public:
    /// The invocations are kept in a file of the run folder, for an engine that comes after this
    /// one was killed.
    explicit ProcessTree(const QString &runFolder)
        : m_record(runFolder + QStringLiteral("/unitd.invocations"))
    {
        if (runFolder.isEmpty())
            return;
        if (m_record.open(QIODevice::ReadOnly))
            endLeftovers(m_record.readAll().split('\n'));
        m_record.close();
        if (!m_record.open(QIODevice::WriteOnly | QIODevice::Truncate | QIODevice::Unbuffered))
            qCWarning(lcUnits).noquote() << "cannot write" << m_record.fileName();
    }

    Result<std::vector<int>> prepare(const QString &group) override
    {
        m_groups.insert(group);
        return std::vector<int>();
    }

    void started(const QString &group, pid_t pid, const QString &invocationId) override
    {
        m_members.insert(pid, group);
        // Its session lives on in what it leaves behind.
        m_sessions.insert(pid, group);
        const QByteArray id = invocationId.toLatin1();
        if (id.isEmpty() || m_invocations.contains(id))
            return;
        m_invocations.insert(id, group);
        if (m_record.isOpen())
            m_record.write(id + '\n');
    }

    void ended(pid_t pid) override { m_members.remove(pid); }

    QList<qint32> processes(const QString &group) const override
    {
        QList<qint32> out;
        if (!m_groups.contains(group))
            return out;
        for (const pid_t pid : procChildren(getpid())) {
            if (groupOf(pid) == group)
                collect(pid, out);
        }
        return out;
    }

    /// Of a child of the engine, which every process becomes whose parents have ended.
    QString groupOf(pid_t pid) const override
    {
        if (const auto known = m_members.constFind(pid); known != m_members.constEnd())
            return *known;
        const QString group = byMarks(pid);
        // In the middle of its execve() a process shows no environment: looked up again then.
        if (!group.isEmpty())
            m_members.insert(pid, group);
        return group;
    }

    void release(const QString &group) override
    {
        m_groups.remove(group);
        const auto isOfGroup = [&](const auto &entry) { return entry.value() == group; };
        m_sessions.removeIf(isOfGroup);
        m_invocations.removeIf(isOfGroup);
        if (m_record.isOpen() && m_record.size() > kMostRecord && m_record.resize(0)) {
            m_record.seek(0);
            m_record.write(m_invocations.keys().join('\n') + '\n');
        }
    }

    QString description() const override { return QStringLiteral("by descent"); }

private:
    static void collect(pid_t pid, QList<qint32> &out)
    {
        const auto stat = procStat(pid);
        if (stat && stat->state != 'Z' && stat->state != 'X')
            out.append(pid);
        for (const pid_t child : procChildren(pid))
            collect(child, out);
    }

    QString byMarks(pid_t pid) const
    {
        const auto stat = procStat(pid);
        if (!stat)
            return {};
        for (const pid_t mark : {stat->session, stat->processGroup}) {
            if (const auto it = m_sessions.constFind(mark); it != m_sessions.constEnd())
                return *it;
        }
        return m_invocations.value(procEnvironment(pid, "INVOCATION_ID"));
    }

    mutable QHash<pid_t, QString> m_members; ///< children of the engine whose group is known
    QSet<QString> m_groups;
    QHash<pid_t, QString> m_sessions;
    QHash<QByteArray, QString> m_invocations;
    QFile m_record;
};

} // namespace

std::unique_ptr<ProcessGroups> openProcessTree(const QString &runFolder)
{
    return std::make_unique<ProcessTree>(runFolder);
}

} // namespace qd::units
