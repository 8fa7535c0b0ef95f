// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/bus/errors.h"
#include "agent/units/bus/unit_files.h"
#include "tests/support/proof.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

using namespace qd::units::bus;

class TestUnitFiles : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void enablingMakesTheLinksOfInstall();
    void disablingRemovesThem();
    void alsoIsEnabledToo();
    void anInstanceIsEnabledThroughItsTemplate();
    void aUnitWithoutInstallIsStatic();
    void aPathOutsideIsLinkedAndEnabled();
    void aMaskedUnitIsRefused();
    void maskingNeverHidesAFileUnasked();
    void runtimeLinksLiveUnderRun();
    void theHighestFolderWins();
    void anAliasIsALink();
    void theDefaultTargetIsALink();
    void revertBringsTheVendorsFileBack();

private:
    QString path(const QString &relative) const { return m_dir->filePath(relative); }
    void write(const QString &relative, const QByteArray &text)
    {
        QDir().mkpath(QFileInfo(path(relative)).path());
        QFile file(path(relative));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(text);
    }
    QString state(const QString &name) const
    {
        return m_files->state(name).value_or(QStringLiteral("none"));
    }
    QString target(const QString &relative) const { return QFile::symLinkTarget(path(relative)); }

    std::unique_ptr<QTemporaryDir> m_dir;
    std::unique_ptr<UnitFiles> m_files;
};

namespace {
const QByteArray kHello = "[Unit]\nDescription=Hello World\n[Service]\nExecStart=/bin/true\n"
                          "[Install]\nWantedBy=multi-user.target\n";
}

void TestUnitFiles::init()
{
    m_dir = std::make_unique<QTemporaryDir>();
    const QString etc = path(QStringLiteral("etc"));
    const QString run = path(QStringLiteral("run"));
    const QString lib = path(QStringLiteral("lib"));
    for (const QString &dir : {etc, run, lib})
        QDir().mkpath(dir);
    m_files = std::make_unique<UnitFiles>(UnitFiles::Folders{{etc, run, lib}, etc, run});
}

void TestUnitFiles::enablingMakesTheLinksOfInstall()
{
    QD_PROVES("S23", "S42");
    write(QStringLiteral("etc/hello.service"), kHello);
    QCOMPARE(state(QStringLiteral("hello.service")), QStringLiteral("disabled"));
    const auto done = m_files->enable({QStringLiteral("hello.service")}, false, false);
    QVERIFY(done.has_value());
    QVERIFY(done->carriesInstallInfo);
    QCOMPARE(done->changes.size(), 1);
    QCOMPARE(done->changes.first().type, QStringLiteral("symlink"));
    QCOMPARE(
        target(QStringLiteral("etc/multi-user.target.wants/hello.service")),
        path(QStringLiteral("etc/hello.service")));
    QCOMPARE(state(QStringLiteral("hello.service")), QStringLiteral("enabled"));
    // A second time there is nothing to do.
    QVERIFY(m_files->enable({QStringLiteral("hello.service")}, false, false)->changes.isEmpty());
    const auto missing = m_files->enable({QStringLiteral("gone.service")}, false, false);
    QCOMPARE(missing.error().code, error::noSuchUnit);
    QCOMPARE(missing.error().message, QStringLiteral("Unit file gone.service does not exist."));
}

void TestUnitFiles::disablingRemovesThem()
{
    QD_PROVES("S47");
    write(QStringLiteral("etc/hello.service"), kHello);
    QVERIFY(m_files->enable({QStringLiteral("hello.service")}, false, false).has_value());
    const auto done = m_files->disable({QStringLiteral("hello.service")}, false);
    QVERIFY(done.has_value());
    QCOMPARE(done->size(), 1);
    QCOMPARE(done->first().type, QStringLiteral("unlink"));
    QVERIFY(!QFileInfo::exists(path(QStringLiteral("etc/multi-user.target.wants"))));
    QCOMPARE(state(QStringLiteral("hello.service")), QStringLiteral("disabled"));
    QVERIFY(QFileInfo::exists(path(QStringLiteral("etc/hello.service"))));
}

void TestUnitFiles::alsoIsEnabledToo()
{
    QD_PROVES("S60");
    write(QStringLiteral("etc/a.service"), "[Install]\nRequiredBy=x.target\nAlso=b.socket\n");
    write(QStringLiteral("etc/b.socket"), "[Install]\nWantedBy=sockets.target\nAlso=a.service\n");
    QVERIFY(m_files->enable({QStringLiteral("a.service")}, false, false).has_value());
    QCOMPARE(state(QStringLiteral("a.service")), QStringLiteral("enabled"));
    QCOMPARE(state(QStringLiteral("b.socket")), QStringLiteral("enabled"));
    QVERIFY(!target(QStringLiteral("etc/x.target.requires/a.service")).isEmpty());
    QVERIFY(m_files->disable({QStringLiteral("a.service")}, false).has_value());
    QCOMPARE(state(QStringLiteral("b.socket")), QStringLiteral("disabled"));
}

void TestUnitFiles::anInstanceIsEnabledThroughItsTemplate()
{
    write(
        QStringLiteral("lib/apache@.service"),
        "[Install]\nWantedBy=multi-user.target\nDefaultInstance=80\nAlias=www-%i.service\n");
    QVERIFY(m_files->enable({QStringLiteral("apache@8080.service")}, false, false).has_value());
    QVERIFY(m_files->enable({QStringLiteral("apache@.service")}, false, false).has_value());
    const QString file = path(QStringLiteral("lib/apache@.service"));
    QCOMPARE(target(QStringLiteral("etc/multi-user.target.wants/apache@8080.service")), file);
    QCOMPARE(target(QStringLiteral("etc/multi-user.target.wants/apache@80.service")), file);
    QCOMPARE(target(QStringLiteral("etc/www-8080.service")), file);
    QCOMPARE(state(QStringLiteral("apache@8080.service")), QStringLiteral("enabled"));
    QCOMPARE(state(QStringLiteral("apache@9.service")), QStringLiteral("disabled"));
}

void TestUnitFiles::aUnitWithoutInstallIsStatic()
{
    QD_PROVES("S42");
    write(QStringLiteral("lib/plain.service"), "[Service]\nExecStart=/bin/true\n");
    write(QStringLiteral("lib/also.service"), "[Install]\nAlso=plain.service\n");
    QCOMPARE(state(QStringLiteral("plain.service")), QStringLiteral("static"));
    QCOMPARE(state(QStringLiteral("also.service")), QStringLiteral("indirect"));
    const auto done = m_files->enable({QStringLiteral("plain.service")}, false, false);
    QVERIFY(done.has_value());
    QVERIFY(!done->carriesInstallInfo);
    QVERIFY(done->changes.isEmpty());
    QCOMPARE(m_files->state(QStringLiteral("no.service")).error().code, error::fileNotFound);
}

void TestUnitFiles::aPathOutsideIsLinkedAndEnabled()
{
    QD_PROVES("S21");
    write(QStringLiteral("opt/x.service"), kHello);
    const QString file = path(QStringLiteral("opt/x.service"));
    QVERIFY(m_files->link({file}, true, false).has_value());
    QCOMPARE(state(QStringLiteral("x.service")), QStringLiteral("linked-runtime"));
    QVERIFY(m_files->enable({file}, false, false).has_value());
    QCOMPARE(target(QStringLiteral("etc/x.service")), file);
    QCOMPARE(target(QStringLiteral("etc/multi-user.target.wants/x.service")), file);
    QCOMPARE(state(QStringLiteral("x.service")), QStringLiteral("enabled"));
    QVERIFY(m_files->disable({QStringLiteral("x.service")}, false).has_value());
    QVERIFY(m_files->disable({QStringLiteral("x.service")}, true).has_value());
    QCOMPARE(state(QStringLiteral("x.service")), QStringLiteral("none"));
    QCOMPARE(
        m_files->link({QStringLiteral("relative.service")}, true, false).error().code,
        error::invalidArgs);
}

void TestUnitFiles::aMaskedUnitIsRefused()
{
    QD_PROVES("U-44");
    write(QStringLiteral("lib/m.service"), kHello);
    QVERIFY(m_files->mask({QStringLiteral("m.service")}, true, false).has_value());
    QCOMPARE(state(QStringLiteral("m.service")), QStringLiteral("masked-runtime"));
    QVERIFY(m_files->mask({QStringLiteral("m.service")}, false, false).has_value());
    QCOMPARE(state(QStringLiteral("m.service")), QStringLiteral("masked"));
    const auto refused = m_files->enable({QStringLiteral("m.service")}, false, false);
    QCOMPARE(refused.error().code, error::unitMasked);
    QVERIFY(m_files->unmask({QStringLiteral("m.service")}, false).has_value());
    QVERIFY(m_files->unmask({QStringLiteral("m.service")}, true).has_value());
    QCOMPARE(state(QStringLiteral("m.service")), QStringLiteral("disabled"));
}

void TestUnitFiles::maskingNeverHidesAFileUnasked()
{
    write(QStringLiteral("etc/real.service"), kHello);
    const auto refused = m_files->mask({QStringLiteral("real.service")}, false, false);
    QCOMPARE(refused.error().code, error::unitExists);
    QVERIFY(refused.error().message.endsWith(QStringLiteral("/real.service already exists.")));
    QCOMPARE(state(QStringLiteral("real.service")), QStringLiteral("disabled"));
}

void TestUnitFiles::runtimeLinksLiveUnderRun()
{
    write(QStringLiteral("lib/hello.service"), kHello);
    QVERIFY(m_files->enable({QStringLiteral("hello.service")}, true, false).has_value());
    QVERIFY(!target(QStringLiteral("run/multi-user.target.wants/hello.service")).isEmpty());
    QCOMPARE(state(QStringLiteral("hello.service")), QStringLiteral("enabled-runtime"));
}

void TestUnitFiles::theHighestFolderWins()
{
    QD_PROVES("S41");
    write(QStringLiteral("lib/hello.service"), "[Service]\nExecStart=/bin/true\n");
    write(QStringLiteral("etc/hello.service"), kHello);
    const QList<Pair> all = m_files->list();
    QCOMPARE(all.size(), 1);
    QCOMPARE(all.first().first, path(QStringLiteral("etc/hello.service")));
    QCOMPARE(all.first().second, QStringLiteral("disabled"));
}

void TestUnitFiles::anAliasIsALink()
{
    write(QStringLiteral("lib/real.service"), kHello + "Alias=other.service\n");
    QVERIFY(m_files->enable({QStringLiteral("real.service")}, false, false).has_value());
    QCOMPARE(state(QStringLiteral("other.service")), QStringLiteral("alias"));
    QVERIFY(m_files->disable({QStringLiteral("real.service")}, false).has_value());
    QCOMPARE(state(QStringLiteral("other.service")), QStringLiteral("none"));
}

void TestUnitFiles::theDefaultTargetIsALink()
{
    QD_PROVES("S12");
    write(QStringLiteral("lib/multi-user.target"), "[Unit]\n");
    write(QStringLiteral("lib/other.target"), "[Unit]\n");
    QVERIFY(QFile::link(
        path(QStringLiteral("lib/multi-user.target")), path(QStringLiteral("lib/default.target"))));
    QCOMPARE(*m_files->defaultTarget(), QStringLiteral("multi-user.target"));
    QVERIFY(m_files->setDefaultTarget(QStringLiteral("other.target"), true).has_value());
    QCOMPARE(*m_files->defaultTarget(), QStringLiteral("other.target"));
    QVERIFY(!m_files->setDefaultTarget(QStringLiteral("no.target"), true).has_value());
}

void TestUnitFiles::revertBringsTheVendorsFileBack()
{
    write(QStringLiteral("lib/hello.service"), kHello);
    write(QStringLiteral("etc/hello.service"), "[Service]\nExecStart=/bin/false\n");
    write(QStringLiteral("etc/hello.service.d/10-x.conf"), "[Service]\nNice=1\n");
    write(QStringLiteral("etc/own.service"), kHello);
    const auto done =
        m_files->revert({QStringLiteral("hello.service"), QStringLiteral("own.service")});
    QVERIFY(done.has_value());
    QCOMPARE(done->size(), 2);
    QVERIFY(!QFileInfo::exists(path(QStringLiteral("etc/hello.service"))));
    QVERIFY(!QFileInfo::exists(path(QStringLiteral("etc/hello.service.d"))));
    QVERIFY(QFileInfo::exists(path(QStringLiteral("etc/own.service"))));
}

QD_TEST_MAIN(TestUnitFiles)
#include "tst_unit_files.moc"
