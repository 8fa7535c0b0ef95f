// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/run.h"
#include "tests/support/proof.h"
class TestSimulation : public QObject {
    Q_OBJECT
};
QD_TEST_MAIN(TestSimulation)
#include "tst_simulation.moc"
