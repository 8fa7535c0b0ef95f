// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/proc.h"
#include "agent/units/driver/process_groups.h"

#include <QHash>
#include <QSet>
#include <unistd.h>

namespace qd::units {

namespace {

/// Tracks processes without control groups: the engine is their subreaper, so every process of a
/// unit descends from it. What lost its parent is known by its session, its process group or the
/// invocation id in its environment.
class ProcessTree final : public ProcessGroups {
public:
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
        if (!invocationId.isEmpty())
            m_invocations.insert(invocationId.toLatin1(), group);
    }

    void ended(pid_t pid) override { m_members.remove(pid); }

    QList<qint32> processes(const QString &group) const override
    {
        QList<qint32> out;
        if (!m_groups.contains(group))
            return out;
        const QHash<pid_t, ProcStat> all = livingProcesses();
        QHash<pid_t, QString> known;
        for (auto it = all.begin(); it != all.end(); ++it) {
            if (find(it.key(), all, known) == group)
                out.append(it.key());
        }
        return out;
    }

    QString groupOf(pid_t pid) const override
    {
        if (m_members.contains(pid))
            return m_members.value(pid);
        const auto stat = procStat(pid);
        return stat ? byMarks(pid, *stat) : QString();
    }

    void release(const QString &group) override
    {
        m_groups.remove(group);
        const auto isOfGroup = [&](const auto &entry) { return entry.value() == group; };
        m_sessions.removeIf(isOfGroup);
        m_invocations.removeIf(isOfGroup);
    }

    QString description() const override { return QStringLiteral("by descent"); }

private:
    /// The group of a process: its own, that of its marks, or its parent's.
    QString find(pid_t pid, const QHash<pid_t, ProcStat> &all, QHash<pid_t, QString> &known) const
    {
        if (const auto it = known.constFind(pid); it != known.constEnd())
            return *it;
        known.insert(pid, QString()); // ends a circle, should numbers be used again meanwhile
        QString group = m_members.value(pid);
        const auto stat = all.constFind(pid);
        if (group.isEmpty() && stat != all.constEnd() && pid != getpid()) {
            if (stat->parent != getpid() && all.contains(stat->parent))
                group = find(stat->parent, all, known);
            else if (stat->parent == getpid())
                group = byMarks(pid, *stat);
        }
        known.insert(pid, group);
        return group;
    }

    QString byMarks(pid_t pid, const ProcStat &stat) const
    {
        for (const pid_t mark : {stat.session, stat.processGroup}) {
            if (const auto it = m_sessions.constFind(mark); it != m_sessions.constEnd())
                return *it;
        }
        return m_invocations.value(procEnvironment(pid, "INVOCATION_ID"));
    }

    QSet<QString> m_groups;
    QHash<pid_t, QString> m_members;
    QHash<pid_t, QString> m_sessions;
    QHash<QByteArray, QString> m_invocations;
};

} // namespace

std::unique_ptr<ProcessGroups> openProcessTree()
{
    return std::make_unique<ProcessTree>();
}

} // namespace qd::units
