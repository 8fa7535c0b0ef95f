// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/store/watch_hub.h"

#include "agent/store/command.h"
#include "agent/store/state_sum.h"
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

quint64 hashOf(const Node &node, quint64 hash)
{
    hash = mixed(mixed(hash, node.key), QByteArrayView(node.value));
    hash = mixed(mixed(mixed(hash, node.dir), node.createdIndex), node.modifiedIndex);
    return mixed(
        mixed(hash, quint64(node.expirationUs.value_or(0))), quint64(node.ttl.value_or(0)));
}

quint64 hashOf(const Event &event)
{
    quint64 hash = mixed(mixed(0, event.action), event.etcdIndex);
    hash = mixed(mixed(mixed(hash, event.raftIndex), event.raftTerm), event.refresh);
    hash = hashOf(event.node, hash);
    return event.prevNode ? hashOf(*event.prevNode, hash) : hash;
}

} // namespace

struct WatchHub::Watcher {
    QString key;
    WatchRequest request;
    quint64 since = 0; ///< events before this index are not for it
    WatchHandler handler;
    bool over = false;           ///< nothing more goes to the handler
    std::optional<size_t> place; ///< among those of its key, while it waits
};

struct WatchHub::Ticket final : Watch {
    std::weak_ptr<WatchHub *> hub;
    Shared watcher;
    ~Ticket() override
    {
        watcher->over = true;
        watcher->handler = {};
        if (const auto alive = hub.lock())
            (*alive)->remove(*watcher);
    }
};

WatchHub::WatchHub(Defer defer)
    : m_defer(std::move(defer))
    , m_self(std::make_shared<WatchHub *>(this))
{
}

WatchHub::~WatchHub() = default;

quint64 WatchHub::firstIndex() const
{
    return m_history.empty() ? 0 : m_history.front().node.modifiedIndex;
}

std::unique_ptr<Watch>
WatchHub::watch(const WatchRequest &request, quint64 storeIndex, WatchHandler handler)
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
        deliver({watcher}, fail(etcdError(401, cause, storeIndex)));
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
            deliver({watcher}, std::move(event));
            if (!request.stream)
                return ticket;
        }
    }
    insert(watcher);
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

/// One call of `defer` for all who hear the same.
void WatchHub::deliver(Watchers watchers, Result<Event> result)
{
    m_defer([watchers = std::move(watchers), result = std::move(result)] {
        for (const Shared &watcher : watchers) {
            if (watcher->over)
                continue;
            watcher->over = !watcher->request.stream || !result;
            // The handler may end the watch, and itself with it.
            WatchHandler handler = std::move(watcher->handler);
            handler(result);
            if (!watcher->over)
                watcher->handler = std::move(handler);
        }
    });
}

void WatchHub::insert(const Shared &watcher)
{
    Watchers &same = m_watchers[watcher->key];
    watcher->place = same.size();
    same.push_back(watcher);
    ++m_watcherCount;
}

void WatchHub::remove(const Watcher &watcher)
{
    if (!watcher.place)
        return;
    const auto at = m_watchers.find(watcher.key);
    Watchers &same = at->second;
    same.back()->place = watcher.place;
    std::swap(same[*watcher.place], same.back());
    same.pop_back();
    --m_watcherCount;
    if (same.empty())
        m_watchers.erase(at);
}

/// Adds those of the path who want the event to `told`. Who wanted one event has it now.
void WatchHub::tell(const QString &path, const Event &event, bool removed, Watchers &told)
{
    const auto at = m_watchers.find(path);
    if (at == m_watchers.end())
        return;
    const bool itself = path == event.node.key;
    const bool visible = itself || removed || !isHiddenFrom(path, event.node.key);
    Watchers staying;
    for (Shared &watcher : at->second) {
        const bool wanted = visible && (itself || removed || watcher->request.recursive) &&
                            event.node.modifiedIndex >= watcher->since;
        if (wanted)
            told.push_back(watcher);
        if (wanted && !watcher->request.stream) {
            watcher->place.reset();
            --m_watcherCount;
        } else {
            watcher->place = staying.size();
            staying.push_back(std::move(watcher));
        }
    }
    if (staying.empty())
        m_watchers.erase(at);
    else
        at->second = std::move(staying);
}

void WatchHub::add(const Event &event, const QStringList &removed)
{
    m_history.push_back(event);
    m_sum += hashOf(event);
    if (m_history.size() > kWindow) {
        m_sum -= hashOf(m_history.front());
        m_history.pop_front();
    }
    if (event.refresh || m_watchers.empty())
        return;
    Watchers told;
    for (const QString &path : removed)
        tell(path, event, true, told);
    const QString &key = event.node.key;
    tell(QStringLiteral("/"), event, false, told);
    for (qsizetype slash = key.indexOf(QLatin1Char('/'), 1); slash > 0;
         slash = key.indexOf(QLatin1Char('/'), slash + 1))
        tell(key.left(slash), event, false, told);
    tell(key, event, false, told);
    if (!told.empty())
        deliver(std::move(told), event);
}

void WatchHub::clear(quint64 storeIndex)
{
    for (auto &[key, watchers] : std::exchange(m_watchers, {})) {
        for (const Shared &watcher : watchers)
            watcher->place.reset();
        deliver(std::move(watchers), fail(etcdError(400, QString(), storeIndex)));
    }
    m_watcherCount = 0;
    m_history.clear();
    m_sum = 0;
}

void WatchHub::save(ByteWriter &out) const
{
    out.number<quint32>(quint32(m_history.size()));
    for (const Event &event : m_history)
        out.section([&event](ByteWriter &writer) { writeEvent(writer, event); });
}

Result<void> WatchHub::restore(QByteArrayView bytes)
{
    ByteReader reader(bytes);
    m_history.clear();
    m_sum = 0;
    const auto count = reader.number<quint32>();
    for (quint32 i = 0; i < count && i < kWindow && reader.ok(); ++i) {
        const auto event = decodeOutcome(reader.view());
        if (!event || !*event)
            return fail(code::corrupt, QStringLiteral("the store's history does not decode"));
        m_history.push_back(**event);
        m_sum += hashOf(**event);
    }
    if (!reader.ok() || !reader.atEnd())
        return fail(code::corrupt, QStringLiteral("the store's history does not decode"));
    return {};
}

} // namespace qd::store
