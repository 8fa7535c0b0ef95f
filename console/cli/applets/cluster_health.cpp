// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"
#include "console/cli/health.h"
#include "console/cli/invocation.h"

#include <QMap>
#include <QTimer>

namespace qd::cli {
namespace {

constexpr int kAskAgainMs = 1'000;

/// The rows of a live collection, by key.
template <class T>
class Rows {
public:
    Rows(std::unique_ptr<session::Subscription> live, QString T::*key)
        : m_live(std::move(live))
        , m_key(key)
    {
    }
    session::Subscription *live() { return m_live.get(); }
    bool arrived() const { return m_arrived; }
    QList<T> values() const { return m_rows.values(); }
    void reset(const QList<QCborMap> &rows)
    {
        m_arrived = true;
        m_rows.clear();
        change(rows, {});
    }
    void change(const QList<QCborMap> &rows, const QStringList &removed)
    {
        for (const QCborMap &row : rows) {
            if (const auto noun = codec::fromCbor<T>(row))
                m_rows.insert((*noun).*m_key, *noun);
        }
        for (const QString &key : removed)
            m_rows.remove(key);
    }

private:
    std::unique_ptr<session::Subscription> m_live;
    QString T::*m_key;
    QMap<QString, T> m_rows;
    bool m_arrived = false;
};

/// Watches nodes and consensus until they are well, or until the time is over.
class HealthWatch : public QObject {
public:
    explicit HealthWatch(Invocation &run)
        : m_run(run)
        , m_nodes(run.client().subscribe(QStringLiteral("nodes")), &Node::id)
        , m_raft(run.client().subscribe(QStringLiteral("raft")), &RaftStatus::nodeId)
        , m_wanted(int(run.values().number(QStringLiteral("nodes"), 0)))
        , m_waits(run.values().has(QStringLiteral("wait")))
    {
        follow(m_nodes);
        follow(m_raft);
        connect(&run.client(), &session::Client::trouble, this, [this](const Error &error) {
            m_trouble = error;
            if (!m_waits)
                m_run.fail(error);
        });
        const qint64 seconds = run.values().number(QStringLiteral("wait"), 10);
        m_deadline.setSingleShot(true);
        connect(&m_deadline, &QTimer::timeout, this, &HealthWatch::timeOver);
        m_deadline.start(int(qMin<qint64>(seconds, 86'400) * 1000));
        m_again.setSingleShot(true);
        m_again.setInterval(kAskAgainMs);
        connect(&m_again, &QTimer::timeout, this, &HealthWatch::judge);
    }

private:
    template <class T>
    void follow(Rows<T> &rows)
    {
        using session::Subscription;
        connect(rows.live(), &Subscription::reset, this, [this, &rows](const auto &all) {
            rows.reset(all);
            judge();
        });
        connect(
            rows.live(), &Subscription::changed, this,
            [this, &rows](const auto &some, const QStringList &removed) {
                rows.change(some, removed);
                judge();
            });
        connect(rows.live(), &Subscription::failed, this, [this](const Error &error) {
            m_run.fail(error);
        });
    }

    /// Proxies come and go as they like.
    QList<Node> members() const
    {
        QList<Node> out = m_nodes.values();
        out.removeIf([](const Node &node) { return node.role == Node::Role::Proxy; });
        return out;
    }

    void judge()
    {
        if (!m_nodes.arrived() || !m_raft.arrived() || m_asking || m_run.isOver())
            return;
        m_ailments = ailments(members(), m_raft.values(), m_wanted);
        if (m_ailments.isEmpty())
            askMajority();
        else if (!m_waits)
            timeOver();
    }

    /// A read that a majority must confirm: the proof that what the rows say is true now.
    void askMajority()
    {
        m_asking = true;
        session::StoreGet request;
        request.key = QStringLiteral("/");
        request.quorum = true;
        m_run.settle(m_run.api().storeGet(request), [this](const auto &answer) {
            m_asking = false;
            if (answer) {
                healthy();
                return;
            }
            m_ailments = {QStringLiteral("no majority answers: ") + answer.error().text()};
            if (m_waits)
                m_again.start();
            else
                timeOver();
        });
    }

    void healthy()
    {
        const QList<RaftStatus> raft = m_raft.values();
        QString leader;
        for (const RaftStatus &status : raft) {
            if (status.role == Node::Role::Leader)
                leader = status.nodeName;
        }
        if (m_run.json())
            m_run.out().json(
                {{QStringLiteral("healthy"), true},
                 {QStringLiteral("nodes"), members().size()},
                 {QStringLiteral("leader"), leader}});
        else
            m_run.out().line(QStringLiteral("healthy: %1 nodes ready, %2 leads")
                                 .arg(members().size())
                                 .arg(leader));
        m_run.finish();
    }

    void timeOver()
    {
        if (!m_nodes.arrived() || !m_raft.arrived()) {
            Error why{code::unreachable, QStringLiteral("No node answers"), {}, nullptr};
            if (m_trouble)
                why.cause = std::make_shared<const Error>(*m_trouble);
            m_run.fail(why);
            return;
        }
        if (m_run.json())
            m_run.out().json(
                {{QStringLiteral("healthy"), false},
                 {QStringLiteral("nodes"), members().size()},
                 {QStringLiteral("ailments"), QJsonArray::fromStringList(m_ailments)}});
        m_run.out().error(QStringLiteral("The cluster is not healthy: %1.")
                              .arg(m_ailments.join(QStringLiteral("; "))));
        m_run.finish(exit_status::failed);
    }

    Invocation &m_run;
    Rows<Node> m_nodes;
    Rows<RaftStatus> m_raft;
    int m_wanted;
    bool m_waits;
    bool m_asking = false;
    QStringList m_ailments;
    std::optional<Error> m_trouble;
    QTimer m_deadline;
    QTimer m_again;
};

void health(Invocation &run)
{
    run.keep(std::make_unique<HealthWatch>(run));
}

} // namespace

Applet clusterHealthApplet()
{
    Applet applet;
    applet.words = QStringList{"cluster", "health"};
    applet.summary = "Tells whether the cluster is healthy.";
    applet.details =
        "Healthy: every node is Ready, votes and knows the same leader, there is no alarm\n"
        "(see qdctl raft alarms), and a majority answers a read.";
    applet.options = {
        {"wait", "SECONDS", "wait until it is healthy, at most so long", {}, {}, true},
        {"nodes",
         "N",
         "how many nodes there must be at least (those that there are)",
         {},
         {},
         true}};
    applet.examples =
        QStringList{"qdctl cluster health", "qdctl cluster health --wait 60 --nodes 3"};
    applet.exits = QStringList{"0 healthy", "1 not healthy"};
    applet.patientWith = "wait";
    applet.run = health;
    return applet;
}

} // namespace qd::cli
