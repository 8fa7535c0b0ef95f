// SPDX-License-Identifier: GPL-3.0-or-later
#include "words.h"

#include <QMetaEnum>

namespace qd::models {

Tone::Value toneOf(Node::State state)
{
    switch (state) {
    case Node::State::Ready:
        return Tone::Good;
    case Node::State::Lost:
        return Tone::Bad;
    case Node::State::Joining:
        break;
    }
    return Tone::Busy;
}

Tone::Value toneOf(const Unit &unit)
{
    if (unit.activeState == QLatin1String("failed"))
        return Tone::Bad;
    if (unit.activeState == QLatin1String("active"))
        return Tone::Good;
    if (unit.activeState.endsWith(QLatin1String("ing")))
        return Tone::Busy;
    if (unit.desired != Unit::Target::Inactive && unit.machineId.isEmpty() && !unit.global)
        return Tone::Warn;
    return unit.desired == Unit::Target::Launched ? Tone::Busy : Tone::Neutral;
}

QString stateOf(const Unit &unit)
{
    if (!unit.activeState.isEmpty())
        return unit.activeState;
    if (unit.desired != Unit::Target::Inactive && unit.machineId.isEmpty() && !unit.global)
        return QStringLiteral("not placed");
    return nameOf(unit.current);
}

QString nameOf(Node::State state)
{
    return QString::fromLatin1(QMetaEnum::fromType<Node::State>().valueToKey(int(state))).toLower();
}

QString nameOf(Node::Role role)
{
    if (role == Node::Role::None)
        return QStringLiteral("–");
    return QString::fromLatin1(QMetaEnum::fromType<Node::Role>().valueToKey(int(role))).toLower();
}

QVariantList partOf(Node::Role role)
{
    const bool proxy = role == Node::Role::Proxy;
    const bool votes = !proxy && role != Node::Role::Learner;
    const auto field = [](const char *label, const char *value) {
        return QVariantMap{
            {QStringLiteral("label"), QString::fromLatin1(label)},
            {QStringLiteral("value"), QString::fromLatin1(value)}};
    };
    return {
        field(
            "Votes", votes   ? "yes"
                     : proxy ? "no"
                             : "not yet"),
        field("Writes", votes ? "wait for a majority with it" : "do not wait for it"),
        field("Keys", proxy ? "none of its own" : "all stored here"),
        field("Comes in", proxy ? "without being asked" : "by a token")};
}

QString nameOf(Unit::Target target)
{
    return QString::fromLatin1(QMetaEnum::fromType<Unit::Target>().valueToKey(int(target)))
        .toLower();
}

QString metadataText(const QMap<QString, QString> &metadata)
{
    QStringList words;
    for (auto it = metadata.cbegin(); it != metadata.cend(); ++it)
        words.append(it.key() + QLatin1Char('=') + it.value());
    return words.join(QStringLiteral("  "));
}

QString ageText(const QDateTime &when, const QDateTime &now)
{
    if (!when.isValid())
        return {};
    const qint64 seconds = when.secsTo(now);
    if (seconds < 2)
        return QStringLiteral("now");
    if (seconds < 120)
        return QStringLiteral("%1 s").arg(seconds);
    if (seconds < 7200)
        return QStringLiteral("%1 min").arg(seconds / 60);
    if (seconds < 172800)
        return QStringLiteral("%1 h").arg(seconds / 3600);
    return QStringLiteral("%1 d").arg(seconds / 86400);
}

} // namespace qd::models
