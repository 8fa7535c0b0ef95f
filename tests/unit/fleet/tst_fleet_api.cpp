// SPDX-License-Identifier: GPL-3.0-or-later
// unit.* and journal.open as a console calls them: over TLS, on any node.
#include "agent/control/journal_methods.h"
#include "agent/fleet/api/unit_methods.h"
#include "agent/units/journal/journal_writer.h"
#include "shared/codec/codec.h"
#include "tests/support/proof.h"
#include "tests/unit/fleet/fleet_node.h"
#include "tests/unit/rpc/small_cluster.h"

#include <QJsonDocument>
#include <QSignalSpy>
#include <QTemporaryDir>

using namespace qd;
using namespace qd::test;
using control::Member;
using security::Role;

namespace {

const QString kHello = QStringLiteral("hello.service");
const QString kText = QStringLiteral("[Service]\nExecStart=/bin/sleep 100\n");

class Members final : public control::Membership {
public:
    QList<Member> all;
    QList<Member> members() const override { return all; }
    void
    admit(const control::NewMember &, std::function<void(Result<control::Admitted>)> done) override
    {
        done(fail(code::unsupported, QStringLiteral("nobody joins here")));
    }
    void remove(const QString &, std::function<void(Result<void>)> done) override
    {
        done(fail(code::unsupported, QStringLiteral("nobody leaves here")));
    }
    void promote(const QString &, std::function<void(Result<void>)> done) override
    {
        done(fail(code::unsupported, QStringLiteral("nobody votes here")));
    }
    void transferLeadership(const QString &, std::function<void(Result<QString>)> done) override
    {
        done(fail(code::unsupported, QStringLiteral("nobody leads here")));
    }
};

QCborMap named(const QString &unit)
{
    return {{QStringLiteral("name"), unit}};
}

/// A node with fleet, and the control protocol in front of it.
struct Agent {
    FleetNode node;
    QTemporaryDir folder;
    JournalWriter writer;
    control::NodeLinks links;
    std::unique_ptr<fleet::UnitMethods> units;
    std::unique_ptr<control::JournalMethods> journal;
    rpc::Methods methods;
    std::unique_ptr<rpc::Server> server;

    Agent(
        int number, SharedLog &log, const Clock &clock, const SmallCluster &cluster,
        Members &members)
        : node(number, log, clock, 30)
        , writer({folder.path(), node.id(), QStringLiteral("node-%1").arg(number)})
        , links(cluster.credentials(nodeSubject(node.id())), node.id(), members)
    {
        node.start();
        (void)writer.start();
        units = std::make_unique<fleet::UnitMethods>(
            fleet::UnitMethods::Setup{node.id(), writer.folder()}, *node.service,
            [this](const rpc::CallPtr &call, const QString &id) { links.route(call, id); });
        journal = std::make_unique<control::JournalMethods>(
            control::JournalMethods::Setup{node.id(), writer.folder()},
            [this](const QString &unit) { return node.service->placeOf(unit); }, links);
        QObject::connect(node.service.get(), &fleet::Service::unitsChanged, journal.get(), [this] {
            journal->placesChanged();
        });
        units->addTo(methods);
        journal->addTo(methods);
        methods.setRouter(node.id(), [this](const rpc::CallPtr &call) { links.route(call); });
        server = cluster.serve(methods, node.id());
        members.all.append(
            {node.id(), QStringLiteral("node-%1").arg(number), QStringLiteral("127.0.0.1"),
             server->port(), node.id(), false});
    }
    void say(const QString &unit, const QByteArray &message)
    {
        JournalEntry entry;
        entry.add("MESSAGE", message)
            .add("SYSLOG_IDENTIFIER", "hello")
            .add("_PID", "4711")
            .add("_SYSTEMD_UNIT", unit.toUtf8());
        writer.append(entry);
    }
};

/// A log that a client reads.
struct Reading {
    std::shared_ptr<rpc::Stream> stream;
    QByteArray bytes;
    std::optional<Error> ended;
    std::optional<Result<QCborMap>> answer;

    Reading(rpc::Connection &on, const QString &unit, int lines, bool follow, QString node = {})
    {
        const QCborMap params{
            {QStringLiteral("unit"), unit},
            {QStringLiteral("lines"), lines},
            {QStringLiteral("follow"), follow}};
        const QCborMap extra =
            node.isEmpty() ? QCborMap() : QCborMap{{QStringLiteral("node"), node}};
        stream = on.open(
            QStringLiteral("journal.open"), params, 5'000,
            [this](const Result<QCborMap> &result) { answer = result; }, extra);
        QObject::connect(
            stream.get(), &rpc::Stream::received, stream.get(),
            [this](const QByteArray &some) { bytes += some; });
        QObject::connect(
            stream.get(), &rpc::Stream::ended, stream.get(),
            [this](const Error &error) { ended = error; });
    }
    QStringList messages() const
    {
        QStringList out;
        const auto lines = bytes.split('\n');
        for (const QByteArray &line : lines) {
            if (!line.isEmpty())
                out.append(QJsonDocument::fromJson(line)[QLatin1String("message")].toString());
        }
        return out;
    }
};

} // namespace

class TestFleetApi : public QObject {
    Q_OBJECT
    SmallCluster m_cluster;
    ManualClock m_clock;
    std::unique_ptr<SharedLog> m_log;
    Members m_members;
    std::unique_ptr<Agent> m_one;
    std::unique_ptr<Agent> m_two;

    std::shared_ptr<rpc::Connection> connectAs(Role role, const Agent &agent)
    {
        const auto line = dialled(
            m_cluster.target(*agent.server, m_cluster.credentials(personSubject(role))), this);
        return line ? line->connection : nullptr;
    }
    static Result<Unit> unitOf(const Result<QCborMap> &answer)
    {
        if (!answer)
            return fail(answer.error());
        return codec::fromCbor<Unit>(answer->value(QLatin1String("unit")).toMap());
    }
    /// hello.service runs on the first machine.
    void startHello(rpc::Connection &on)
    {
        QCborMap request = named(kHello);
        request.insert(QStringLiteral("text"), kText);
        QVERIFY(ask(on, QStringLiteral("unit.submit"), request).has_value());
        QVERIFY(ask(on, QStringLiteral("unit.start"), named(kHello)).has_value());
        QTRY_VERIFY(m_one->node.machine.runs(kHello));
        QTRY_COMPARE(m_two->node.unit(kHello).activeState, QStringLiteral("active"));
    }

private Q_SLOTS:
    void init()
    {
        m_log = std::make_unique<SharedLog>(m_clock);
        m_one = std::make_unique<Agent>(1, *m_log, m_clock, m_cluster, m_members);
        m_two = std::make_unique<Agent>(2, *m_log, m_clock, m_cluster, m_members);
        const fleet::Keys keys;
        QTRY_VERIFY(m_one->node.store.value(keys.machineObject(idOf(1))));
        QTRY_VERIFY(m_one->node.store.value(keys.machineObject(idOf(2))));
    }
    void cleanup()
    {
        m_two.reset();
        m_one.reset();
        m_members.all.clear();
        m_log.reset();
    }

    void anyNodeTakesEveryWordAboutAUnit()
    {
        QD_PROVES("F43", "F48");
        const auto one = connectAs(Role::Operator, *m_one);
        const auto two = connectAs(Role::Operator, *m_two);
        QCborMap request = named(kHello);
        request.insert(QStringLiteral("text"), kText);
        const auto stored = unitOf(ask(*one, QStringLiteral("unit.submit"), request));
        QCOMPARE(stored->name, kHello);
        QCOMPARE(stored->desired, Unit::Target::Inactive);
        const auto text = ask(*two, QStringLiteral("unit.cat"), named(kHello));
        QCOMPARE(text->value(QLatin1String("text")).toString(), kText);

        const auto started = unitOf(ask(*two, QStringLiteral("unit.start"), named(kHello)));
        QCOMPARE(started->desired, Unit::Target::Launched);
        QTRY_COMPARE(
            m_two->units->units().value(kHello).value_or(Unit{}).activeState,
            QStringLiteral("active"));
        const auto list = ask(*two, QStringLiteral("unit.list"));
        const auto rows = codec::listFromCbor<Unit>(*list, QStringLiteral("items"));
        QCOMPARE(rows->size(), 1);
        QCOMPARE(rows->first(), m_one->node.unit(kHello));
        const QCborMap some{
            {QStringLiteral("names"), QCborArray{QStringLiteral("no.service"), kHello}}};
        const auto chosen = ask(*two, QStringLiteral("unit.list"), some);
        QCOMPARE(codec::listFromCbor<Unit>(*chosen, QStringLiteral("items"))->size(), 1);
        QCOMPARE(
            ask(*one, QStringLiteral("unit.load"), named(kHello)).error().code, code::conflict);
        QCOMPARE(
            unitOf(ask(*one, QStringLiteral("unit.stop"), named(kHello)))->desired,
            Unit::Target::Loaded);
        QCOMPARE(
            unitOf(ask(*one, QStringLiteral("unit.unload"), named(kHello)))->desired,
            Unit::Target::Inactive);
        QVERIFY(ask(*one, QStringLiteral("unit.destroy"), named(kHello)).has_value());
        QTRY_COMPARE(m_two->units->units().size(), 0);
        for (const char *method : {"unit.cat", "unit.status", "unit.start", "unit.destroy"})
            QCOMPARE(
                ask(*two, QString::fromLatin1(method), named(kHello)).error().code, code::notFound);
    }

    void aViewerChangesNothing()
    {
        const auto viewer = connectAs(Role::Viewer, *m_one);
        for (const char *method :
             {"unit.submit", "unit.load", "unit.start", "unit.stop", "unit.unload", "unit.destroy"})
            QCOMPARE(
                ask(*viewer, QString::fromLatin1(method), named(kHello)).error().code,
                code::denied);
        QVERIFY(ask(*viewer, QStringLiteral("unit.list")).has_value());
    }

    void errorsNameTheirLine()
    {
        const auto one = connectAs(Role::Operator, *m_one);
        QCborMap request = named(kHello);
        request.insert(
            QStringLiteral("text"),
            QStringLiteral("[Service]\nExecStart=/bin/true\nKillMode=maybe\nExecStop=\"/x\n"
                           "[X-Fleet]\nMachineID=a\nMachineOf=b.service\nColour=red\n"));
        const auto refused = ask(*one, QStringLiteral("unit.submit"), request);
        QCOMPARE(refused.error().code, code::badInput);
        QCOMPARE(refused.error().detail.value(QStringLiteral("line")), QStringLiteral("4"));
        const auto answer = ask(*one, QStringLiteral("unit.check"), request);
        const auto all =
            codec::listFromCbor<UnitDiagnostic>(*answer, QStringLiteral("diagnostics"));
        QList<int> lines;
        for (const UnitDiagnostic &problem : *all)
            lines.append(problem.line);
        QCOMPARE(lines, (QList<int>{3, 4, 6, 8}));
        QCOMPARE(all->at(0).severity, UnitDiagnostic::Severity::Warning);
        QCOMPARE(all->at(2).severity, UnitDiagnostic::Severity::Error);
        QCOMPARE(all->at(2).message, QStringLiteral("MachineID cannot be used with Peers"));
        request.insert(QStringLiteral("text"), QString(300 * 1024, u'#'));
        QCOMPARE(ask(*one, QStringLiteral("unit.submit"), request).error().code, code::limit);
    }

    void statusComesFromWhereTheUnitIs()
    {
        const auto two = connectAs(Role::Operator, *m_two);
        startHello(*two);
        for (int i = 1; i <= 12; ++i)
            m_one->say(kHello, "line " + QByteArray::number(i));
        QStringList last;
        QCborMap answer;
        // The journal's writer takes its time.
        QTRY_VERIFY_WITH_TIMEOUT(
            [&] {
                answer =
                    ask(*two, QStringLiteral("unit.status"), named(kHello)).value_or(QCborMap());
                const auto lines =
                    codec::listFromCbor<JournalLine>(answer, QStringLiteral("lines"));
                return lines && lines->size() == 10 &&
                       lines->last().message == QLatin1String("line 12");
            }(),
            20'000);
        const QCborMap properties = answer.value(QLatin1String("properties")).toMap();
        QCOMPARE(
            properties.value(QLatin1String("MainPID")).toString().toInt(),
            m_one->node.machine.units[kHello].state.mainPid);
        QCOMPARE(unitOf(answer)->machineId, idOf(1));
        // A unit that is nowhere has no properties, and that is no error.
        QCborMap request = named(QStringLiteral("idle.service"));
        request.insert(QStringLiteral("text"), kText);
        QVERIFY(ask(*two, QStringLiteral("unit.submit"), request).has_value());
        const auto idle =
            ask(*two, QStringLiteral("unit.status"), named(QStringLiteral("idle.service")));
        QVERIFY(idle->value(QLatin1String("properties")).toMap().isEmpty());
    }

    void theLogOfAUnitComesFromAnyNode()
    {
        QD_PROVES("F64");
        const auto two = connectAs(Role::Operator, *m_two);
        startHello(*two);
        for (int i = 1; i <= 5; ++i)
            m_one->say(kHello, "line " + QByteArray::number(i));
        m_one->say(QStringLiteral("other.service"), "not this");
        Reading following(*two, kHello, -1, true);
        QTRY_COMPARE_WITH_TIMEOUT(following.messages().size(), 5, 20'000);
        m_one->say(kHello, "line 6");
        QTRY_COMPARE_WITH_TIMEOUT(following.messages().size(), 6, 20'000);
        QCOMPARE(following.messages().last(), QStringLiteral("line 6"));
        QCOMPARE(m_one->journal->openStreams(), 1);

        Reading once(*two, kHello, 2, false);
        QTRY_VERIFY(once.ended.has_value());
        QCOMPARE(once.ended->code, QString());
        QCOMPARE(
            once.messages(), (QStringList{QStringLiteral("line 5"), QStringLiteral("line 6")}));
        // The node's whole log, by the node's name.
        Reading whole(*two, {}, 7, false, idOf(1));
        QTRY_VERIFY(whole.ended.has_value());
        QVERIFY(whole.messages().contains(QStringLiteral("not this")));
        // One that hangs up is let go.
        following.stream->end();
        QTRY_COMPARE(m_one->journal->openStreams(), 0);
    }

    void aLongLogDoesNotFillTheAgent()
    {
        const auto one = connectAs(Role::Operator, *m_one);
        startHello(*one);
        const QByteArray long1k(1'000, 'x');
        for (int i = 0; i < 3'000; ++i)
            m_one->say(kHello, long1k);
        m_one->say(kHello, "the end");
        Reading ready(*one, kHello, 1, true);
        QTRY_VERIFY_WITH_TIMEOUT(ready.messages().contains(QStringLiteral("the end")), 30'000);
        Reading all(*one, kHello, -1, false);
        QTRY_VERIFY_WITH_TIMEOUT(all.ended.has_value(), 30'000);
        QCOMPARE(all.ended->code, QString());
        QCOMPARE(all.messages().size(), 3'001);
    }

    void aLogThatCannotBeReadSaysWhy()
    {
        const auto two = connectAs(Role::Operator, *m_two);
        Reading unknown(*two, QStringLiteral("nope.service"), 10, false);
        QTRY_VERIFY(unknown.answer.has_value());
        QCOMPARE(unknown.answer->error().message, QStringLiteral("There is no unit nope.service."));
        startHello(*two);
        // The node is there for the store, but does not answer.
        m_one->server.reset();
        Reading deaf(*two, kHello, 10, false);
        QTRY_VERIFY(deaf.answer.has_value());
        QCOMPARE(deaf.answer->error().code, code::nodeUnreachable);
        QVERIFY2(
            deaf.answer->error().message.startsWith(QStringLiteral("Cannot reach node-1")),
            qPrintable(deaf.answer->error().text()));
    }

    void whoFollowsAUnitHearsThatItsNodeIsLost()
    {
        const auto two = connectAs(Role::Operator, *m_two);
        startHello(*two);
        m_one->say(kHello, "before");
        Reading far(*two, kHello, -1, true);
        QTRY_COMPARE_WITH_TIMEOUT(far.messages(), QStringList{QStringLiteral("before")}, 20'000);
        m_one->server.reset();
        QTRY_VERIFY(far.ended.has_value());
        QCOMPARE(far.ended->code, code::nodeUnreachable);
        QVERIFY2(
            far.ended->message.startsWith(QStringLiteral("The connection to node-1 was lost")),
            qPrintable(far.ended->text()));
    }

    void whoFollowsAUnitHearsThatItHasMoved()
    {
        const auto one = connectAs(Role::Operator, *m_one);
        const auto two = connectAs(Role::Operator, *m_two);
        startHello(*two);
        m_one->say(kHello, "before");
        Reading near(*one, kHello, -1, true);
        Reading far(*two, kHello, -1, true);
        QTRY_COMPARE_WITH_TIMEOUT(near.messages(), QStringList{QStringLiteral("before")}, 20'000);
        QTRY_COMPARE_WITH_TIMEOUT(far.messages(), QStringList{QStringLiteral("before")}, 20'000);
        // An operator moves it by hand, as fleet's own tools can.
        m_one->node.store.put(fleet::Keys().target(kHello), idOf(2).toLatin1());
        QTRY_VERIFY(near.ended.has_value());
        QCOMPARE(near.ended->code, control::kUnitMoved);
        QCOMPARE(near.ended->detail.value(QStringLiteral("node")), idOf(2));
        QTRY_VERIFY(far.ended.has_value());
        QCOMPARE(far.ended->code, control::kUnitMoved);
        QTRY_COMPARE(m_one->journal->openStreams(), 0);
    }
};

QD_TEST_MAIN(TestFleetApi)
#include "tst_fleet_api.moc"
