// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/proof.h"
#include "tests/unit/units_engine/world.h"

using namespace qd::units;
using namespace qd::units::test;

namespace {

constexpr int kSeeds = 200;
constexpr int kSteps = 60;

/// One life of a node with random units to which random things happen.
class Life {
public:
    explicit Life(quint64 seed)
        : m_random(seed)
        , m_world(seed)
    {
        m_world.driver.onSpawn = [this](const SpawnRequest &request) { checkOrder(request); };
        const int count = 4 + int(m_random.below(9));
        for (int i = 0; i < count; ++i)
            m_names.append(QStringLiteral("u%1.service").arg(i));
        m_names.append(QStringLiteral("t.target"));
        for (const QString &name : std::as_const(m_names))
            write(name);
    }

    void live()
    {
        for (int i = 0; i < kSteps && m_wrong.isEmpty(); ++i) {
            act();
            check();
        }
        if (m_wrong.isEmpty())
            end();
    }
    const QString &wrong() const { return m_wrong; }
    const QStringList &story() const { return m_story; }
    /// For whoever has to find out: the files, then what was done and what was said, in order.
    QString account() const
    {
        QString out;
        for (const QString &name : m_names)
            out += u'#' + name + u'\n' + QString::fromUtf8(m_world.source.files.value(name));
        return out + m_story.join(u'\n');
    }
    quint64 jobsSeen() const { return quint64(m_world.results.size()); }

private:
    bool chance(int percent) { return int(m_random.below(100)) < percent; }
    QString anyName() { return m_names[qsizetype(m_random.below(quint64(m_names.size())))]; }
    QByteArray anyOf(std::initializer_list<const char *> words)
    {
        return *(words.begin() + m_random.below(words.size()));
    }

    void write(const QString &name)
    {
        QByteArray unit = "[Unit]\n";
        const QByteArray kinds[] = {
            "Requires",        "Wants", "BindsTo", "PartOf",    "Requisite", "Conflicts",
            "Before",          "After", "After",   "OnFailure", "OnSuccess", "PropagatesReloadTo",
            "PropagatesStopTo"};
        for (const QByteArray &kind : kinds) {
            // In the end: no triggers, and no order that might be a cycle.
            const bool isCalm = !kind.startsWith("On") && kind != "Before" && kind != "After";
            if (chance(18) && (isCalm || !m_calm))
                unit += kind + "=" + anyName().toUtf8() + "\n";
        }
        if (chance(10))
            unit += "StopWhenUnneeded=yes\n";
        if (chance(10))
            unit += "ConditionPathExists=" + anyOf({"yes", "no"}) + "\n";
        if (chance(10))
            unit += "JobTimeoutSec=30\n";
        if (name.endsWith(u".service"))
            unit += "[Service]\n" + service();
        m_world.file(name, unit);
    }

    QByteArray service()
    {
        QByteArray out = "Type=" + anyOf({"simple", "simple", "exec", "oneshot", "forking"}) + "\n";
        const auto command = [this] {
            return anyOf(
                {"/bin/true", "/bin/false", "-/bin/false", "/bin/wait", "/bin/sleep",
                 "/bin/stubborn", "/bin/daemon", "/bin/parent", "/bin/missing", "/bin/die 9"});
        };
        for (const char *kind :
             {"ExecCondition", "ExecStartPre", "ExecStartPost", "ExecReload", "ExecStop",
              "ExecStopPost"}) {
            if (chance(20))
                out += QByteArray(kind) + "=" + command() + "\n";
        }
        out += "ExecStart=" + command() + "\n";
        out += m_calm
                   ? "Restart=no\n"
                   : "Restart=" + anyOf({"no", "on-failure", "on-success", "always", "on-abort"}) +
                         "\n";
        out += "RestartSec=" + anyOf({"0", "100ms", "3s"}) + "\n";
        out += "TimeoutStartSec=" + anyOf({"1s", "20s"}) + "\nTimeoutStopSec=2s\n";
        out += "KillMode=" + anyOf({"control-group", "mixed"}) + "\n";
        if (chance(30))
            out += "RemainAfterExit=yes\n";
        return out;
    }

    void act()
    {
        const int what = int(m_random.below(100));
        if (what < 45)
            request();
        else if (what < 65)
            endSomeProcess();
        else if (what < 85)
            pass(qint64(m_random.below(5000)));
        else if (what < 89)
            cancelSomething();
        else if (what < 93)
            rewriteAndReload();
        else if (what < 96)
            tell(QStringLiteral("reset-failed")), (void)m_world.manager.resetFailed();
        else
            m_world.driver.refusesToSpawn = !m_world.driver.refusesToSpawn;
        if (chance(80)) // sometimes the next thing comes before the engine has run
            m_world.settle();
    }

    void request()
    {
        const JobType types[] = {JobType::Start, JobType::Start,   JobType::Start,
                                 JobType::Stop,  JobType::Restart, JobType::TryRestart,
                                 JobType::Reload};
        const JobMode modes[] = {
            JobMode::Replace, JobMode::Replace, JobMode::Replace, JobMode::Fail, JobMode::Flush};
        const JobType type = types[m_random.below(std::size(types))];
        const JobMode mode = modes[m_random.below(std::size(modes))];
        const QString name = anyName();
        tell(QStringLiteral("%1 %2 %3").arg(toText(type), name, toText(mode)));
        const auto job = m_world.manager.enqueue(JobRequest{type, name, mode, chance(20)});
        if (job)
            m_asked.insert(*job);
        if (job && *job == 0)
            complain(QStringLiteral("a request came to no job"));
    }

    void endSomeProcess()
    {
        const auto pids = m_world.driver.running.keys();
        if (pids.isEmpty())
            return;
        const qint32 pid = pids[qsizetype(m_random.below(quint64(pids.size())))];
        const bool exits = chance(70);
        tell(QStringLiteral("end of a process of %1").arg(m_world.driver.running[pid].unit));
        m_world.driver.end(
            pid, exits ? CLD_EXITED : CLD_KILLED, exits ? int(m_random.below(2)) : SIGKILL);
    }

    void pass(qint64 ms)
    {
        tell(QStringLiteral("%1 ms").arg(ms));
        m_world.advance(ms);
    }

    void cancelSomething()
    {
        const auto jobs = m_world.manager.jobs();
        if (!jobs.isEmpty())
            (void)m_world.manager.cancel(jobs[qsizetype(m_random.below(quint64(jobs.size())))].id);
        tell(QStringLiteral("cancel"));
    }

    void rewriteAndReload()
    {
        tell(QStringLiteral("daemon-reload"));
        if (chance(20))
            m_world.source.files.remove(anyName());
        else
            write(anyName());
        m_world.manager.reload();
    }

    void tell(const QString &what)
    {
        for (; m_heard < m_world.journal.entries.size(); ++m_heard)
            m_story.append(
                QStringLiteral("    ") +
                QString::fromUtf8(m_world.journal.entries[m_heard].value("MESSAGE")));
        m_story.append(what);
    }
    void complain(const QString &what)
    {
        if (!m_wrong.isEmpty())
            return;
        m_wrong = what;
        tell(QStringLiteral("WRONG: ") + what);
    }

    /// The first process of a start: all that is ordered before has ended its job.
    void checkOrder(const SpawnRequest &request)
    {
        const Unit *unit = m_world.manager.unit(request.unit);
        if (!isInactiveOrFailed(unit->active))
            return;
        for (const Unit *other : unit->of(Dependency::After).list()) {
            if (other->job != 0)
                complain(
                    QStringLiteral("%1 starts although %2 has a job").arg(unit->id, other->id));
        }
        for (const Unit *other : unit->of(Dependency::Before).list()) {
            const auto job = m_world.manager.job(other->job);
            if (job && (job->type == JobType::Stop || job->type == JobType::Restart))
                complain(QStringLiteral("%1 starts before %2 stops").arg(unit->id, other->id));
        }
    }

    void check()
    {
        QSet<QString> withJob;
        for (const JobInfo &job : m_world.manager.jobs()) {
            if (job.type == JobType::Nop)
                continue;
            if (withJob.contains(job.unit))
                complain(QStringLiteral("two jobs of %1").arg(job.unit));
            withJob.insert(job.unit);
            if (m_world.unit(job.unit).job != job.id)
                complain(QStringLiteral("%1 does not know its job").arg(job.unit));
        }
        for (const Unit *unit : m_world.manager.units())
            checkUnit(*unit);
    }

    void checkUnit(const Unit &unit)
    {
        const bool isPending = m_world.driver.hasPending();
        if (unit.type != UnitType::Service || isPending)
            return;
        const int processes = m_world.processCount(unit.id);
        if (isInactiveOrFailed(unit.active) && processes > 0)
            complain(QStringLiteral("%1 is %2 and has processes").arg(unit.id, unit.sub));
        if (unit.run.state == ServiceState::Running && processes == 0)
            complain(QStringLiteral("%1 runs without a process").arg(unit.id));
        if (isInactiveOrFailed(unit.active) && m_world.driver.timers.contains(unit.id))
            complain(QStringLiteral("%1 rests and has a timer").arg(unit.id));
        if (unit.active != activeStateOf(unit.run.state) || unit.sub != toText(unit.run.state))
            complain(QStringLiteral("%1 shows what it is not").arg(unit.id));
    }

    /// When nothing starts anything by itself any more, every job comes to its end; and when
    /// everything is stopped, no process is left.
    void end()
    {
        m_world.driver.refusesToSpawn = false;
        m_world.settle();
        m_calm = true;
        for (const QString &name : std::as_const(m_names))
            write(name);
        m_world.manager.reload();
        pass(300'000);
        for (const JobInfo &job : m_world.manager.jobs())
            complain(QStringLiteral("%1 of %2 never ends").arg(toText(job.type), job.unit));
        for (const QString &name : std::as_const(m_names))
            (void)m_world.manager.enqueue(JobRequest{JobType::Stop, name});
        m_world.settle();
        pass(60'000);
        check();
        if (!m_world.manager.jobs().isEmpty())
            complain(QStringLiteral("there are jobs after the end"));
        if (!m_world.driver.running.isEmpty())
            complain(QStringLiteral("there are processes after the end"));
        for (const JobId id : std::as_const(m_asked)) {
            if (!m_world.results.contains(id))
                complain(QStringLiteral("nobody heard of the end of job %1").arg(id));
        }
    }

    qd::SeededRandom m_random;
    World m_world;
    QStringList m_names;
    QSet<JobId> m_asked;
    QStringList m_story;
    QString m_wrong;
    bool m_calm = false;   ///< no more triggers, no more restarts
    qsizetype m_heard = 0; ///< entries of the journal that are in the story
};

} // namespace

/// Random units, random requests, random ends: the rules that hold always.
class TestUnitsRandom : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theRulesHold();
    void theSameSeedIsTheSameLife();
};

void TestUnitsRandom::theRulesHold()
{
    quint64 jobs = 0;
    for (quint64 seed = 1; seed <= kSeeds; ++seed) {
        Life life(seed);
        life.live();
        jobs += life.jobsSeen();
        if (!life.wrong().isEmpty())
            qWarning().noquote() << "seed" << seed << life.account();
        QVERIFY2(life.wrong().isEmpty(), qPrintable(life.wrong()));
    }
    QVERIFY(jobs > kSeeds * 50); // something has happened
}

void TestUnitsRandom::theSameSeedIsTheSameLife()
{
    Life a(7);
    Life b(7);
    a.live();
    b.live();
    QCOMPARE(a.story(), b.story());
    QCOMPARE(a.jobsSeen(), b.jobsSeen());
}

QD_TEST_MAIN(TestUnitsRandom)
#include "tst_units_random.moc"
