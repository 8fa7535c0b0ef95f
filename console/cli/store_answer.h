// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/cli/arguments.h"
#include "console/session/cluster_api.h"

#include <QJsonObject>

/// What the store's applets share.
namespace qd::cli {

/// --if-value, --if-index: a write that happens only if the key is as it was seen.
QList<Option> conditionOptions();
/// The key and these conditions.
session::StoreWrite conditionsOf(const Values &values);
/// A write's answer: {action, entry, previous?, index}.
QJsonObject answerJson(const session::StoreAnswer &answer);
/// {action, entry, previous?, index}.
QJsonObject eventJson(const session::StoreEvent &event);
/// After it the key is no longer there.
bool isRemoval(const session::StoreEvent &event);
/// How far back a history goes.
QString historyNote(const session::StoreHistory &history);
/// A value as text that keeps its lines but cannot move the cursor.
QString shownOnTerminal(const QByteArray &value);

} // namespace qd::cli
