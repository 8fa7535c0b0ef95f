// SPDX-License-Identifier: GPL-3.0-or-later
// The lines of a unit file that shut its processes in (systemd.exec(5)).
#include "agent/units/engine/sandbox_setters.h"
#include "agent/units/engine/syscall_groups.h"
#include "tests/support/proof.h"
#include "tests/unit/units_engine/world.h"

#include <linux/capability.h>
#include <linux/sched.h>

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
    void aListOfCallsAllowsOrForbids_data()
    {
        QTest::addColumn<QByteArray>("lines");
        QTest::addColumn<bool>("allows");
        QTest::addColumn<QStringList>("named");
        const auto row = [](const char *lines, bool allows, const char *named) {
            QTest::newRow(lines) << QByteArray(lines) << allows
                                 << QString::fromLatin1(named).split(u' ', Qt::SkipEmptyParts);
        };
        row("SystemCallFilter=~chmod @swap\n", false, "chmod swapoff swapon");
        row("SystemCallFilter=~chmod:EPERM swapon:7\n", false, "chmod:EPERM swapon:E2BIG");
        row("SystemCallFilter=~@swap\nSystemCallFilter=swapon\n", false, "swapoff");
        row("SystemCallFilter=~chmod\nSystemCallFilter=\nSystemCallFilter=~kill\n", false, "kill");
        row("SystemCallFilter=~no-such @no-such chmod:NOERROR\n", false, "");
        row("SystemCallFilter=~chmod:kill\tkill:0\n", false, "chmod:kill kill:0");
        row("SystemCallLog=chmod\n", true, "");
    }
    void aListOfCallsAllowsOrForbids()
    {
        QFETCH(QByteArray, lines);
        QFETCH(bool, allows);
        QFETCH(QStringList, named);
        const SyscallRules rules = execOf(lines).sandbox.syscalls;
        const bool isLog = lines.startsWith("SystemCallLog");
        QCOMPARE((isLog ? rules.log : rules.filter).allows, allows);
        QCOMPARE(toTexts(rules.filter), named);
        QCOMPARE(toTexts(rules.log), isLog ? QStringList{QStringLiteral("chmod")} : QStringList());
    }
    void aListThatAllowsHasWhatEveryProgramNeeds()
    {
        const auto filter =
            execOf("SystemCallFilter=@file-system\nSystemCallFilter=~@chown mkdir\n")
                .sandbox.syscalls.filter;
        QVERIFY(filter.isSet && filter.allows);
        for (const char *const call : {"execve", "exit_group", "openat", "chmod"})
            QVERIFY2(filter.named.contains(QLatin1String(call)), call);
        for (const char *const call : {"mkdir", "chown", "socket"})
            QVERIFY2(!filter.named.contains(QLatin1String(call)), call);
    }
    void everyMemberOfAGroupIsKnown()
    {
        for (const char *const group :
             {"@default", "@system-service", "@privileged", "@resources"}) {
            const QStringList *const members = syscallGroup(QLatin1String(group));
            QVERIFY2(members != nullptr && members->size() > 5, group);
            for (const QString &member : *members)
                QVERIFY2(isSyscall(member) || syscallGroup(member) != nullptr, qPrintable(member));
        }
    }
    void familiesAndNamespaces()
    {
        const auto rules = [](const QByteArray &lines) { return execOf(lines).sandbox.syscalls; };
        QVERIFY(!rules("").families.isSet);
        const auto two = rules("RestrictAddressFamilies=AF_UNIX AF_INET AF_NONE\n").families;
        QVERIFY(two.allows);
        QCOMPARE(toTexts(two), (QStringList{"AF_INET", "AF_UNIX"}));
        const auto none = rules("RestrictAddressFamilies=none\n").families;
        QVERIFY(none.isSet && none.allows && none.named.isEmpty());
        QVERIFY(!restrictsNamespaces(rules("")));
        QVERIFY(!restrictsNamespaces(rules("RestrictNamespaces=no\n")));
        QCOMPARE(rules("RestrictNamespaces=yes\n").namespaces, 0u);
        QCOMPARE(
            rules("RestrictNamespaces=net\nRestrictNamespaces=uts\n").namespaces,
            quint64(CLONE_NEWNET | CLONE_NEWUTS));
        QCOMPARE(rules("RestrictNamespaces=~net\n").namespaces & CLONE_NEWNET, 0u);
        QCOMPARE(
            rules("RestrictNamespaces=~net\nRestrictNamespaces=nonsense\n").namespaces,
            rules("RestrictNamespaces=~net\n").namespaces);
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
