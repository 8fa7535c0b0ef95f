// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/linearizability.h"
#include "tests/support/proof.h"

using namespace qd::sim;
using Kind = Operation::Kind;
using Outcome = Operation::Outcome;

namespace {

Operation wrote(quint64 begin, quint64 end, const QByteArray &value, quint64 index)
{
    Operation out{.kind = Kind::Set, .outcome = Outcome::Done, .value = value, .index = index};
    out.begin = begin;
    out.end = end;
    return out;
}

Operation wroteOver(Operation operation, const QByteArray &before)
{
    operation.hadBefore = true;
    operation.before = before;
    return operation;
}

Operation perhapsWrote(quint64 begin, const QByteArray &value)
{
    return {.kind = Kind::Set, .value = value, .begin = begin};
}

Operation saw(quint64 begin, quint64 end, const QByteArray &value, quint64 index)
{
    Operation out{.kind = Kind::Read, .outcome = Outcome::Done, .value = value, .index = index};
    out.begin = begin;
    out.end = end;
    return out;
}

Operation sawNothing(quint64 begin, quint64 end)
{
    return {.kind = Kind::Read, .outcome = Outcome::NotFound, .begin = begin, .end = end};
}

} // namespace

class TestLinearizability : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void oneAfterTheOtherIsLinearizable()
    {
        QCOMPARE(check({}), Verdict::Linearizable);
        QCOMPARE(
            check({sawNothing(1, 2), wrote(3, 4, "a", 5), saw(5, 6, "a", 5)}),
            Verdict::Linearizable);
    }

    void aReadMayNotMissWhatWasAnsweredBefore()
    {
        QCOMPARE(check({wrote(1, 2, "a", 5), sawNothing(3, 4)}), Verdict::Not);
        const auto second = wroteOver(wrote(3, 4, "b", 6), "a");
        QCOMPARE(check({wrote(1, 2, "a", 5), second, saw(5, 6, "a", 5)}), Verdict::Not);
    }

    void whatGoesOnAtOnceMayComeInAnyOrder()
    {
        QCOMPARE(check({wrote(1, 10, "a", 5), sawNothing(2, 3)}), Verdict::Linearizable);
        QCOMPARE(check({wrote(1, 10, "a", 5), saw(2, 3, "a", 5)}), Verdict::Linearizable);
        // But once it was seen it is there.
        QCOMPARE(check({wrote(1, 10, "a", 5), saw(2, 3, "a", 5), sawNothing(4, 5)}), Verdict::Not);
    }

    void anUnknownOutcomeMayComeLateOrNever()
    {
        const auto first = wrote(1, 2, "a", 5);
        QCOMPARE(check({first, perhapsWrote(3, "b"), saw(4, 5, "a", 5)}), Verdict::Linearizable);
        QCOMPARE(
            check({first, perhapsWrote(3, "b"), saw(4, 5, "a", 5), saw(6, 7, "b", 9)}),
            Verdict::Linearizable);
        QCOMPARE(
            check({first, perhapsWrote(3, "b"), saw(4, 5, "b", 9), saw(6, 7, "a", 5)}),
            Verdict::Not);
    }

    void aSwapSucceedsOnlyWhereItsValueWas()
    {
        Operation swap = wroteOver(wrote(3, 4, "b", 6), "a");
        swap.kind = Kind::Swap;
        swap.expected = "a";
        QCOMPARE(check({wrote(1, 2, "a", 5), swap, saw(5, 6, "b", 6)}), Verdict::Linearizable);
        swap.expected = "z";
        QCOMPARE(check({wrote(1, 2, "a", 5), swap}), Verdict::Not);
        swap.outcome = Outcome::Differs;
        QCOMPARE(check({wrote(1, 2, "a", 5), swap}), Verdict::Linearizable);
        swap.expected = "a";
        QCOMPARE(check({wrote(1, 2, "a", 5), swap}), Verdict::Not);
    }

    void indexesGoUpInTheOrderOfTheWrites()
    {
        const auto second = wroteOver(wrote(3, 4, "b", 4), "a");
        QCOMPARE(check({wrote(1, 2, "a", 5), second}), Verdict::Not);
    }

    void anUnknownOutcomeThatIsKnownFromElsewhereHasItsPlace()
    {
        const auto first = wrote(1, 2, "a", 5);
        Operation second = perhapsWrote(3, "b");
        second.index = 7;
        QCOMPARE(check({first, second, saw(4, 5, "b", 7)}), Verdict::Linearizable);
        const auto third = wroteOver(wrote(6, 7, "c", 6), "b");
        QCOMPARE(check({first, second, third}), Verdict::Not); // it came after the third
    }

    void whatIsTooHardIsCalledUndecided()
    {
        std::vector<Operation> many;
        for (quint64 i = 1; i <= 30; ++i)
            many.push_back(perhapsWrote(i, QByteArray::number(i)));
        many.push_back(saw(40, 41, "nobody wrote this", 99));
        QCOMPARE(check(many, 1'000), Verdict::Undecided);
    }
};

QD_TEST_MAIN(TestLinearizability)
#include "tst_linearizability.moc"
