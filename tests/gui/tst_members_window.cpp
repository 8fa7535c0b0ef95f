// SPDX-License-Identifier: GPL-3.0-or-later
#include "desk.h"

#include <QClipboard>

using namespace qd;
using namespace qd::models;
using qd::test::Desk;

namespace {

struct RaftDesk : Desk {
    bool ready()
    {
        if (!connected())
            return false;
        press(Qt::Key_3, Qt::ControlModifier);
        session().raft()->flush();
        return QTest::qWaitFor([this] { return item("membersPanel") != nullptr; });
    }
    RaftStatus *member(const QString &name)
    {
        for (RaftStatus &one : client().data().raft) {
            if (one.nodeName == name)
                return &one;
        }
        return nullptr;
    }
    /// The rows as they are now reach the window.
    void tell()
    {
        client().publishRaft();
        session().raft()->flush();
    }
    bool choose(int row)
    {
        press(Qt::Key_M);
        if (!QTest::qWaitFor([this] { return item("memberRows")->hasActiveFocus(); }))
            return false;
        for (int i = 0; i < 3; ++i)
            press(Qt::Key_Up);
        for (int i = 0; i < row; ++i)
            press(Qt::Key_Down);
        return true;
    }
};

} // namespace

/// Raft: how each member is sent to, what may be done to it, and what its store was asked.
class TestMembersWindow : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void eachFollowersProgressIsShown()
    {
        RaftDesk desk;
        QVERIFY(desk.ready());
        QVERIFY(desk.says(QStringLiteral("list item: node-2, leads")));
        QVERIFY(desk.says(QStringLiteral("list item: node-1, replicate, match 18,440, next 18,441, "
                                         "lag 2, under way 3 · 4.3 KiB")));
        QVERIFY(desk.says(QStringLiteral("list item: node-3, snapshot, match 17,610")));
        QVERIFY(desk.says(QStringLiteral("snapshot 16.0 of 40.0 MiB")));
        desk.member(QStringLiteral("node-3"))->reachable = false;
        desk.member(QStringLiteral("node-1"))->role = Node::Role::Learner;
        desk.tell();
        QVERIFY(desk.says(QStringLiteral("list item: node-3, silent")));
        QVERIFY(desk.says(QStringLiteral("list item: node-1, learner, replicate")));
    }

    void anotherMemberIsLetToLead()
    {
        RaftDesk desk;
        QVERIFY(desk.ready());
        QVERIFY(desk.choose(1));
        QVERIFY(!desk.item("transferLead")->isEnabled()); // it leads already
        QVERIFY(desk.choose(0));
        QVERIFY(desk.item("transferLead")->isEnabled());
        desk.press(Qt::Key_T);
        QVERIFY(desk.says(QStringLiteral("Let this member lead?")));
        desk.click("askButton");
        QVERIFY(desk.says(QStringLiteral("node-1 leads")));
        desk.session().raft()->flush();
        QVERIFY(desk.says(QStringLiteral("list item: node-1, leads")));
        QVERIFY(desk.says(QStringLiteral("list item: node-2, replicate")));
        QVERIFY(desk.client().calls().contains(QStringLiteral("raft.transfer")));
    }

    void membersAreRestartedWhenTheOthersAreAMajority()
    {
        RaftDesk desk;
        QVERIFY(desk.ready());
        QVERIFY(desk.choose(0));
        desk.press(Qt::Key_R);
        QVERIFY(desk.says(QStringLiteral("Restart this member?")));
        RaftStatus *const behind = desk.member(QStringLiteral("node-3"));
        behind->appliedIndex = behind->commitIndex =
            desk.member(QStringLiteral("node-2"))->commitIndex;
        desk.tell();
        desk.click("askButton");
        QVERIFY(desk.says(QStringLiteral("node-1 is back after")));
        QVERIFY(desk.client().calls().contains(QStringLiteral("agent.restart")));
        QTRY_VERIFY(!desk.session().restarting());
    }

    void theQuestionGoesWithTheMemberItIsAbout()
    {
        RaftDesk desk;
        QVERIFY(desk.ready());
        QVERIFY(desk.choose(0));
        desk.press(Qt::Key_R);
        QVERIFY(desk.says(QStringLiteral("Restart this member?")));
        QVERIFY(desk.isShown("askButton"));
        desk.client().call(
            QStringLiteral("node.remove"),
            {{QStringLiteral("nodeId"), desk.member(QStringLiteral("node-1"))->nodeId}});
        QVERIFY(desk.says(QStringLiteral("2 of 2 members reachable")));
        QTRY_VERIFY(!desk.isShown("askButton")); // never about everybody instead
        QVERIFY(!desk.session().restarting());
        desk.press(Qt::Key_R);
        QVERIFY(desk.says(QStringLiteral("Restart all members?")));
    }

    void aMachineIsLetInByATokenThatIsShownWithItsCommand()
    {
        RaftDesk desk;
        QVERIFY(desk.ready());
        desk.press(Qt::Key_A);
        QVERIFY(desk.says(QStringLiteral("Add a member?")));
        QVERIFY(desk.says(QStringLiteral("3 of 4 voters are a majority then (now 2 of 3); one loss "
                                         "is survived. 4 voters survive "
                                         "no more losses than 3: an odd number is advised.")));
        QVERIFY(!desk.client().calls().contains(QStringLiteral("cluster.token")));
        desk.client().failNext(
            QStringLiteral("cluster.token"),
            {code::noLeader, QStringLiteral("Nobody leads."), {}, {}});
        desk.click("issueToken");
        QVERIFY(desk.says(QStringLiteral("Nobody leads.")));
        desk.click("issueToken");
        QVERIFY(desk.says(QStringLiteral("quarterdeckd join qd1.")));
        const QString command = desk.item("joinCommand")->property("text").toString();
        QVERIFY2(
            command.endsWith(QLatin1String(" --peer 127.0.0.12 --address ADDRESS")),
            qPrintable(command));
        QVERIFY(desk.item("copyCommand")->hasActiveFocus());
        desk.press(Qt::Key_Return);
        QCOMPARE(QGuiApplication::clipboard()->text(), command);
        desk.press(Qt::Key_Escape);
        desk.press(Qt::Key_A); // the token is not shown again
        QVERIFY(desk.says(QStringLiteral("Add a member?")));
        QVERIFY(desk.isShown("issueToken"));
        QVERIFY(!desk.isShown("joinCommand"));
    }

    void aLearnerIsLetToVote()
    {
        RaftDesk desk;
        QVERIFY(desk.ready());
        desk.member(QStringLiteral("node-3"))->role = Node::Role::Learner;
        desk.tell();
        QVERIFY(desk.choose(0));
        QVERIFY(!desk.isShown("promoteMember"));
        QVERIFY(desk.choose(2));
        QVERIFY(desk.isShown("promoteMember"));
        desk.press(Qt::Key_V);
        QVERIFY(desk.says(QStringLiteral(
            "2 of 3 voters are a majority then (now 2 of 2); one loss is survived.")));
        desk.client().failNext(
            QStringLiteral("raft.promote"), {QStringLiteral("raft.behind"),
                                             QStringLiteral("It is 12,345 entries behind."),
                                             {},
                                             {}});
        desk.click("askButton");
        QVERIFY(desk.says(QStringLiteral("It is 12,345 entries behind.")));
        desk.press(Qt::Key_V);
        desk.click("askButton");
        QVERIFY(desk.says(QStringLiteral("node-3 votes")));
        desk.session().raft()->flush();
        QVERIFY(!desk.isShown("promoteMember"));
    }

    void aRemovalSaysTheMajorityAfterItAndWantsTheName()
    {
        RaftDesk desk;
        QVERIFY(desk.ready());
        QVERIFY(desk.choose(2));
        desk.press(Qt::Key_Delete);
        QVERIFY(desk.says(QStringLiteral(
            "2 of 2 voters are a majority then (now 2 of 3); no loss is survived.")));
        QVERIFY(!desk.item("confirmButton")->isEnabled());
        desk.type(QStringLiteral("node-3"));
        desk.click("confirmButton");
        QVERIFY(desk.says(QStringLiteral("node-3 is removed from the cluster")));
        QVERIFY(desk.client().calls().contains(QStringLiteral("node.remove")));
        desk.session().raft()->flush();
        QVERIFY(desk.says(QStringLiteral("2 of 2 members reachable")));
    }

    void whatWouldCostTheMajorityIsNotAsked()
    {
        RaftDesk desk;
        QVERIFY(desk.ready());
        desk.member(QStringLiteral("node-3"))->reachable = false;
        desk.tell();
        QVERIFY(desk.choose(0));
        desk.press(Qt::Key_Delete);
        QVERIFY(desk.says(QStringLiteral("Only 1 of them can be reached: it would be refused.")));
        QVERIFY(!desk.item("confirmField")->isEnabled());
        QVERIFY(!desk.item("confirmButton")->isEnabled());
        desk.press(Qt::Key_Escape);
        QVERIFY(!desk.client().calls().contains(QStringLiteral("node.remove")));
    }

    void anOperatorRemovesNoNode()
    {
        RaftDesk desk;
        QVERIFY(desk.ready());
        desk.client().setRole(QStringLiteral("operator"));
        desk.client().setState(session::Client::State::Connected);
        QVERIFY(desk.choose(0));
        QVERIFY(desk.item("transferLead")->isEnabled());
        QVERIFY(!desk.item("removeNode")->isEnabled());
        QVERIFY(!desk.item("addMember")->isEnabled());
        desk.press(Qt::Key_Delete);
        QVERIFY(!desk.isShown("confirmButton"));
    }

    void theStoresFiguresAreThoseOfTheChosenMember()
    {
        RaftDesk desk;
        QVERIFY(desk.ready());
        QVERIFY(desk.says(QStringLiteral("Sets: 12,904, 3 failed, 36 /s")));
        QVERIFY(desk.says(QStringLiteral("Reads: 24,105, 312 failed, 9.0 /s"))); // node-2, it leads
        QVERIFY(desk.says(QStringLiteral("of node-2, 13 watchers")));
        QVERIFY(desk.choose(0));
        QVERIFY(desk.says(QStringLiteral("Reads: 48,211")));
        QVERIFY(desk.says(QStringLiteral("of node-1, 14 watchers")));
    }
};

QD_GUI_TEST_MAIN(TestMembersWindow)
#include "tst_members_window.moc"
