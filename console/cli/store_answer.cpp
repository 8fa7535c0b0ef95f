// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/store_answer.h"

#include "console/cli/output.h"
#include "shared/codec/codec.h"

namespace qd::cli {
namespace {

const QString kIfValue = QStringLiteral("if-value");
const QString kIfIndex = QStringLiteral("if-index");

} // namespace

QList<Option> conditionOptions()
{
    return {
        {kIfValue, "VALUE", "only if the value is this one"},
        {kIfIndex, "INDEX", "only if the key was last changed at this index", {}, {}, true}};
}

session::StoreWrite conditionsOf(const Values &values)
{
    session::StoreWrite out;
    out.key = values.text(QStringLiteral("KEY"));
    if (values.has(kIfValue))
        out.prevValue = values.text(kIfValue).toUtf8();
    if (values.has(kIfIndex))
        out.prevIndex = values.number(kIfIndex, 0);
    return out;
}

QJsonObject answerJson(const session::StoreAnswer &answer)
{
    QJsonObject out{
        {QStringLiteral("action"), answer.action},
        {QStringLiteral("entry"), codec::toJson(answer.entry)},
        {QStringLiteral("index"), answer.index}};
    if (answer.previous)
        out.insert(QStringLiteral("previous"), codec::toJson(*answer.previous));
    return out;
}

QJsonObject eventJson(const session::StoreEvent &event)
{
    QJsonObject out{
        {QStringLiteral("action"), event.action},
        {QStringLiteral("entry"), codec::toJson(event.entry)},
        {QStringLiteral("index"), event.index}};
    if (event.previous)
        out.insert(QStringLiteral("previous"), codec::toJson(*event.previous));
    return out;
}

bool isRemoval(const session::StoreEvent &event)
{
    static const QStringList kGone{
        QStringLiteral("delete"), QStringLiteral("expire"), QStringLiteral("compareAndDelete")};
    return kGone.contains(event.action);
}

QString historyNote(const session::StoreHistory &history)
{
    if (history.from == 0)
        return QStringLiteral("Nothing has happened in the store yet.");
    return QStringLiteral("Known are the events from index %1 to %2.")
        .arg(history.from)
        .arg(history.to);
}

QString shownOnTerminal(const QByteArray &value)
{
    QStringList lines = QString::fromUtf8(value).split(QLatin1Char('\n'));
    for (QString &line : lines)
        line = visible(line);
    return lines.join(QLatin1Char('\n'));
}

} // namespace qd::cli
