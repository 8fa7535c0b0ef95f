// SPDX-License-Identifier: GPL-3.0-or-later
// Which member may restart now, and when it is back; what an answer that is lost means.
#include "console/demo/demo_client.h"
#include "console/session/rolling_restart.h"
#include "tests/support/proof.h"

using namespace qd;
using namespace qd::session;

namespace {

RaftStatus member(const QString &name, Node::Role role = Node::Role::Follower)
{
    RaftStatus out;
    out.nodeId = out.nodeName = name;
    out.role = role;
    out.leader = QStringLiteral("1f");
    out.term = 3;
    out.commitIndex = out.appliedIndex = 5'000;
    return out;
}

/// node-1 leads.
QList<RaftStatus> members(int count)
{
    QList<RaftStatus> out;
    for (int i = count; i > 0; --i)
        out.append(member(
            QStringLiteral("node-%1").arg(i), i == 1 ? Node::Role::Leader : Node::Role::Follower));
    return out;
}

QString refusal(const QList<RaftStatus> &all, const QString &id)
{
    const auto may = mayRestart(all, id);
    return may ? QString() : may.error().message;
}

/// Each agent restarts as it is told, but what it answers is this error.
class Unanswered : public demo::DemoClient {
public:
    explicit Unanswered(const Error &error)
        : DemoClient(QStringLiteral("normal"))
        , m_error(error)
    {
        for (RaftStatus &row : data().raft) // nobody is behind
            row.appliedIndex = row.commitIndex = 18'442;
    }
    QFuture<Result<QCborMap>> call(
        const QString &method, const QCborMap &params,
        const session::CallOptions &options = {}) override
    {
        auto answer = DemoClient::call(method, params, options);
        if (method != QLatin1String("agent.restart"))
            return answer;
        return answer.then([error = m_error](const Result<QCborMap> &) -> Result<QCborMap> {
            return fail(error);
        });
    }

private:
    Error m_error;
};

const QString kTwo = QStringLiteral("node-2");

} // namespace

class TestRollingRestart : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void whoLeadsComesLast()
    {
        QStringList order;
        const auto plan = planRestart(members(3), {true, {}});
        for (const RestartStep &step : *plan)
            order.append(step.leads ? step.name + QStringLiteral("!") : step.name);
        QCOMPARE(order.join(u' '), QStringLiteral("node-2 node-3 node-1!"));
        QCOMPARE(planRestart(members(3), {false, {kTwo}})->size(), 1);
        QVERIFY(!planRestart(members(3), {false, {QStringLiteral("x")}}));
    }

    void nobodyNamedIsNotEverybody()
    {
        const auto plan = planRestart(members(3), {false, {}});
        QVERIFY(!plan);
        QCOMPARE(plan.error().code, code::badInput);
    }

    void whoseAnswerIsLostIsAwaitedAllTheSame_data()
    {
        QTest::addColumn<QString>("code");
        QTest::addColumn<bool>("restarted");
        QTest::newRow("late") << code::deadline << true;
        QTest::newRow("lost") << code::unknownOutcome << true;
        QTest::newRow("refused") << code::denied << false;
        QTest::newRow("not sent") << code::nodeUnreachable << false;
    }
    void whoseAnswerIsLostIsAwaitedAllTheSame()
    {
        QFETCH(QString, code);
        QFETCH(bool, restarted);
        Unanswered client({code, QStringLiteral("No answer."), {}, nullptr});
        const auto plan = planRestart(client.data().raft, {true, {}});
        QVERIFY(plan);
        QStringList told;
        const auto run = runRestart(
            client, {{plan->first()}}, [&](const QString &sentence) { told.append(sentence); });
        QTRY_VERIFY(run.isFinished());
        QCOMPARE(bool(run.result()), restarted);
        QCOMPARE(told.size(), restarted ? 2 : 1);
        QVERIFY(told.first().endsWith(QLatin1String(" restarts")));
        QCOMPARE(told.last().contains(QLatin1String(" is back after ")), restarted);
    }

    void theOthersMustBeAMajority()
    {
        QD_PROVES("E82");
        QCOMPARE(refusal(members(3), kTwo), QString());
        QCOMPARE(
            refusal(members(2), kTwo),
            QStringLiteral(
                "without it the store has no majority: of 2 that vote, 1 would be left"));
        auto three = members(3);
        three[0].reachable = false; // node-3
        QCOMPARE(
            refusal(three, kTwo), QStringLiteral("without it the store has no majority: of 3 that "
                                                 "vote, 1 would be left (node-3 cannot be "
                                                 "counted on)"));
        auto five = members(5);
        five[0].reachable = false;
        QCOMPARE(refusal(five, kTwo), QString());
        five[1].leader.clear();
        QVERIFY(!refusal(five, kTwo).isEmpty());
    }

    void whoIsBehindDoesNotCount()
    {
        auto three = members(3);
        three[0].appliedIndex = 3'999;
        QVERIFY(!refusal(three, kTwo).isEmpty());
        three[0].appliedIndex = 4'000;
        QCOMPARE(refusal(three, kTwo), QString());
    }

    void aLearnerCostsNothing()
    {
        auto all = members(2) + QList<RaftStatus>{member(QStringLiteral("l"), Node::Role::Learner)};
        QCOMPARE(refusal(all, QStringLiteral("l")), QString());
        QVERIFY(!refusal(all, kTwo).isEmpty());
        all[2].reachable = false;
        QCOMPARE(refusal(all, QStringLiteral("l")), QStringLiteral("it cannot be reached"));
    }

    void withoutALeaderNobodyGoes()
    {
        auto all = members(3);
        all[2].role = Node::Role::Candidate;
        QCOMPARE(refusal(all, kTwo), QStringLiteral("nobody leads"));
    }

    void whoIsBackHasCaughtUp()
    {
        RaftStatus row = member(kTwo);
        QVERIFY(isBack(row, 5'000));
        QVERIFY(!isBack(row, 5'001));
        row.leader.clear();
        QVERIFY(!isBack(row, 5'000));
        row = member(kTwo, Node::Role::Candidate);
        QVERIFY(!isBack(row, 5'000));
        row = member(kTwo);
        row.reachable = false;
        QVERIFY(!isBack(row, 5'000));
    }
};

QD_TEST_MAIN(TestRollingRestart)
#include "tst_rolling_restart.moc"
