// SPDX-License-Identifier: GPL-3.0-or-later
// What a sandbox makes of the mounts that a process sees (systemd.exec(5)).
#include "agent/units/driver/mount_plan.h"
#include "tests/support/proof.h"

#include <sys/mount.h>

using namespace qd::units;
using Kind = MountStep::Kind;

namespace {

/// A machine with some mounts, on which every path but /missing... is there, and /file... no
/// folder.
MountScene scene(const QStringList &mounts = {"/", "/proc", "/sys", "/dev", "/run"})
{
    MountScene out;
    out.mounts = mounts;
    out.look = [](const QString &path) -> std::optional<PathSight> {
        if (path.startsWith(u"/missing"))
            return std::nullopt;
        if (path == u"/link")
            return PathSight{QStringLiteral("/data"), true};
        return PathSight{path, !path.startsWith(u"/file")};
    };
    out.hiding = QStringLiteral("/hiding");
    out.staging = QStringLiteral("/staging");
    return out;
}

/// "bind-all /a /a", in order; what may fail has a question mark.
QStringList told(const MountPlan &plan)
{
    static const QStringList names{"bind",   "bind-all", "memory", "proc", "ro",   "ro-all",
                                   "noexec", "exec",     "folder", "file", "link", "move"};
    QStringList out;
    for (const MountStep &step : plan.steps) {
        QStringList words{
            names.at(int(step.kind)) + (step.isOptional ? QStringLiteral("?") : QString())};
        for (const QByteArray &word : {step.source, step.target, step.options}) {
            if (!word.isEmpty())
                words.append(QString::fromUtf8(word));
        }
        out.append(words.join(u' '));
    }
    return out;
}

QStringList only(const QStringList &steps, const QString &what)
{
    return steps.filter(what);
}

} // namespace

class TestMountPlan : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void nothingIsAskedOfAPlainService();
    void aReadOnlyFolderIsAMountOfItsOwn();
    void strictLeavesWhatIsSaidWritable();
    void theNearestPathSpeaksForAMount();
    void whatIsHiddenHidesWhatIsBelow();
    void aLinkIsFollowed();
    void whatIsMissingIsNamed();
    void bindsAndMemory();
    void whatIsCoveredIsNoMountAnyMore();
    void devicesArePreparedAside();
    void programsMayBeForbidden();
    void otherViewsOfProc();
    void propagationIsAsItIsAsked();
};

void TestMountPlan::nothingIsAskedOfAPlainService()
{
    Sandbox sandbox;
    QVERIFY(!needsOwnMounts(sandbox));
    sandbox.noNewPrivileges = sandbox.privateNetwork = sandbox.protectHostname = true;
    sandbox.mountFlags = QStringLiteral("shared");
    QVERIFY(!needsOwnMounts(sandbox));
    QVERIFY(planMounts(sandbox, scene()).steps.empty());
    sandbox.privateMounts = true;
    QVERIFY(needsOwnMounts(sandbox));
}

void TestMountPlan::aReadOnlyFolderIsAMountOfItsOwn()
{
    Sandbox sandbox;
    sandbox.readOnly = {{QStringLiteral("/data")}, {QStringLiteral("/run")}};
    QCOMPARE(
        told(planMounts(sandbox, scene())),
        (QStringList{"bind-all /data /data", "ro /data", "ro /run"}));
    sandbox.readOnly = {};
    sandbox.system = ProtectSystem::Full;
    QCOMPARE(
        only(told(planMounts(sandbox, scene())), "ro"),
        (QStringList{"ro? /boot", "ro? /efi", "ro? /etc", "ro? /usr"}));
}

void TestMountPlan::strictLeavesWhatIsSaidWritable()
{
    Sandbox sandbox;
    sandbox.system = ProtectSystem::Strict;
    sandbox.readWrite = {{QStringLiteral("/data")}};
    MountScene machine = scene({"/", "/proc", "/proc/bus", "/dev", "/mnt", "/data/deep", "/home"});
    machine.ownFolders = QStringList{QStringLiteral("/var/lib/own")};
    QCOMPARE(
        told(planMounts(sandbox, machine)),
        (QStringList{
            "bind-all /data /data", "bind-all? /var/lib/own /var/lib/own", "ro /", "ro? /mnt"}));
}

void TestMountPlan::theNearestPathSpeaksForAMount()
{
    Sandbox sandbox;
    sandbox.readOnly = {{QStringLiteral("/a")}, {QStringLiteral("/a/b/c")}};
    sandbox.readWrite = {{QStringLiteral("/a/b")}};
    const auto steps =
        told(planMounts(sandbox, scene({"/", "/a/x", "/a/b/y", "/a/b/c/z", "/a-b"})));
    QCOMPARE(only(steps, "ro"), (QStringList{"ro /a", "ro /a/b/c", "ro? /a/b/c/z", "ro? /a/x"}));
}

void TestMountPlan::whatIsHiddenHidesWhatIsBelow()
{
    Sandbox sandbox;
    sandbox.inaccessible = {{QStringLiteral("/data")}, {QStringLiteral("/file")}};
    sandbox.readWrite = {{QStringLiteral("/data/below")}};
    sandbox.readOnly = {{QStringLiteral("/data")}};
    QCOMPARE(
        told(planMounts(sandbox, scene({"/", "/data/mount"}))),
        (QStringList{"bind /hiding/dir /data", "bind /hiding/reg /file", "ro /data", "ro /file"}));
}

void TestMountPlan::aLinkIsFollowed()
{
    Sandbox sandbox;
    sandbox.readOnly = {{QStringLiteral("/link")}};
    QCOMPARE(only(told(planMounts(sandbox, scene())), "ro"), QStringList{"ro /data"});
}

void TestMountPlan::whatIsMissingIsNamed()
{
    Sandbox sandbox;
    sandbox.readWrite = {{QStringLiteral("/missing-1"), true}};
    QVERIFY(planMounts(sandbox, scene()).missing.isEmpty());
    sandbox.inaccessible = {{QStringLiteral("/missing-2"), false}};
    QCOMPARE(planMounts(sandbox, scene()).missing, "/missing-2");
}

void TestMountPlan::bindsAndMemory()
{
    Sandbox sandbox;
    sandbox.binds = {{"/source", "/a/b", false, true, false}, {"/file", "/c", false, false, true}};
    sandbox.memory = {{"/cache", "size=1m,ro"}};
    const MountPlan plan = planMounts(sandbox, scene());
    QVERIFY(plan.insists); // without them it would see other files
    QCOMPARE(
        told(plan),
        (QStringList{
            "folder? /a", "folder? /a/b", "bind-all /source /a/b", "file? /c", "bind /file /c",
            "ro-all /c", "folder? /cache", "memory /cache mode=0755,size=1m", "ro /cache"}));
}

void TestMountPlan::whatIsCoveredIsNoMountAnyMore()
{
    Sandbox sandbox;
    sandbox.protectProc = QStringLiteral("invisible");
    sandbox.readOnly = {{QStringLiteral("/proc/sys")}};
    QCOMPARE(
        told(planMounts(sandbox, scene({"/", "/proc", "/proc/sys"}))),
        (QStringList{
            "proc /proc hidepid=invisible", "bind-all /proc/sys /proc/sys", "ro /proc/sys"}));
}

void TestMountPlan::devicesArePreparedAside()
{
    Sandbox sandbox;
    sandbox.privateDevices = true;
    sandbox.protectKernelLogs = true;
    const auto steps = told(planMounts(sandbox, scene()));
    QCOMPARE(steps.first(), "memory /staging mode=0755");
    QVERIFY(steps.contains("bind /dev/null /staging/null"));
    QVERIFY(steps.contains("link pts/ptmx /staging/ptmx"));
    // What is not among the private ones need not be hidden.
    QVERIFY(steps.indexOf("move /staging /dev") < steps.indexOf("bind? /hiding/dir /dev/kmsg"));
}

void TestMountPlan::programsMayBeForbidden()
{
    Sandbox sandbox;
    sandbox.noExec = {{QStringLiteral("/")}};
    sandbox.exec = {{QStringLiteral("/usr")}};
    QCOMPARE(
        told(planMounts(sandbox, scene({"/", "/run", "/usr/deep"}))),
        (QStringList{"bind-all /usr /usr", "noexec /", "noexec? /run", "exec /usr"}));
}

void TestMountPlan::otherViewsOfProc()
{
    Sandbox sandbox;
    sandbox.protectProc = QStringLiteral("invisible");
    sandbox.procSubset = QStringLiteral("pid");
    QCOMPARE(
        told(planMounts(sandbox, scene())), QStringList{"proc /proc hidepid=invisible,subset=pid"});
}

void TestMountPlan::propagationIsAsItIsAsked()
{
    Sandbox sandbox;
    sandbox.privateTmp = true;
    QCOMPARE(planMounts(sandbox, scene()).propagation, MS_SHARED);
    sandbox.mountFlags = QStringLiteral("slave");
    QCOMPARE(planMounts(sandbox, scene()).propagation, MS_SLAVE);
    sandbox.mountFlags = QStringLiteral("private");
    QCOMPARE(planMounts(sandbox, scene()).propagation, MS_PRIVATE);
}

QD_TEST_MAIN(TestMountPlan)
#include "tst_mount_plan.moc"
