// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/driver/conditions.h"
#include "agent/units/driver/unit_folders.h"
#include "tests/support/proof.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <unistd.h>

using namespace qd;
using namespace qd::units;

class TestUnitFolders : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void theHighestFolderWinsWithTheDropInsOfAll();
    void aLinkToNowhereMasks();
    void aLinkIsAnAlias();
    void aTemplateServesItsInstances();
    void enabledUnitsAreWanted();
    void aChangeOnDiskShowsInTheStamp();
    void conditionsAreOfThisMachine_data();
    void conditionsAreOfThisMachine();

private:
    QString path(const QString &name) const { return m_dir->filePath(name); }
    void write(const QString &name, const QByteArray &text)
    {
        QDir().mkpath(path(name).section(u'/', 0, -2));
        QFile file(path(name));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(text);
    }
    void link(const QString &target, const QString &name)
    {
        QDir().mkpath(path(name).section(u'/', 0, -2));
        QVERIFY(QFile::link(target.startsWith(u'/') ? target : path(target), path(name)));
    }

    std::unique_ptr<QTemporaryDir> m_dir;
    std::unique_ptr<UnitFolders> m_units;
};

void TestUnitFolders::init()
{
    m_dir = std::make_unique<QTemporaryDir>();
    m_units = std::make_unique<UnitFolders>(QStringList{
        path(QStringLiteral("etc")), path(QStringLiteral("run")), path(QStringLiteral("lib"))});
}

void TestUnitFolders::theHighestFolderWinsWithTheDropInsOfAll()
{
    QD_PROVES("S13", "S90");
    write(QStringLiteral("lib/a-b.service"), "lib");
    write(QStringLiteral("run/a-b.service"), "run");
    write(QStringLiteral("lib/a-b.service.d/20.conf"), "lib 20");
    write(QStringLiteral("etc/a-b.service.d/10.conf"), "etc 10");
    write(QStringLiteral("lib/a-b.service.d/10.conf"), "hidden");
    write(QStringLiteral("lib/a-.service.d/15.conf"), "of the prefix");
    write(QStringLiteral("lib/service.d/30.conf"), "of the type");
    write(QStringLiteral("lib/a-b.service.d/40.conf"), "masked");
    link(QStringLiteral("/dev/null"), QStringLiteral("etc/a-b.service.d/40.conf"));
    write(QStringLiteral("lib/a-b.service.d/readme"), "no drop-in");
    const FoundUnit found = m_units->find(QStringLiteral("a-b.service"));
    QCOMPARE(found.state, FoundUnit::Present);
    QCOMPARE(found.fragment.text, "run");
    QByteArrayList texts;
    for (const SourceFile &file : found.dropIns)
        texts.append(file.text);
    QCOMPARE(texts, (QByteArrayList{"etc 10", "of the prefix", "lib 20", "of the type"}));
    QCOMPARE(m_units->find(QStringLiteral("none.service")).state, FoundUnit::Missing);
}

void TestUnitFolders::aLinkToNowhereMasks()
{
    write(QStringLiteral("lib/a.service"), "x");
    link(QStringLiteral("/dev/null"), QStringLiteral("etc/a.service"));
    write(QStringLiteral("etc/empty.service"), "");
    QCOMPARE(m_units->find(QStringLiteral("a.service")).state, FoundUnit::Masked);
    QCOMPARE(m_units->find(QStringLiteral("empty.service")).state, FoundUnit::Masked);
    link(QStringLiteral("/gone/b.service"), QStringLiteral("etc/b.service"));
    QCOMPARE(m_units->find(QStringLiteral("b.service")).state, FoundUnit::Missing);
}

void TestUnitFolders::aLinkIsAnAlias()
{
    write(QStringLiteral("lib/real.service"), "x");
    link(QStringLiteral("lib/real.service"), QStringLiteral("etc/other.service"));
    QCOMPARE(m_units->find(QStringLiteral("other.service")).id, QStringLiteral("real.service"));
    // What lies outside keeps the link's name: a linked unit.
    write(QStringLiteral("else/c.service"), "linked");
    link(QStringLiteral("else/c.service"), QStringLiteral("run/c.service"));
    const FoundUnit linked = m_units->find(QStringLiteral("c.service"));
    QCOMPARE(linked.id, QStringLiteral("c.service"));
    QCOMPARE(linked.fragment.text, "linked");
    QCOMPARE(linked.fragment.path, path(QStringLiteral("else/c.service")));
    link(QStringLiteral("etc/y.service"), QStringLiteral("etc/x.service"));
    link(QStringLiteral("etc/x.service"), QStringLiteral("etc/y.service"));
    QVERIFY(m_units->find(QStringLiteral("x.service")).state != FoundUnit::Present);
}

void TestUnitFolders::aTemplateServesItsInstances()
{
    QD_PROVES("S86", "S87");
    write(QStringLiteral("lib/t@.service"), "template");
    write(QStringLiteral("lib/t@own.service"), "own");
    write(QStringLiteral("lib/t@.service.d/1.conf"), "of all");
    write(QStringLiteral("lib/t@one.service.d/2.conf"), "of one");
    const FoundUnit one = m_units->find(QStringLiteral("t@one.service"));
    QCOMPARE(one.id, QStringLiteral("t@one.service"));
    QCOMPARE(one.fragment.text, "template");
    QCOMPARE(one.dropIns.size(), 2);
    QCOMPARE(m_units->find(QStringLiteral("t@own.service")).fragment.text, "own");
    link(QStringLiteral("lib/t@.service"), QStringLiteral("etc/alias@.service"));
    QCOMPARE(
        m_units->find(QStringLiteral("alias@two.service")).id, QStringLiteral("t@two.service"));
}

void TestUnitFolders::enabledUnitsAreWanted()
{
    QD_PROVES("S11", "S24");
    write(QStringLiteral("lib/m.target"), "x");
    for (const char *name : {"a.service", "t@1.service", "masked.service"})
        link(
            QStringLiteral("/lib/") + QLatin1String(name),
            QStringLiteral("lib/m.target.wants/") + QLatin1String(name));
    link(QStringLiteral("/dev/null"), QStringLiteral("etc/m.target.wants/masked.service"));
    link(QStringLiteral("/lib/r.service"), QStringLiteral("run/m.target.requires/r.service"));
    write(QStringLiteral("run/m.target.wants/not a unit"), "x");
    const FoundUnit found = m_units->find(QStringLiteral("m.target"));
    QCOMPARE(
        found.wants, (QStringList{QStringLiteral("a.service"), QStringLiteral("t@1.service")}));
    QCOMPARE(found.requirements, QStringList{QStringLiteral("r.service")});
}

void TestUnitFolders::aChangeOnDiskShowsInTheStamp()
{
    QD_PROVES("S48");
    write(QStringLiteral("lib/a.service"), "x");
    const QByteArray before = m_units->find(QStringLiteral("a.service")).stamp;
    QCOMPARE(m_units->stamp(QStringLiteral("a.service")), before);
    write(QStringLiteral("lib/a.service"), "xy");
    const QByteArray changed = m_units->stamp(QStringLiteral("a.service"));
    QVERIFY(changed != before);
    write(QStringLiteral("etc/a.service.d/x.conf"), "x");
    QVERIFY(m_units->stamp(QStringLiteral("a.service")) != changed);
    QCOMPARE(m_units->read(path(QStringLiteral("none"))).error().code, code::notFound);
    QCOMPARE(*m_units->read(path(QStringLiteral("lib/a.service"))), "xy");
}

void TestUnitFolders::conditionsAreOfThisMachine_data()
{
    QTest::addColumn<QString>("type");
    QTest::addColumn<QString>("parameter");
    QTest::addColumn<bool>("expected");
    const auto row = [](const char *type, const QString &parameter, bool expected) {
        QTest::addRow("%s %s", type, qPrintable(parameter))
            << QString::fromLatin1(type) << parameter << expected;
    };
    row("ConditionPathExists", QStringLiteral("/proc/self"), true);
    row("AssertPathExists", QStringLiteral("/no/such"), false);
    row("ConditionPathExistsGlob", QStringLiteral("/pro*/self"), true);
    row("ConditionPathExistsGlob", QStringLiteral("/no/such*"), false);
    row("ConditionPathIsDirectory", QStringLiteral("/proc"), true);
    row("ConditionPathIsDirectory", QStringLiteral("/proc/version"), false);
    row("ConditionPathIsSymbolicLink", QStringLiteral("/proc/self"), true);
    row("ConditionPathIsMountPoint", QStringLiteral("/proc"), true);
    row("ConditionPathIsMountPoint", QStringLiteral("/proc/1"), false);
    row("ConditionDirectoryNotEmpty", QStringLiteral("/proc"), true);
    row("ConditionFileIsExecutable", QStringLiteral("/bin/sh"), true);
    row("ConditionFileNotEmpty", QStringLiteral("/dev/null"), false);
    row("ConditionUser", QString::number(getuid()), true);
    row("ConditionUser", QStringLiteral("no-such-user"), false);
    row("ConditionGroup", QString::number(getgid()), true);
    row("ConditionHost", QStringLiteral("no-such-host-*"), false);
    row("ConditionKernelCommandLine", QStringLiteral("no-such-word"), false);
    row("ConditionArchitecture", QStringLiteral("native"), true);
    row("ConditionCPUs", QStringLiteral(">=1"), true);
    row("ConditionCPUs", QStringLiteral("> 100000"), false);
    row("ConditionEnvironment", QStringLiteral("PATH"), true);
    row("ConditionEnvironment", QStringLiteral("PATH=no"), false);
    row("ConditionMemory", QStringLiteral(">1M"), true);
    row("ConditionMemory", QStringLiteral("< 1M"), false);
    row("ConditionKernelVersion", QStringLiteral(">=3.0"), true);
    row("ConditionKernelVersion", QStringLiteral("> 3.0 < 3.1"), false);
    row("ConditionKernelVersion", QStringLiteral("[3-9]*"), true);
    row("ConditionCapability", QStringLiteral("CAP_CHOWN"), true);
    row("ConditionCapability", QStringLiteral("CAP_NOTHING"), false);
    row("ConditionSecurity", QStringLiteral("smack"), false);
    row("ConditionNeedsUpdate", QStringLiteral("/no/such"), false);
    row("ConditionUnheardOf", QStringLiteral("x"), false);
}

void TestUnitFolders::conditionsAreOfThisMachine()
{
    QFETCH(QString, type);
    QFETCH(QString, parameter);
    QFETCH(bool, expected);
    Condition condition;
    condition.type = type;
    condition.parameter = parameter;
    QCOMPARE(holds(condition), expected);
}

QD_TEST_MAIN(TestUnitFolders)
#include "tst_unit_folders.moc"
