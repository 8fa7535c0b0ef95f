// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/store/store_client.h"
#include "shared/rpc/methods.h"

#include <QJsonObject>

namespace qd::control {

/// An event as the streams of store.watch and store.history tell it.
QJsonObject eventJson(const store::Event &event);

/// Answers a call with a stream: what `event` has read, the node and what is below it, an entry a
/// line. However much it is, it leaves at the pace of the one who reads.
void streamEntries(const rpc::CallPtr &call, const store::Event &event);

/// The same with the events that are kept: the window first, {from, to}, then an event a line.
void streamHistory(const rpc::CallPtr &call, const store::History &history);

} // namespace qd::control
