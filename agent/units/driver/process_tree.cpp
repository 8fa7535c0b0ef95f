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
        for (const pid_t pid : procChildren(getpid())) {
            if (groupOf(pid) == group)
                collect(pid, out);
        }
        return out;
    }

    /// Of a child of the engine, which every process becomes whose parents have ended.
    QString groupOf(pid_t pid) const override
    {
        auto known = m_members.constFind(pid);
        if (known == m_members.constEnd())
            known = m_members.insert(pid, byMarks(pid));
        return *known;
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

    mutable QHash<pid_t, QString> m_members; ///< children of the engine; looked up once
    QSet<QString> m_groups;
    QHash<pid_t, QString> m_sessions;
    QHash<QByteArray, QString> m_invocations;
};

} // namespace

std::unique_ptr<ProcessGroups> openProcessTree()
{
    return std::make_unique<ProcessTree>();
}

} // namespace qd::units
