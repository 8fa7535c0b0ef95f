// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/control/store_collection.h"

#include "agent/control/store_methods.h"

#include <QPointer>

namespace qd::control {
namespace {

constexpr qsizetype kShownBytes = 64 * 1024;
constexpr int kAgainMs = 500;

/// Hidden keys (a segment that begins with _) are for those who ask for them by name.
bool isHidden(const QString &key, const QString &below)
{
    return key.mid(below.size()).contains(QLatin1String("/_")) ||
           (below == QLatin1String("/") && key.startsWith(QLatin1String("/_")));
}

} // namespace

StoreCollection::StoreCollection(store::StoreClient &store, const QString &key)
    : Collection(&StoreEntry::key)
    , m_store(store)
    , m_key(canonicalKey(key))
{
    read();
}

void StoreCollection::read()
{
    m_watch.reset();
    store::GetRequest request;
    request.key = m_key;
    request.recursive = true;
    const auto event = m_store.getLocal(request);
    quint64 index = 0;
    if (event) {
        index = event->etcdIndex;
        QList<StoreEntry> all = descendants(event->node);
        if (!event->node.dir)
            all.append(entryOf(event->node));
        for (StoreEntry &entry : all)
            entry.value.truncate(kShownBytes);
        assign(all);
    } else {
        index = event.error().detail.value(QStringLiteral("index")).toULongLong();
        clear();
    }
    flush();
    store::WatchRequest watch;
    watch.key = m_key;
    watch.recursive = true;
    watch.stream = true;
    watch.waitIndex = index + 1;
    m_watch = m_store.watch(
        watch, [self = QPointer<StoreCollection>(this)](const Result<store::Event> &change) {
            if (!self)
                return;
            if (change)
                self->apply(*change);
            else
                QTimer::singleShot(kAgainMs, self, [self] { self->read(); });
        });
}

void StoreCollection::apply(const store::Event &event)
{
    static const QStringList gone = {
        QStringLiteral("delete"), QStringLiteral("expire"), QStringLiteral("compareAndDelete")};
    if (gone.contains(event.action))
        removeBelow(event.node.key);
    else
        put(entryOf(event.node));
}

void StoreCollection::put(StoreEntry entry)
{
    if (isHidden(entry.key, m_key))
        return;
    entry.value.truncate(kShownBytes);
    // A write makes the directories above it; they raise no event of their own.
    for (qsizetype slash = entry.key.lastIndexOf(QLatin1Char('/')); slash > m_key.size();
         slash = entry.key.lastIndexOf(QLatin1Char('/'), slash - 1)) {
        StoreEntry above;
        above.key = entry.key.left(slash);
        above.dir = true;
        above.createdIndex = above.modifiedIndex = entry.modifiedIndex;
        if (contains(above.key))
            break;
        set(above);
    }
    set(entry);
}

void StoreCollection::removeBelow(const QString &key)
{
    QStringList below;
    const QString prefix = key + QLatin1Char('/');
    for (auto it = rows().lowerBound(key); it != rows().end(); ++it) {
        if (it.key() == key || it.key().startsWith(prefix))
            below.append(it.key());
        else if (it.key() > prefix + QChar(0xffff))
            break;
    }
    for (const QString &each : below)
        remove(each);
}

} // namespace qd::control
