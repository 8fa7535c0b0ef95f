// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/mount_plan.h"

#include <QFile>
#include <QMap>
#include <sys/mount.h>

namespace qd::units {

namespace {

using Kind = MountStep::Kind;

/// What an option makes of a path; of two for the same path the first one here counts.
enum class Effect { Hidden, Bind, Memory, Devices, Proc, ReadOnly, Writable, AsItIs };

struct Entry {
    Effect effect = Effect::AsItIs;
    QString source;
    QString options;
    bool recursive = true;
    bool readOnly = false; ///< of Bind and Memory
    bool isFolder = true;
    bool isOptional = false; ///< what cannot be protected is left as it is
};

bool isBelow(const QString &path, const QString &top)
{
    return top == u"/" || path == top || path.startsWith(top + u'/');
}

class Planner {
public:
    Planner(const Sandbox &sandbox, const MountScene &scene)
        : m_sandbox(sandbox)
        , m_scene(scene)
    {
    }

    MountPlan plan()
    {
        collect();
        m_mounts = m_scene.mounts;
        m_mounts.removeIf([this](const QString &mount) { return isCovered(mount); });
        for (auto it = m_entries.cbegin(); it != m_entries.cend(); ++it) {
            if (!isHidden(it.key()))
                lay(it.key(), *it);
        }
        for (const QString &path : m_execs.keys())
            ownMount(path);
        close();
        forbidExec();
        setPropagation();
        return std::move(m_plan);
    }

private:
    // what the options ask for
    void collect()
    {
        collectSystem();
        collectHome();
        collectKernel();
        collectDevices();
        if (!m_scene.tmp.isEmpty()) {
            add(QStringLiteral("/tmp"), {Effect::Bind, m_scene.tmp});
            add(QStringLiteral("/var/tmp"), {Effect::Bind, m_scene.varTmp});
        }
        for (const SandboxPath &path : m_sandbox.readWrite)
            addNamed(path, Effect::Writable);
        for (const QString &path : m_scene.ownFolders)
            addIfThere(path, Effect::Writable);
        for (const SandboxPath &path : m_sandbox.readOnly)
            addNamed(path, Effect::ReadOnly);
        for (const SandboxPath &path : m_sandbox.inaccessible)
            addNamed(path, Effect::Hidden);
        for (const MemoryFolder &folder : m_sandbox.memory)
            add(folder.path, memory(folder));
        for (const BindMount &bind : m_sandbox.binds)
            addBind(bind);
        for (const SandboxPath &path : m_sandbox.exec)
            addExec(path, true);
        for (const SandboxPath &path : m_sandbox.noExec)
            addExec(path, false);
        m_plan.insists = !m_sandbox.binds.isEmpty() || !m_sandbox.memory.isEmpty();
    }

    void collectSystem()
    {
        if (m_sandbox.system == ProtectSystem::Strict) {
            add(QStringLiteral("/"), {Effect::ReadOnly});
            for (const char *path : {"/proc", "/sys", "/dev", "/home", "/root", "/run/user"})
                addIfThere(QLatin1String(path), Effect::AsItIs);
            return;
        }
        if (m_sandbox.system == ProtectSystem::No)
            return;
        for (const char *path : {"/usr", "/boot", "/efi"})
            addIfThere(QLatin1String(path), Effect::ReadOnly);
        if (m_sandbox.system == ProtectSystem::Full)
            addIfThere(QStringLiteral("/etc"), Effect::ReadOnly);
    }

    void collectHome()
    {
        if (m_sandbox.home == ProtectHome::No)
            return;
        for (const char *name : {"/home", "/root", "/run/user"}) {
            const QString path = QLatin1String(name);
            if (m_sandbox.home == ProtectHome::ReadOnly)
                addIfThere(path, Effect::ReadOnly);
            else if (m_sandbox.home == ProtectHome::Yes)
                addIfThere(path, Effect::Hidden);
            else if (m_scene.look(path))
                add(path, memory({path, QStringLiteral("ro")}));
        }
    }

    void collectKernel()
    {
        const auto all = [this](std::initializer_list<const char *> paths, Effect effect) {
            for (const char *path : paths)
                addIfThere(QLatin1String(path), effect);
        };
        if (m_sandbox.protectKernelTunables) {
            all({"/proc/acpi", "/proc/apm", "/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq",
                 "/proc/latency_stats", "/proc/mtrr", "/proc/scsi", "/proc/sys",
                 "/proc/sysrq-trigger", "/proc/timer_stats", "/sys"},
                Effect::ReadOnly);
            all({"/proc/kallsyms", "/proc/kcore"}, Effect::Hidden);
        }
        if (m_sandbox.protectKernelModules)
            all({"/lib/modules", "/usr/lib/modules"}, Effect::Hidden);
        if (m_sandbox.protectKernelLogs)
            all({"/proc/kmsg", "/dev/kmsg"}, Effect::Hidden);
        if (m_sandbox.protectControlGroups)
            all({"/sys/fs/cgroup"}, Effect::ReadOnly);
        QStringList proc;
        if (m_sandbox.protectProc != u"default")
            proc.append(QStringLiteral("hidepid=") + m_sandbox.protectProc);
        if (m_sandbox.procSubset != u"all")
            proc.append(QStringLiteral("subset=") + m_sandbox.procSubset);
        if (!proc.isEmpty())
            add(QStringLiteral("/proc"), {Effect::Proc, {}, proc.join(u',')});
    }

    void collectDevices()
    {
        if (m_sandbox.privateDevices)
            add(QStringLiteral("/dev"), {Effect::Devices});
    }

    static Entry memory(const MemoryFolder &folder)
    {
        QStringList options = folder.options.split(u',', Qt::SkipEmptyParts);
        Entry out{Effect::Memory};
        out.readOnly = options.removeAll(QStringLiteral("ro")) > 0;
        options.removeAll(QStringLiteral("rw"));
        options.prepend(QStringLiteral("mode=0755"));
        out.options = options.join(u',');
        return out;
    }

    void addBind(const BindMount &bind)
    {
        const auto source = m_scene.look(bind.source);
        if (!source)
            return miss({bind.source, bind.optional});
        Entry entry{Effect::Bind, source->path};
        entry.recursive = bind.recursive;
        entry.readOnly = bind.readOnly;
        entry.isFolder = source->isFolder;
        const auto target = m_scene.look(bind.target);
        add(target ? target->path : bind.target, entry);
    }

    void addExec(const SandboxPath &path, bool mayExec)
    {
        if (const auto there = m_scene.look(path.path))
            m_execs.insert(there->path, mayExec);
        else
            miss(path);
    }

    void miss(const SandboxPath &path)
    {
        if (!path.optional && m_plan.missing.isEmpty())
            m_plan.missing = path.path;
    }

    void addNamed(const SandboxPath &path, Effect effect)
    {
        if (!addIfThere(path.path, effect, path.optional))
            miss(path);
    }

    bool addIfThere(const QString &path, Effect effect, bool isOptional = true)
    {
        const auto there = m_scene.look(path);
        if (!there)
            return false;
        Entry entry{effect};
        entry.isFolder = there->isFolder;
        entry.isOptional = isOptional;
        add(there->path, entry);
        return true;
    }

    void add(const QString &path, const Entry &entry)
    {
        const auto before = m_entries.constFind(path);
        if (before == m_entries.cend() || entry.effect <= before->effect)
            m_entries.insert(path, entry);
    }

    // the mounts
    bool isHidden(const QString &path) const
    {
        return std::any_of(m_entries.keyBegin(), m_entries.keyEnd(), [&](const QString &top) {
            return top != path && m_entries.value(top).effect == Effect::Hidden &&
                   isBelow(path, top);
        });
    }

    /// What is mounted now lies below something new.
    bool isCovered(const QString &mount) const
    {
        for (auto it = m_entries.cbegin(); it != m_entries.cend(); ++it) {
            const bool isNew = it->effect == Effect::Bind || it->effect == Effect::Memory ||
                               it->effect == Effect::Devices || it->effect == Effect::Proc;
            if (isNew && mount != it.key() && isBelow(mount, it.key()))
                return true;
        }
        return false;
    }

    MountStep &step(Kind kind, const QString &source, const QString &target)
    {
        m_plan.steps.push_back({kind, QFile::encodeName(source), QFile::encodeName(target), {}});
        return m_plan.steps.back();
    }

    void ownMount(const QString &path, bool isOptional = false)
    {
        if (m_mounts.contains(path) || m_made.contains(path))
            return;
        step(Kind::BindAll, path, path).isOptional = isOptional;
        m_made.append(path);
    }

    void makeTarget(const QString &path, bool isFolder)
    {
        const QStringList parts = path.split(u'/', Qt::SkipEmptyParts);
        QString at;
        for (qsizetype i = 0; i < parts.size(); ++i) {
            at += u'/' + parts.at(i);
            const bool isLast = i + 1 == parts.size();
            step(isLast && !isFolder ? Kind::File : Kind::Folder, {}, at).isOptional = true;
        }
    }

    void lay(const QString &path, const Entry &entry)
    {
        switch (entry.effect) {
        case Effect::AsItIs:
            return;
        case Effect::ReadOnly:
        case Effect::Writable:
            return ownMount(path, entry.isOptional);
        case Effect::Hidden:
            step(
                Kind::Bind,
                m_scene.hiding + (entry.isFolder ? QStringLiteral("/dir") : QStringLiteral("/reg")),
                path)
                .isOptional = entry.isOptional;
            break;
        case Effect::Bind:
            makeTarget(path, entry.isFolder);
            step(entry.recursive ? Kind::BindAll : Kind::Bind, entry.source, path);
            if (entry.readOnly)
                step(Kind::ReadOnlyAll, {}, path);
            break;
        case Effect::Memory:
            makeTarget(path, true);
            step(Kind::Memory, {}, path).options = entry.options.toUtf8();
            break;
        case Effect::Proc:
            step(Kind::Proc, {}, path).options = entry.options.toUtf8();
            break;
        case Effect::Devices:
            layDevices(path);
            break;
        }
        m_made.append(path);
    }

    /// Nothing but what every program may use: systemd's list.
    void layDevices(const QString &path)
    {
        const QString &at = m_scene.staging;
        step(Kind::Memory, {}, at).options = "mode=0755";
        for (const char *name : {"null", "zero", "full", "random", "urandom", "tty"}) {
            const QString device = QLatin1Char('/') + QLatin1String(name);
            step(Kind::File, {}, at + device);
            step(Kind::Bind, path + device, at + device);
        }
        for (const char *name : {"pts", "shm", "mqueue", "hugepages"}) {
            const QString folder = QLatin1Char('/') + QLatin1String(name);
            if (!m_scene.look(path + folder))
                continue;
            step(Kind::Folder, {}, at + folder);
            step(Kind::BindAll, path + folder, at + folder);
        }
        const auto link = [&](const char *name, const char *to) {
            step(Kind::Link, QLatin1String(to), at + QLatin1Char('/') + QLatin1String(name));
        };
        link("ptmx", "pts/ptmx");
        link("fd", "/proc/self/fd");
        link("stdin", "/proc/self/fd/0");
        link("stdout", "/proc/self/fd/1");
        link("stderr", "/proc/self/fd/2");
        link("core", "/proc/kcore");
        link("log", "/run/systemd/journal/dev-log");
        step(Kind::Move, at, path);
    }

    /// The entry that speaks for a mount: the nearest one above it.
    const Entry *nearest(const QString &mount) const
    {
        const Entry *out = nullptr;
        for (auto it = m_entries.cbegin(); it != m_entries.cend(); ++it) {
            if (isBelow(mount, it.key()))
                out = &*it; // in order: the longest one is the last
        }
        return out;
    }

    QStringList allMounts() const
    {
        QStringList out = m_mounts + m_made;
        out.removeDuplicates();
        out.sort();
        return out;
    }

    void close()
    {
        for (const QString &mount : allMounts()) {
            const Entry *entry = nearest(mount);
            const bool isOwn = m_entries.contains(mount);
            if (entry == nullptr || isHidden(mount))
                continue;
            const bool isClosed = entry->effect == Effect::ReadOnly ||
                                  (isOwn && entry->effect == Effect::Memory && entry->readOnly) ||
                                  (isOwn && entry->effect == Effect::Hidden);
            if (isClosed)
                step(Kind::ReadOnly, {}, mount).isOptional = !isOwn || entry->isOptional;
        }
    }

    void forbidExec()
    {
        for (const QString &mount : m_execs.isEmpty() ? QStringList() : allMounts()) {
            std::optional<bool> mayExec;
            for (auto it = m_execs.cbegin(); it != m_execs.cend(); ++it) {
                if (isBelow(mount, it.key()))
                    mayExec = *it;
            }
            if (mayExec && !*mayExec)
                step(Kind::NoExec, {}, mount).isOptional = !m_execs.contains(mount);
            else if (mayExec && m_execs.contains(mount))
                step(Kind::Exec, {}, mount);
        }
    }

    void setPropagation()
    {
        const QString &flags = m_sandbox.mountFlags;
        m_plan.propagation = flags == u"private" ? MS_PRIVATE
                             : flags == u"slave" ? MS_SLAVE
                                                 : MS_SHARED;
    }

    const Sandbox &m_sandbox;
    const MountScene &m_scene;
    QMap<QString, Entry> m_entries;
    QMap<QString, bool> m_execs;
    QStringList m_mounts; ///< that are there, and still seen
    QStringList m_made;   ///< that are new
    MountPlan m_plan;
};

} // namespace

bool needsOwnMounts(const Sandbox &sandbox)
{
    return sandbox.privateTmp || sandbox.privateDevices || sandbox.privateMounts ||
           sandbox.privateIpc || sandbox.protectKernelTunables || sandbox.protectKernelModules ||
           sandbox.protectKernelLogs || sandbox.protectControlGroups ||
           sandbox.system != ProtectSystem::No || sandbox.home != ProtectHome::No ||
           sandbox.protectProc != u"default" || sandbox.procSubset != u"all" ||
           !sandbox.readWrite.isEmpty() || !sandbox.readOnly.isEmpty() ||
           !sandbox.inaccessible.isEmpty() || !sandbox.exec.isEmpty() ||
           !sandbox.noExec.isEmpty() || !sandbox.binds.isEmpty() || !sandbox.memory.isEmpty() ||
           sandbox.mountFlags == u"slave" || sandbox.mountFlags == u"private";
}

MountPlan planMounts(const Sandbox &sandbox, const MountScene &scene)
{
    return Planner(sandbox, scene).plan();
}

} // namespace qd::units
