// SPDX-License-Identifier: GPL-3.0-or-later
// The lines of a unit file that shut its processes in (systemd.exec(5)).
#include "agent/units/engine/sandbox_setters.h"
#include "tests/support/proof.h"
#include "tests/unit/units_engine/world.h"

#include <linux/capability.h>

using namespace qd::units;
using namespace qd::units::test;

namespace {

/// What a service with these lines has.
ExecSettings execOf(const QByteArray &lines)
{
    World world;
    world.file("a.service", "[Service]\nExecStart=/bin/true\n" + lines);
    return (*world.manager.load(QStringLiteral("a.service")))->exec;
}

quint64 set(std::initializer_list<int> numbers)
{
    quint64 out = 0;
    for (const int number : numbers)
        out |= quint64(1) << number;
    return out;
}

} // namespace

class TestSandboxOptions : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void pathsWithTheirMarks()
    {
        const Sandbox sandbox =
            execOf("ReadWritePaths=/a -/b\nReadWritePaths=+/c/ relative\nReadOnlyPaths=/x\n"
                   "ReadOnlyPaths=\nInaccessibleDirectories=-/old\n")
                .sandbox;
        QCOMPARE(
            sandbox.readWrite, (QList<SandboxPath>{{"/a", false}, {"/b", true}, {"/c", false}}));
        QVERIFY(sandbox.readOnly.isEmpty());
        QCOMPARE(sandbox.inaccessible, (QList<SandboxPath>{{"/old", true}}));
    }
    void bindsHaveFourForms()
    {
        const Sandbox sandbox = execOf("BindPaths=/a /b:/c -/d:/e:norbind /f:/g:wrong\n"
                                       "BindReadOnlyPaths=/h::rbind\n")
                                    .sandbox;
        QCOMPARE(
            sandbox.binds, (QList<BindMount>{
                               {"/a", "/a", false, true, false},
                               {"/b", "/c", false, true, false},
                               {"/d", "/e", true, false, false},
                               {"/h", "/h", false, true, true}}));
    }
    void wordsAndSwitches()
    {
        const Sandbox sandbox =
            execOf("ProtectSystem=strict\nProtectHome=read-only\nPrivateTmp=on\n"
                   "ProtectProc=invisible\nProcSubset=pid\nMountFlags=slave\n"
                   "ProtectSystem=bogus\nTemporaryFileSystem=/var:ro,size=1m /x\n")
                .sandbox;
        QCOMPARE(sandbox.system, ProtectSystem::Strict);
        QCOMPARE(sandbox.home, ProtectHome::ReadOnly);
        QVERIFY(sandbox.privateTmp);
        QCOMPARE(sandbox.protectProc, "invisible");
        QCOMPARE(sandbox.mountFlags, "slave");
        QCOMPARE(sandbox.memory, (QList<MemoryFolder>{{"/var", "ro,size=1m"}, {"/x", ""}}));
    }
    void aPrivateTmpNeedsItsMounts()
    {
        World world;
        world.file("a.service", "[Service]\nExecStart=/bin/true\nPrivateTmp=yes\n");
        const Unit &unit = **world.manager.load(QStringLiteral("a.service"));
        QCOMPARE(unit.settings.requiresMountsFor, QStringList{"/var/tmp"});
        QVERIFY(unit.dependencyNames(Dependency::Wants).contains("tmp.mount"));
        QVERIFY(unit.dependencyNames(Dependency::After).contains("tmp.mount"));
    }
    void capabilitiesAddUp_data()
    {
        QTest::addColumn<QByteArray>("lines");
        QTest::addColumn<quint64>("bounding");
        const auto row = [](const char *lines, quint64 bounding) {
            QTest::newRow(lines) << QByteArray(lines) << bounding;
        };
        const auto line = [](const QByteArray &value) {
            return "CapabilityBoundingSet=" + value + '\n';
        };
        row("", kAllCapabilities);
        row(line("CAP_CHOWN cap_kill"), set({CAP_CHOWN, CAP_KILL}));
        row(line("CAP_CHOWN") + line("CAP_KILL"), set({CAP_CHOWN, CAP_KILL}));
        row(line("CAP_CHOWN CAP_NOT_THERE"), set({CAP_CHOWN}));
        row(line("~CAP_SYS_ADMIN"), kAllCapabilities & ~set({CAP_SYS_ADMIN}));
        row(line("~CAP_SYS_ADMIN") + line("~CAP_CHOWN"),
            kAllCapabilities & ~set({CAP_SYS_ADMIN, CAP_CHOWN}));
        row(line("CAP_CHOWN CAP_KILL") + line("~CAP_KILL"), set({CAP_CHOWN}));
        row(line(""), 0);
        row(line("~"), kAllCapabilities);
        row("PrivateDevices=yes\n", kAllCapabilities & ~set({CAP_MKNOD, CAP_SYS_RAWIO}));
        row("ProtectKernelLogs=yes\n" + line("CAP_SYSLOG CAP_KILL"), set({CAP_KILL}));
    }
    void capabilitiesAddUp()
    {
        QFETCH(QByteArray, lines);
        QFETCH(quint64, bounding);
        QCOMPARE(boundingSet(execOf(lines).sandbox), bounding);
    }
    void ambientOnesBeginWithNone()
    {
        QCOMPARE(execOf("").sandbox.ambient, 0u);
        QCOMPARE(
            execOf("AmbientCapabilities=CAP_NET_RAW\nAmbientCapabilities=CAP_KILL\n")
                .sandbox.ambient,
            set({CAP_NET_RAW, CAP_KILL}));
        QCOMPARE(
            execOf("AmbientCapabilities=CAP_KILL\nAmbientCapabilities=\n").sandbox.ambient, 0u);
    }
};

QD_TEST_MAIN(TestSandboxOptions)
#include "tst_sandbox_options.moc"
