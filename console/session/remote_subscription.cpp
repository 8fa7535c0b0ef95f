// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/session/remote_subscription.h"

#include "console/session/remote_client.h"

#include <QCborArray>
#include <malloc.h>

namespace qd::session {
namespace {

constexpr qsizetype kLarge = 10'000; ///< rows

} // namespace

RemoteSubscription::RemoteSubscription(
    RemoteClient &client, QString collection, const QCborMap &params)
    : m_client(&client)
    , m_collection(std::move(collection))
    , m_params(params)
{
    client.m_subscriptions.insert(this);
}

RemoteSubscription::~RemoteSubscription()
{
    if (!m_client)
        return;
    m_client->m_subscriptions.remove(this);
    m_client->m_bySub.remove(m_sub);
    if (m_sub != 0 && m_client->m_connection)
        m_client->m_connection->call(
            QStringLiteral("unsubscribe"), {{QStringLiteral("sub"), m_sub}}, 0, {});
}

QCborMap RemoteSubscription::request() const
{
    QCborMap out{
        {QStringLiteral("collection"), m_collection}, {QStringLiteral("params"), m_params}};
    if (m_revision >= 0) {
        out.insert(QStringLiteral("since"), m_revision);
        out.insert(QStringLiteral("epoch"), m_epoch);
    }
    return out;
}

void RemoteSubscription::take(const QCborMap &frame)
{
    const bool page = frame.contains(QLatin1String("page"));
    const QCborArray rows =
        frame.value(page ? QLatin1String("page") : QLatin1String("rows")).toArray();
    for (const QCborValue &row : rows)
        m_rows.append(row.toMap());
    for (const QCborValue &key : frame.value(QLatin1String("removed")).toArray())
        m_removed.append(key.toString());
    if (!frame.value(QLatin1String("last")).toBool(true))
        return;
    m_revision = frame.value(QLatin1String("revision")).toInteger();
    m_epoch = m_newEpoch;
    auto whole = std::exchange(m_rows, {});
    const auto gone = std::exchange(m_removed, {});
    if (page)
        start(std::move(whole));
    else if (!whole.isEmpty() || !gone.isEmpty())
        Q_EMIT changed(whole, gone);
}

void RemoteSubscription::start(QList<QCborMap> whole)
{
    const bool large = whole.size() >= kLarge;
    Q_EMIT reset(whole);
    whole.clear();
    // 100,000 rows come as 150 MiB of small values, which the allocator would keep for good.
    if (large)
        malloc_trim(0);
}

} // namespace qd::session
