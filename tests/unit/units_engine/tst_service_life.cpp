// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/proof.h"
#include "tests/unit/units_engine/world.h"

using namespace qd::units;
using namespace qd::units::test;

/// Stories of single services (ch3-systemd.md 5.1, 5.2).
class TestServiceLife : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aSimpleServiceIsUpAtOnce();
};

void TestServiceLife::aSimpleServiceIsUpAtOnce()
{
    QD_PROVES("S19");
    World w;
    w.file("hello.service", "[Unit]\nDescription=Say hello\n[Service]\nExecStart=/bin/sleep 9\n");
    QCOMPARE(w.start("hello.service"), "done");
    QCOMPARE(w.state("hello.service"), "active/running");
    QCOMPARE(w.said("hello.service"), QStringList{"Started hello.service - Say hello."});
    QCOMPARE(w.stop("hello.service"), "done");
    QCOMPARE(w.state("hello.service"), "gone");
    qDebug() << w.said("hello.service") << w.news;
    for (const Unit *u : w.manager.units())
        qDebug() << u->id << w.state(u->id);
}

QD_TEST_MAIN(TestServiceLife)
#include "tst_service_life.moc"
