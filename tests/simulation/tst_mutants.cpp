// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/run.h"
#include "tests/support/proof.h"

#include <QHashSeed>
#include <QLoggingCategory>

using namespace qd::sim;

namespace {

constexpr quint64 kMost = 2'000;

/// The seed that finds it, or 0.
quint64 findingSeed(const NamedMutant &named)
{
    Mutant mutant;
    named.build(mutant);
    if (named.seed != 0 && !runSeed(named.seed, mutant).violation.isEmpty())
        return named.seed;
    for (quint64 seed = 1; seed <= kMost; ++seed) {
        if (!runSeed(seed, mutant).violation.isEmpty())
            return seed;
    }
    return 0;
}

} // namespace

/// A simulator that does not find a defect which is there proves nothing about those which are not.
class TestMutants : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void thereAreEnough() { QVERIFY(mutants().size() >= 20); }
    void eachIsFound_data()
    {
        QTest::addColumn<int>("which");
        for (size_t i = 0; i < mutants().size(); ++i)
            QTest::newRow(mutants()[i].name) << int(i);
    }
    void eachIsFound()
    {
        QFETCH(int, which);
        const NamedMutant &named = mutants()[size_t(which)];
        const quint64 seed = findingSeed(named);
        QVERIFY2(seed != 0, named.what);
        Mutant mutant;
        named.build(mutant);
        qInfo(
            "seed %llu: %s", qulonglong(seed),
            qPrintable(runSeed(seed, mutant).violation.left(100)));
        QVERIFY(runSeed(seed).violation.isEmpty()); // and it is the defect that was found
    }
};

int main(int argc, char **argv)
{
    QHashSeed::setDeterministicGlobalSeed();
    QLoggingCategory::setFilterRules(QStringLiteral("qd.*=false"));
    QCoreApplication app(argc, argv);
    TestMutants test;
    return ::qd::proof::run(&test, argc, argv);
}
#include "tst_mutants.moc"
