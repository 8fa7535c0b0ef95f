// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/store/store_client.h"

#include <QMap>
#include <QTimer>

namespace qd::test {

/// As much of the store as the control protocol uses: flat keys, prevExist, prevValue, watches.
/// Answers come later, as the seam promises.
class MemoryStore final : public store::StoreClient {
public:
    void get(const store::GetRequest &request, store::EventHandler done) override
    {
        later([this, request, done] { done(getLocal(request)); });
    }
    void write(const store::WriteRequest &request, store::EventHandler done) override
    {
        later([this, request, done] { done(apply(request)); });
    }
    std::unique_ptr<store::Watch>
    watch(const store::WatchRequest &request, store::WatchHandler handler) override
    {
        struct Ticket : store::Watch {
            QMap<int, Watcher> *all = nullptr;
            int id = 0;
            ~Ticket() override { all->remove(id); }
        };
        auto ticket = std::make_unique<Ticket>();
        ticket->all = &m_watchers;
        ticket->id = ++m_lastWatcher;
        m_watchers.insert(m_lastWatcher, {request.key, std::move(handler)});
        return ticket;
    }
    Result<store::Event> getLocal(const store::GetRequest &request) const override
    {
        store::Event out;
        out.action = QStringLiteral("get");
        out.etcdIndex = m_index;
        if (const auto it = m_keys.constFind(request.key); it != m_keys.constEnd()) {
            out.node = *it;
            return out;
        }
        out.node = below(request.key);
        if (out.node.children.empty())
            return fail(Error{
                store::etcdErrorCode(100),
                QStringLiteral("Key not found"),
                {{QStringLiteral("index"), QString::number(m_index)}},
                nullptr});
        return out;
    }
    Result<quint64> walkLocal(const store::GetRequest &, store::NodeVisitor &) const override
    {
        return m_index; // the control protocol does not walk
    }
    bool isLeader() const override { return true; }

    void put(const QString &key, const QByteArray &value)
    {
        store::WriteRequest request;
        request.key = key;
        request.value = value;
        (void)apply(request);
    }
    /// What the leader does when a key's time is over.
    void expireAll(const QString &prefix)
    {
        const QStringList keys = m_keys.keys();
        for (const QString &key : keys) {
            if (key.startsWith(prefix))
                m_keys.remove(key);
        }
    }
    QStringList keys() const { return m_keys.keys(); }
    std::optional<qint64> ttl(const QString &key) const { return m_keys.value(key).ttl; }
    Result<store::History> history(const QString &key, bool) const override
    {
        store::History out;
        out.from = m_events.empty() ? 0 : 1;
        out.to = m_index;
        for (const store::Event &event : m_events) {
            if (event.node.key == key)
                out.events.push_back(event);
        }
        return out;
    }
    qsizetype watchers() const { return m_watchers.size(); }

private:
    struct Watcher {
        QString key;
        store::WatchHandler handler;
    };
    template <class F>
    void later(F f)
    {
        QTimer::singleShot(0, &m_context, std::move(f));
    }
    store::Node below(const QString &key) const
    {
        store::Node dir;
        dir.key = key;
        dir.dir = true;
        const QString prefix = key == QLatin1String("/") ? key : key + u'/';
        QStringList seen;
        for (auto it = m_keys.begin(); it != m_keys.end(); ++it) {
            if (!it.key().startsWith(prefix))
                continue;
            const QString name = it.key().mid(prefix.size()).section(u'/', 0, 0);
            if (name.startsWith(u'_') || seen.contains(name))
                continue;
            seen.append(name);
            const auto leaf = m_keys.constFind(prefix + name);
            dir.children.push_back(leaf != m_keys.constEnd() ? *leaf : below(prefix + name));
        }
        return dir;
    }
    Result<store::Event> apply(const store::WriteRequest &request)
    {
        const bool exists = m_keys.contains(request.key);
        const bool remove = request.kind == store::WriteRequest::Kind::Delete;
        const auto etcd = [](int n) { return fail(store::etcdErrorCode(n), QStringLiteral("no")); };
        if (!exists && (remove || request.prevExist.value_or(false)))
            return etcd(100);
        if (exists && !request.prevExist.value_or(true))
            return etcd(105);
        if (request.prevValue && m_keys.value(request.key).value != *request.prevValue)
            return etcd(101);
        store::Event out;
        if (exists)
            out.prevNode = m_keys.value(request.key);
        out.node.key = request.key;
        out.node.modifiedIndex = out.etcdIndex = ++m_index;
        out.action = remove ? QStringLiteral("delete") : QStringLiteral("set");
        if (remove) {
            m_keys.remove(request.key);
        } else {
            out.node.value = request.value;
            out.node.createdIndex = m_index;
            out.node.ttl = request.ttl;
            m_keys.insert(request.key, out.node);
        }
        m_events.push_back(out);
        const auto watchers = m_watchers;
        for (const Watcher &each : watchers) {
            const QString prefix = each.key == QLatin1String("/") ? each.key : each.key + u'/';
            if (request.key == each.key || request.key.startsWith(prefix))
                each.handler(out);
        }
        return out;
    }

    QMap<QString, store::Node> m_keys;
    QMap<int, Watcher> m_watchers;
    int m_lastWatcher = 0;
    std::vector<store::Event> m_events;
    quint64 m_index = 0;
    QObject m_context;
};

} // namespace qd::test
