// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/update/semaphore.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QUrl>
#include <algorithm>

namespace qd::update {

namespace {

const QString kName = QStringLiteral("/semaphore");
const QString kGroups = kLockFolder + QStringLiteral("/groups/");

/// Go's url.QueryEscape.
QString escaped(const QString &group)
{
    return QString::fromLatin1(QUrl::toPercentEncoding(group, " ").replace(' ', '+'));
}

QByteArray textOf(const QString &word)
{
    const QByteArray list = QJsonDocument(QJsonArray{word}).toJson(QJsonDocument::Compact);
    return list.mid(1, list.size() - 2);
}

Error lost(const Claim &claim, const QString &how)
{
    return Error{
        code::conflict,
        QStringLiteral("the slot of %1 in the reboot lock, taken at index %2, %3")
            .arg(claim.holder)
            .arg(claim.fence)
            .arg(how),
        {},
        nullptr};
}

bool holdsIn(const store::Event &event, const QString &holder)
{
    const auto semaphore = parseSemaphore(event.node.value);
    return semaphore && semaphore->holds(holder);
}

} // namespace

QString semaphoreKey(const QString &group)
{
    return group.isEmpty() ? kLockFolder + kName : kGroups + escaped(group) + kName;
}

std::optional<QString> groupOf(const QString &key)
{
    if (key == kLockFolder + kName)
        return QString();
    if (!key.startsWith(kGroups) || !key.endsWith(kName))
        return std::nullopt;
    QByteArray name =
        key.mid(kGroups.size(), key.size() - kGroups.size() - kName.size()).toLatin1();
    return QUrl::fromPercentEncoding(name.replace('+', ' '));
}

Result<Semaphore> parseSemaphore(const QByteArray &json)
{
    const QJsonDocument document = QJsonDocument::fromJson(json);
    const QJsonObject object = document.object();
    const QJsonValue free = object.value(QLatin1String("semaphore"));
    const QJsonValue max = object.value(QLatin1String("max"));
    const QJsonValue holders = object.value(QLatin1String("holders"));
    if (!document.isObject() || !free.isDouble() || !max.isDouble() ||
        !(holders.isArray() || holders.isNull() || holders.isUndefined()))
        return fail(
            code::corrupt, QStringLiteral("the reboot lock's key does not hold a semaphore: %1")
                               .arg(QString::fromUtf8(json.left(100))));
    Semaphore out;
    out.free = free.toInteger();
    out.max = max.toInteger();
    if (holders.isArray()) {
        out.holders.emplace();
        const QJsonArray all = holders.toArray();
        for (const QJsonValue &holder : all)
            out.holders->append(holder.toString());
    }
    return out;
}

QByteArray toJson(const Semaphore &semaphore)
{
    QByteArray holders = "null";
    if (semaphore.holders) {
        QByteArrayList words;
        for (const QString &holder : *semaphore.holders)
            words.append(textOf(holder));
        holders = '[' + words.join(',') + ']';
    }
    return "{\"semaphore\":" + QByteArray::number(semaphore.free) +
           ",\"max\":" + QByteArray::number(semaphore.max) + ",\"holders\":" + holders + '}';
}

Result<Semaphore> withHolder(Semaphore semaphore, const QString &holder)
{
    if (semaphore.free <= 0)
        return fail(code::conflict, QStringLiteral("semaphore is at %1").arg(semaphore.free));
    if (semaphore.holds(holder))
        return fail(code::conflict, QStringLiteral("holder exists"));
    if (!semaphore.holders)
        semaphore.holders.emplace();
    semaphore.holders->append(holder);
    std::sort(semaphore.holders->begin(), semaphore.holders->end());
    --semaphore.free;
    return semaphore;
}

Result<Semaphore> withoutHolder(Semaphore semaphore, const QString &holder)
{
    if (!semaphore.holds(holder))
        return fail(code::notFound, QStringLiteral("holder does not exist"));
    semaphore.holders->removeOne(holder);
    ++semaphore.free;
    return semaphore;
}

Semaphore withMax(Semaphore semaphore, qint64 max)
{
    semaphore.free += max - semaphore.max;
    semaphore.max = max;
    return semaphore;
}

Result<void>
stillHeld(const Claim &claim, const Result<store::Event> &now, const store::History &since)
{
    if (!now)
        return fail(lost(claim, QStringLiteral("cannot be looked at: ") + now.error().text()));
    const quint64 index = now->node.modifiedIndex;
    if (!holdsIn(*now, claim.holder) || index < claim.fence)
        return fail(lost(claim, QStringLiteral("was given away")));
    if (index == claim.fence)
        return {};
    // Others have come or gone in the meantime: the slot must have outlived each of it.
    if (since.from == 0 || since.from > claim.fence + 1)
        return fail(lost(
            claim, QStringLiteral("may have been given away: too much has happened "
                                  "since for anybody to tell")));
    for (const store::Event &event : since.events) {
        if (event.node.modifiedIndex > claim.fence && !holdsIn(event, claim.holder))
            return fail(lost(
                claim, QStringLiteral("was given away at index %1").arg(event.node.modifiedIndex)));
    }
    return {};
}

} // namespace qd::update
