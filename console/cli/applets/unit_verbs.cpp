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
        , m_left(run.values().all(QStringLiteral("UNIT")))
        , m_waits(!run.values().has(QStringLiteral("no-wait")))
    {
        m_deadline.setSingleShot(true);
        connect(&m_deadline, &QTimer::timeout, this, &VerbRun::timeOver);
        askNext();
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

    void askNext()
    {
        if (m_left.isEmpty()) {
            await();
            return;
        }
        m_run.then(ask(m_left.takeFirst()), [this](const Unit &unit) {
            if (m_waits)
                m_waiting.insert(unit.name, unit);
            else
                report(unit);
            askNext();
        });
    }

    void await()
    {
        const QList<Unit> asked = m_waiting.values();
        for (const Unit &unit : asked)
            look(unit);
        if (m_waiting.isEmpty()) {
            m_run.finish(m_status);
            return;
        }
        m_deadline.start(int(qMin<qint64>(
            m_run.values().number(QStringLiteral("wait"), kWaitSeconds) * 1000, 86'400'000)));
        m_live = m_run.client().subscribe(QStringLiteral("units"));
        using session::Subscription;
        connect(m_live.get(), &Subscription::reset, this, &VerbRun::take);
        connect(m_live.get(), &Subscription::changed, this, &VerbRun::take);
        connect(m_live.get(), &Subscription::failed, this, [this](const Error &error) {
            m_run.fail(error);
        });
    }

    void take(const QList<QCborMap> &rows)
    {
        for (const QCborMap &row : rows) {
            if (!m_waiting.contains(row.value(QLatin1String("name")).toString()))
                continue;
            if (const auto unit = codec::fromCbor<Unit>(row))
                look(*unit);
        }
        if (m_waiting.isEmpty())
            m_run.finish(m_status);
    }

    void look(const Unit &unit)
    {
        m_waiting[unit.name] = unit;
        const Progress progress = progressOf(m_verb, unit);
        if (progress == Progress::Pending)
            return;
        m_waiting.remove(unit.name);
        if (progress == Progress::Failed)
            complain(unit, {});
        else
            report(unit);
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
        m_run.out().error(before + sentenceOf(unit) + QLatin1Char('.'));
    }

    void timeOver()
    {
        for (const Unit &unit : std::as_const(m_waiting))
            complain(unit, QStringLiteral("Not within the time: "));
        m_run.finish(m_status);
    }

    Invocation &m_run;
    QString m_verb;
    QStringList m_left;
    bool m_waits;
    QMap<QString, Unit> m_waiting;
    std::unique_ptr<session::Subscription> m_live;
    QTimer m_deadline;
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
