// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/invocation.h"
#include "console/cli/unit_progress.h"

#include <QTimer>

namespace qd::cli {
namespace {

constexpr qint64 kWaitSeconds = 30;

/// One verb on some units: asks for it, then waits until each is there.
class VerbRun : public QObject {
public:
    VerbRun(Invocation &run, QString verb)
        : m_run(run)
        , m_verb(std::move(verb))
        , m_names(unitNames(run.values().all(QStringLiteral("UNIT"))))
        , m_left(m_names)
    {
        if (run.values().has(QStringLiteral("no-wait")))
            askNext();
        else
            followThenAsk();
    }

private:
    QFuture<Result<Unit>> ask(const QString &name)
    {
        const session::ClusterApi api = m_run.api();
        if (m_verb == QLatin1String("load"))
            return api.unitLoad(name);
        if (m_verb == QLatin1String("start"))
            return api.unitStart(name);
        if (m_verb == QLatin1String("stop"))
            return api.unitStop(name);
        return api.unitUnload(name);
    }

    /// What was before the wish tells what has come of it.
    void followThenAsk()
    {
        m_live = m_run.client().subscribe(QStringLiteral("units"));
        using session::Subscription;
        connect(m_live.get(), &Subscription::reset, this, [this](const QList<QCborMap> &rows) {
            m_now.clear();
            take(rows);
            if (std::exchange(m_asked, true)) {
                lose(missing());
                return;
            }
            for (const Unit &unit : std::as_const(m_now))
                m_before[unit.name].unit = unit;
            askNext();
        });
        connect(
            m_live.get(), &Subscription::changed, this,
            [this](const QList<QCborMap> &rows, const QStringList &gone) {
                take(rows);
                lose(gone);
            });
        connect(m_live.get(), &Subscription::failed, this, [this](const Error &error) {
            m_run.fail(error);
        });
        m_deadline.setSingleShot(true);
        connect(&m_deadline, &QTimer::timeout, this, &VerbRun::timeOver);
        const qint64 seconds = m_run.values().number(QStringLiteral("wait"), kWaitSeconds);
        m_deadline.start(int(qMin<qint64>(seconds, 86'400) * 1000));
    }

    void askNext()
    {
        if (m_left.isEmpty()) {
            finishIfDone();
            return;
        }
        m_asking = true;
        m_run.then(ask(m_left.takeFirst()), [this](const Unit &unit) {
            m_asking = false;
            if (m_live)
                m_waiting.append(unit.name);
            else
                report(unit);
            look(unit);
            askNext();
        });
    }

    void take(const QList<QCborMap> &rows)
    {
        for (const QCborMap &row : rows) {
            if (!m_names.contains(row.value(QLatin1String("name")).toString()))
                continue;
            if (const auto unit = codec::fromCbor<Unit>(row))
                look(*unit);
        }
        if (m_asked)
            finishIfDone();
    }

    /// Units that are waited for and were not told of any more.
    QStringList missing() const
    {
        QStringList out;
        for (const QString &name : m_waiting) {
            if (!m_now.contains(name))
                out.append(name);
        }
        return out;
    }

    /// Nothing comes any more of units that somebody destroyed.
    void lose(const QStringList &gone)
    {
        bool lost = false;
        for (const QString &name : gone) {
            if (m_waiting.removeAll(name) == 0)
                continue;
            lost = true;
            m_status = exit_status::failed;
            m_run.out().error(QStringLiteral("%1 was destroyed meanwhile").arg(name));
        }
        if (lost)
            finishIfDone();
    }

    void look(const Unit &unit)
    {
        m_now[unit.name] = unit;
        if (!m_waiting.contains(unit.name))
            return;
        Earlier &before = m_before[unit.name];
        before.ran = before.ran || isNewRun(before.unit, unit);
        const Progress progress = progressOf(m_verb, before, unit);
        if (progress == Progress::Pending)
            return;
        m_waiting.removeAll(unit.name);
        if (progress == Progress::Failed)
            complain(unit, {});
        else
            report(unit);
    }

    void finishIfDone()
    {
        if (m_left.isEmpty() && !m_asking && m_waiting.isEmpty())
            m_run.finish(m_status);
    }

    void report(const Unit &unit)
    {
        if (m_run.json())
            m_run.out().jsonLine(codec::toJson(unit));
        else
            m_run.out().line(sentenceOf(unit));
    }

    void complain(const Unit &unit, const QString &before)
    {
        m_status = exit_status::failed;
        if (m_run.json())
            m_run.out().jsonLine(codec::toJson(unit));
        m_run.out().error(before + sentenceOf(unit));
    }

    void timeOver()
    {
        if (!m_asked) {
            m_run.fail(
                {code::deadline, QStringLiteral("The units were not told in time."), {}, {}});
            return;
        }
        for (const QString &name : std::as_const(m_waiting))
            complain(m_now.value(name), QStringLiteral("Not within the time: "));
        m_run.finish(m_status);
    }

    Invocation &m_run;
    QString m_verb;
    QStringList m_names;
    QStringList m_left;    ///< to be asked for
    QStringList m_waiting; ///< asked for, not there yet
    QMap<QString, Earlier> m_before;
    QMap<QString, Unit> m_now;
    std::unique_ptr<session::Subscription> m_live; ///< null: nothing is waited for
    QTimer m_deadline;
    bool m_asked = false;  ///< what was before is known
    bool m_asking = false; ///< a call is on its way
    int m_status = exit_status::done;
};

Applet verbApplet(const QString &verb, const QString &summary)
{
    Applet applet;
    applet.words = QStringList{"unit", verb};
    applet.summary = summary;
    applet.details =
        "Waits until it is so, and says where the unit is. With --json a line of JSON\n"
        "for each unit.";
    applet.arguments = {{"UNIT", "such as hello.service", Argument::Count::Many}};
    applet.options = {
        {"wait", "SECONDS", "how long to wait (30)", {}, {}, true},
        {"no-wait", {}, "ask for it only"}};
    applet.examples = QStringList{
        QStringLiteral("qdctl unit %1 hello.service").arg(verb),
        QStringLiteral("qdctl unit %1 web@1.service web@2.service --no-wait").arg(verb)};
    applet.exits = QStringList{"1 refused, failed, or not so within the time"};
    applet.run = [verb](Invocation &run) { run.keep(std::make_unique<VerbRun>(run, verb)); };
    return applet;
}

} // namespace

QList<Applet> unitVerbApplets()
{
    return {
        verbApplet("load", "Places units on nodes without starting them."),
        verbApplet("start", "Starts units, on the nodes that the cluster chooses."),
        verbApplet("stop", "Stops units; they stay on their nodes."),
        verbApplet("unload", "Takes units from their nodes; the cluster still knows them.")};
}

} // namespace qd::cli
