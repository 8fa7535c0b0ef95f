// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/node/public_store.h"

#include "agent/store/tree.h"

namespace qd::node {

namespace {

bool isOwn(const QString &key)
{
    if (!key.contains(QLatin1String("_qd")))
        return false; // nearly every request
    const QString path = store::cleanPath(key);
    return path == QLatin1String("/_qd") || path.startsWith(QLatin1String("/_qd/"));
}

Error refusal()
{
    return store::etcdError(110, QStringLiteral("Insufficient credentials"), 0);
}

} // namespace

void PublicStore::refuse(store::EventHandler done)
{
    store::GetRequest root;
    root.key = QStringLiteral("/");
    m_store.get(
        root, [done = std::move(done)](const Result<store::Event> &) { done(fail(refusal())); });
}

void PublicStore::get(const store::GetRequest &request, store::EventHandler done)
{
    if (isOwn(request.key))
        return refuse(std::move(done));
    m_store.get(request, std::move(done));
}

void PublicStore::write(const store::WriteRequest &request, store::EventHandler done)
{
    if (isOwn(request.key))
        return refuse(std::move(done));
    m_store.write(request, std::move(done));
}

std::unique_ptr<store::Watch>
PublicStore::watch(const store::WatchRequest &request, store::WatchHandler handler)
{
    if (!isOwn(request.key))
        return m_store.watch(request, std::move(handler));
    refuse(std::move(handler));
    return std::make_unique<store::Watch>();
}

Result<store::Event> PublicStore::getLocal(const store::GetRequest &request) const
{
    if (isOwn(request.key))
        return fail(refusal());
    return m_store.getLocal(request);
}

Result<quint64>
PublicStore::walkLocal(const store::GetRequest &request, store::NodeVisitor &visitor) const
{
    if (isOwn(request.key))
        return fail(refusal());
    return m_store.walkLocal(request, visitor);
}

Result<store::History> PublicStore::history(const QString &key, bool recursive) const
{
    if (isOwn(key))
        return fail(refusal());
    return m_store.history(key, recursive);
}

} // namespace qd::node
