// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/store/watch_hub.h"

#include "agent/store/command.h"
#include "agent/store/tree.h"
#include "shared/base/bytes.h"

namespace qd::store {

namespace {

/// A directory's own path as the beginning of what lies below it.
QString below(const QString &path)
{
    return path.endsWith(QLatin1Char('/')) ? path : path + QLatin1Char('/');
}

/// Whether a watcher above must not see the key: a name on the way to it begins with "_".
bool isHiddenFrom(const QString &watched, const QString &key)
{
    if (watched.size() > key.size())
        return false;
    const QString rest = QLatin1Char('/') + key.mid(watched.size());
    return rest.contains(QLatin1String("/_"));
}

bool removedFolder(const Event &event)
{
    const bool gone =
        event.action == QLatin1String("delete") || event.action == QLatin1String("expire");
    return gone && event.prevNode && event.prevNode->dir;
}

bool matches(const Event &event, const QString &key, bool recursive)
{
    if (event.refresh)
        return false;
    return event.node.key == key ||
           (recursive && event.node.key.startsWith(below(key)) &&
            !isHiddenFrom(key, event.node.key)) ||
           (removedFolder(event) && key.startsWith(below(event.node.key)));
}

} // namespace

struct WatchHub::Watcher {
    QString key;
    WatchRequest request;
    quint64 since = 0; ///< events before this index are not for it
    EventHandler handler;
    bool over = false; ///< nothing more goes to the handler
};

struct WatchHub::Ticket final : Watch {
    std::weak_ptr<WatchHub *> hub;
    Shared watcher;
    ~Ticket() override
    {
        watcher->over = true;
        watcher->handler = {};
        if (const auto alive = hub.lock())
            (*alive)->remove(watcher);
    }
};

WatchHub::WatchHub(Defer defer)
    : m_defer(std::move(defer))
    , m_self(std::make_shared<WatchHub *>(this))
{
}

WatchHub::~WatchHub() = default;

qsizetype WatchHub::watcherCount() const
{
    return qsizetype(m_watchers.size());
}

quint64 WatchHub::firstIndex() const
{
    return m_history.empty() ? 0 : m_history.front().node.modifiedIndex;
}

std::unique_ptr<Watch>
WatchHub::watch(const WatchRequest &request, quint64 storeIndex, EventHandler handler)
{
    auto watcher = std::make_shared<Watcher>();
    watcher->key = cleanPath(request.key);
    watcher->request = request;
    watcher->since = request.waitIndex == 0 ? storeIndex + 1 : request.waitIndex;
    watcher->handler = std::move(handler);
    auto ticket = std::make_unique<Ticket>();
    ticket->hub = m_self;
    ticket->watcher = watcher;

    if (watcher->since < firstIndex()) {
        const QString cause = QStringLiteral("the requested history has been cleared [%1/%2]")
                                  .arg(firstIndex())
                                  .arg(watcher->since);
        deliver(watcher, fail(etcdError(401, cause, storeIndex)));
        return ticket;
    }
    if (request.stands) {
        m_defer([watcher, stands = request.stands] {
            if (!watcher->over)
                stands();
        });
    }
    if (!m_history.empty() && watcher->since <= m_history.back().node.modifiedIndex) {
        const quint64 skipped = watcher->since - firstIndex();
        for (auto at = m_history.cbegin() + std::ptrdiff_t(skipped); at != m_history.cend(); ++at) {
            if (!matches(*at, watcher->key, request.recursive))
                continue;
            Event event = *at;
            event.etcdIndex = storeIndex;
            deliver(watcher, event);
            if (!request.stream)
                return ticket;
        }
    }
    m_watchers.emplace(watcher->key, watcher);
    return ticket;
}

History WatchHub::history(const QString &key, bool recursive, quint64 storeIndex) const
{
    History out;
    out.from = firstIndex();
    out.to = storeIndex;
    const QString path = cleanPath(key);
    for (const Event &event : m_history) {
        if (matches(event, path, recursive))
            out.events.push_back(event);
    }
    return out;
}

void WatchHub::deliver(const Shared &watcher, const Result<Event> &result)
{
    m_defer([watcher, result] {
        if (watcher->over)
            return;
        watcher->over = !watcher->request.stream || !result;
        // The handler may end the watch, and itself with it.
        const EventHandler handler = watcher->handler;
        handler(result);
    });
}

void WatchHub::remove(const Shared &watcher)
{
    const auto [begin, end] = m_watchers.equal_range(watcher->key);
    for (auto at = begin; at != end; ++at) {
        if (at->second == watcher) {
            m_watchers.erase(at);
            return;
        }
    }
}

void WatchHub::tell(const QString &path, const Event &event, bool removed)
{
    const bool itself = path == event.node.key;
    auto [at, end] = m_watchers.equal_range(path);
    while (at != end) {
        const Shared watcher = at->second;
        const bool wanted = (itself || removed || watcher->request.recursive) &&
                            (itself || removed || !isHiddenFrom(path, event.node.key)) &&
                            event.node.modifiedIndex >= watcher->since;
        if (wanted)
            deliver(watcher, event);
        if (wanted && !watcher->request.stream)
            at = m_watchers.erase(at);
        else
            ++at;
    }
}

void WatchHub::add(const Event &event, const QStringList &removed)
{
    m_history.push_back(event);
    if (m_history.size() > kWindow)
        m_history.pop_front();
    if (event.refresh || m_watchers.empty())
        return;
    for (const QString &path : removed)
        tell(path, event, true);
    const QString &key = event.node.key;
    tell(QStringLiteral("/"), event, false);
    for (qsizetype slash = key.indexOf(QLatin1Char('/'), 1); slash > 0;
         slash = key.indexOf(QLatin1Char('/'), slash + 1))
        tell(key.left(slash), event, false);
    tell(key, event, false);
}

void WatchHub::clear(quint64 storeIndex)
{
    for (const auto &[key, watcher] : m_watchers)
        deliver(watcher, fail(etcdError(400, QString(), storeIndex)));
    m_watchers.clear();
    m_history.clear();
}

QByteArray WatchHub::snapshot() const
{
    QByteArray out;
    ByteWriter writer(out);
    writer.number<quint32>(quint32(m_history.size()));
    for (const Event &event : m_history)
        writer.bytes(encodeOutcome(event));
    return out;
}

Result<void> WatchHub::restore(QByteArrayView bytes)
{
    ByteReader reader(bytes);
    m_history.clear();
    const auto count = reader.number<quint32>();
    for (quint32 i = 0; i < count && i < kWindow && reader.ok(); ++i) {
        const auto event = decodeOutcome(reader.view());
        if (!event || !*event)
            return fail(code::corrupt, QStringLiteral("the store's history does not decode"));
        m_history.push_back(**event);
    }
    if (!reader.ok() || !reader.atEnd())
        return fail(code::corrupt, QStringLiteral("the store's history does not decode"));
    return {};
}

} // namespace qd::store
