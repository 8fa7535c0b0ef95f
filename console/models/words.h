// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/model/node.h"
#include "shared/model/unit.h"

#include <QObject>
#include <QVariantList>
#include <qqmlregistration.h>

/// What states are called and how alarming they are: one place for every view.
namespace qd::models {

/// How a state is to look. A view gives each its own shape and word, never colour alone.
namespace Tone {
Q_NAMESPACE
QML_ELEMENT
enum Value { Neutral, Good, Busy, Warn, Bad };
Q_ENUM_NS(Value)
} // namespace Tone

Tone::Value toneOf(Node::State state);
Tone::Value toneOf(const Unit &unit);
/// systemd's active and sub state, or fleet's state while no node has reported one.
QString stateOf(const Unit &unit);
QString nameOf(Node::State state);
QString nameOf(Node::Role role);
/// What a machine is to the cluster: {label, value} each (E17, table 5-2).
QVariantList partOf(Node::Role role);
QString nameOf(Unit::Target target);
/// "az=eu-1  disk=ssd", keys in order.
QString metadataText(const QMap<QString, QString> &metadata);
/// "now", "12 s", "3 min", "5 h", "2 d"; empty for no date.
QString ageText(const QDateTime &when, const QDateTime &now);

} // namespace qd::models
