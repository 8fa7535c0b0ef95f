// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/session/rolling_restart.h"

#include "console/session/cluster_api.h"
#include "console/session/raft_progress.h"
#include "shared/codec/codec.h"

#include <QElapsedTimer>
#include <QJsonObject>
#include <QPromise>
#include <QTimer>
#include <algorithm>

namespace qd::session {
namespace {

const QString kQuorum = QStringLiteral("raft.quorum");
const QString kAway = QStringLiteral("raft.away");
constexpr qint64 kNearEntries = 1'000; ///< so little is caught up with while nobody notices
constexpr int kAskMs = 3'000;
constexpr int kLookAgainMs = 100;
constexpr int kSettleMs = 10'000; ///< for an election, or for a member that is a little behind

bool votes(const RaftStatus &member)
{
    return member.role != Node::Role::Learner;
}

const RaftStatus *find(const QList<RaftStatus> &members, const QString &nodeId)
{
    const auto it = std::find_if(members.cbegin(), members.cend(), [&](const RaftStatus &member) {
        return member.nodeId == nodeId;
    });
    return it == members.cend() ? nullptr : &*it;
}

/// The call was sent and its answer has not come: the agent may restart for all that. (Who could
/// not be reached was not sent anything: a connection lost after that is an unknown outcome.)
bool mayBeUnderWay(const Error &error)
{
    return error.code == code::unknownOutcome || error.code == code::deadline;
}

/// The rows of all members, each by itself.
class Survey : public QObject {
public:
    using Answer = Result<QList<RaftStatus>>;
    explicit Survey(Client &client)
        : QObject(&client)
        , m_client(client)
    {
        m_promise.start();
    }
    QFuture<Answer> start()
    {
        QFuture<Answer> future = m_promise.future();
        ClusterApi(m_client).raftStatus().then(
            this, [this](const Result<Listing<RaftStatus>> &listed) {
                if (!listed)
                    return finish(fail(listed.error()));
                m_rows = listed->items;
                m_open = m_rows.size();
                for (qsizetype i = 0; i < m_rows.size(); ++i)
                    ask(i);
                if (m_rows.isEmpty())
                    finish(m_rows);
            });
        return future;
    }

private:
    void ask(qsizetype at)
    {
        CallOptions options;
        options.node = m_rows.at(at).nodeId;
        options.deadlineMs = kAskMs;
        m_client.call(QStringLiteral("raft.status"), {}, options)
            .then(this, [this, at](const Result<QCborMap> &answer) { take(at, answer); });
    }
    void take(qsizetype at, const Result<QCborMap> &answer)
    {
        RaftStatus &row = m_rows[at];
        row.reachable = false;
        const auto theirs = answer
                                ? codec::listFromCbor<RaftStatus>(*answer, QStringLiteral("items"))
                                : fail(answer.error());
        if (const RaftStatus *own = theirs ? find(*theirs, row.nodeId) : nullptr) {
            row = *own;
            row.reachable = true;
        }
        if (--m_open == 0)
            finish(m_rows);
    }
    void finish(const Answer &answer)
    {
        m_promise.addResult(answer);
        m_promise.finish();
        deleteLater();
    }

    Client &m_client;
    QList<RaftStatus> m_rows;
    qsizetype m_open = 0;
    QPromise<Answer> m_promise;
};

/// Goes from member to member. Whatever cannot be known just now is asked again until its time is
/// over: the client itself loses its node when that one's turn comes.
class Rolling : public QObject {
public:
    Rolling(Client &client, RestartOptions options, RestartNews told)
        : QObject(&client)
        , m_client(client)
        , m_options(std::move(options))
        , m_told(std::move(told))
    {
        m_promise.start();
    }
    QFuture<Result<void>> start()
    {
        QFuture<Result<void>> future = m_promise.future();
        begin();
        return future;
    }

private:
    using Step = void (Rolling::*)();
    const RestartStep &step() const { return m_options.steps.at(m_at); }

    void begin()
    {
        if (m_at == m_options.steps.size())
            return finish({});
        m_handedOver = false;
        m_since.start();
        look();
    }
    /// May it go?
    void look()
    {
        surveyMembers(m_client).then(this, [this](const Result<QList<RaftStatus>> &members) {
            const auto may = members ? mayRestart(*members, step().nodeId) : fail(members.error());
            if (!may)
                return again(&Rolling::look, kSettleMs, may.error());
            const RaftStatus *leader = leaderOf(*members);
            m_committed = leader ? leader->commitIndex : 0;
            if (leader && leader->nodeId == step().nodeId)
                return m_handedOver ? again(&Rolling::look, kSettleMs, stillLeads()) : handOver();
            remember();
        });
    }
    void handOver()
    {
        ClusterApi(m_client).raftTransfer().then(this, [this](const Result<QString> &next) {
            if (!next)
                return again(&Rolling::look, kSettleMs, next.error());
            m_told(QStringLiteral("%1 hands over").arg(step().name));
            m_handedOver = true; // the rows tell it a little later
            look();
        });
    }
    /// When it started last, so that the next time can be told from this one.
    void remember()
    {
        whenStarted([this](const Result<qint64> &started) {
            if (!started)
                return again(&Rolling::look, kSettleMs, started.error());
            m_started = *started;
            m_told(QStringLiteral("%1 restarts").arg(step().name));
            m_since.start();
            restart();
        });
    }
    void restart()
    {
        m_client.call(QStringLiteral("agent.restart"), {}, toIt())
            .then(this, [this](const Result<QCborMap> &answer) {
                if (!answer && !mayBeUnderWay(answer.error()))
                    return finish(fail(notRestarted(answer.error())));
                await();
            });
    }
    void await()
    {
        whenStarted([this](const Result<qint64> &started) {
            if (!started)
                return again(&Rolling::await, m_options.deadlineMs, started.error());
            if (*started == m_started)
                return again(
                    &Rolling::await, m_options.deadlineMs,
                    {code::deadline, QStringLiteral("its agent has not stopped"), {}, nullptr});
            awaitPart();
        });
    }
    void awaitPart()
    {
        surveyMembers(m_client).then(this, [this](const Result<QList<RaftStatus>> &members) {
            const RaftStatus *row = members ? find(*members, step().nodeId) : nullptr;
            if (!row || !isBack(*row, m_committed))
                return again(
                    &Rolling::awaitPart, m_options.deadlineMs,
                    {code::deadline,
                     QStringLiteral("its agent runs again, but does not take part"),
                     {},
                     nullptr});
            m_told(QStringLiteral("%1 is back after %2 s")
                       .arg(step().name)
                       .arg(double(m_since.elapsed()) / 1000, 0, 'f', 1));
            ++m_at;
            begin();
        });
    }

    static Error stillLeads()
    {
        return {code::conflict, QStringLiteral("it leads still, or again"), {}, nullptr};
    }
    CallOptions toIt() const
    {
        CallOptions options;
        options.node = step().nodeId;
        options.deadlineMs = kAskMs;
        return options;
    }
    void whenStarted(const std::function<void(const Result<qint64> &)> &done)
    {
        m_client.call(QStringLiteral("agent.about"), {}, toIt())
            .then(this, [done](const Result<QCborMap> &answer) {
                done(
                    answer ? Result<qint64>(answer->value(QLatin1String("started")).toInteger())
                           : fail(answer.error()));
            });
    }
    Error notRestarted(const Error &why) const
    {
        return why.during(QStringLiteral("%1 was not restarted").arg(step().name));
    }
    /// What was lost with the connection is asked again, too, until the time is over.
    void again(Step step, int deadlineMs, const Error &why)
    {
        if (m_since.elapsed() < deadlineMs) {
            QTimer::singleShot(kLookAgainMs, this, [this, step] { (this->*step)(); });
            return;
        }
        if (step == &Rolling::look)
            return finish(fail(notRestarted(why)));
        Error error = why.during(QStringLiteral("%1 did not come back within %2 s")
                                     .arg(this->step().name)
                                     .arg(deadlineMs / 1000));
        finish(fail(std::move(error).as(kAway)));
    }
    void finish(const Result<void> &result)
    {
        m_promise.addResult(result);
        m_promise.finish();
        deleteLater();
    }

    Client &m_client;
    RestartOptions m_options;
    RestartNews m_told;
    qsizetype m_at = 0;
    qint64 m_committed = 0;
    qint64 m_started = 0;
    bool m_handedOver = false;
    QElapsedTimer m_since;
    QPromise<Result<void>> m_promise;
};

} // namespace

Result<QList<RestartStep>> planRestart(const QList<RaftStatus> &members, const RestartScope &scope)
{
    if (!scope.all && scope.nodeIds.isEmpty())
        return fail(code::badInput, QStringLiteral("Nobody is named who is to restart."));
    for (const QString &id : scope.nodeIds) {
        if (!find(members, id))
            return fail(code::notFound, QStringLiteral("%1 is no member of the store.").arg(id));
    }
    const RaftStatus *leader = leaderOf(members);
    QList<RestartStep> out;
    for (const RaftStatus &member : members) {
        if (scope.all || scope.nodeIds.contains(member.nodeId))
            out.append({member.nodeId, member.nodeName, &member == leader});
    }
    std::sort(out.begin(), out.end(), [](const RestartStep &one, const RestartStep &other) {
        return std::pair(one.leads, one.name) < std::pair(other.leads, other.name);
    });
    return out;
}

QJsonArray restartJson(const QList<RestartStep> &plan)
{
    QJsonArray out;
    for (const RestartStep &step : plan)
        out.append(QJsonObject{
            {QStringLiteral("nodeId"), step.nodeId},
            {QStringLiteral("name"), step.name},
            {QStringLiteral("leads"), step.leads}});
    return out;
}

Result<void> mayRestart(const QList<RaftStatus> &members, const QString &nodeId)
{
    const RaftStatus *self = find(members, nodeId);
    if (!self)
        return fail(code::notFound, QStringLiteral("it is no member of the store"));
    if (!self->reachable)
        return fail(code::nodeUnreachable, QStringLiteral("it cannot be reached"));
    if (!votes(*self))
        return {};
    const RaftStatus *leader = leaderOf(members);
    if (!leader)
        return fail(kQuorum, QStringLiteral("nobody leads"));
    const qint64 total = std::count_if(members.begin(), members.end(), votes);
    QStringList missing;
    qint64 left = 0;
    for (const RaftStatus &member : members) {
        if (member.nodeId == nodeId || !votes(member))
            continue;
        const bool isNear = member.appliedIndex + kNearEntries >= leader->commitIndex;
        if (member.reachable && !member.leader.isEmpty() && isNear)
            ++left;
        else
            missing.append(member.nodeName);
    }
    if (left >= total / 2 + 1)
        return {};
    QString why = QStringLiteral("without it the store has no majority: of %1 that vote, %2 would "
                                 "be left")
                      .arg(total)
                      .arg(left);
    if (!missing.isEmpty())
        why += QStringLiteral(" (%1 cannot be counted on)").arg(missing.join(QStringLiteral(", ")));
    return fail(kQuorum, why);
}

bool isBack(const RaftStatus &row, qint64 committed)
{
    const bool takesPart = row.role == Node::Role::Follower || row.role == Node::Role::Leader ||
                           row.role == Node::Role::Learner;
    return row.reachable && takesPart && !row.leader.isEmpty() && row.appliedIndex >= committed;
}

QFuture<Result<QList<RaftStatus>>> surveyMembers(Client &client)
{
    return (new Survey(client))->start();
}

QFuture<Result<void>>
runRestart(Client &client, const RestartOptions &options, const RestartNews &told)
{
    return (new Rolling(client, options, told))->start();
}

} // namespace qd::session
