// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/session/client.h"
#include "shared/model/raft_status.h"

#include <QJsonArray>
#include <functional>

/// The agents of the store's members start anew, one after the other, while the store goes on.
namespace qd::session {

struct RestartStep {
    QString nodeId;
    QString name;
    bool leads = false; ///< it hands over first
};

/// Whom a restart is for. Everybody is asked for by that word alone: a list without names is
/// nobody, as when the one that was meant has left meanwhile.
struct RestartScope {
    bool all = false;
    QStringList nodeIds; ///< when not all
};

/// In which order: who leads comes last. Errors: code::badInput (nobody is named), code::notFound.
Result<QList<RestartStep>> planRestart(const QList<RaftStatus> &members, const RestartScope &scope);

/// [{nodeId, name, leads}]
QJsonArray restartJson(const QList<RestartStep> &plan);

/// Whether the store stands it that this member is away for a moment: the others that vote, follow
/// a leader and are not far behind must be a majority. Code "raft.quorum": they are not.
Result<void> mayRestart(const QList<RaftStatus> &members, const QString &nodeId);

/// A member that has started anew, by its own row: it takes part again, and has what was committed
/// before it went.
bool isBack(const RaftStatus &row, qint64 committed);

struct RestartOptions {
    QList<RestartStep> steps;
    int deadlineMs = 60'000; ///< for each member to come back
};
/// Tells of each step in a sentence. `told` is called in the client's thread.
using RestartNews = std::function<void(const QString &sentence)>;

/// Each member's own row, asked of itself: who does not answer is not reachable.
QFuture<Result<QList<RaftStatus>>> surveyMembers(Client &client);

/// One after the other; the next one only when the last one is back. Stops at the first that may
/// not go, or (code "raft.away") does not come back: the error names it and says why.
QFuture<Result<void>>
runRestart(Client &client, const RestartOptions &options, const RestartNews &told);

} // namespace qd::session
