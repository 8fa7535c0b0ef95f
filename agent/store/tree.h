// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/store/item.h"
#include "agent/store/store_client.h"
#include "shared/base/bytes.h"

#include <set>

/// etcd v2's tree of keys and directories (peer-contracts.md 1.3, 1.4). Deterministic: ordered
/// containers, no clock; the caller says what time it is.
namespace qd::store {

/// Makes the path absolute and plain: "//a/./b/../c/" is "/a/c".
QString cleanPath(const QString &key);

/// Builds the errors of peer-contracts.md 1.5.
Error etcdError(int number, const QString &cause, quint64 index);

/// How long a key lives, for an operation that may set or leave it.
struct Expiry {
    std::optional<qint64> atUs; ///< nothing = for ever
    bool refresh = false;       ///< keeps the value and wakes no watcher
};

class Tree {
public:
    /// A key has at most so many names in its path: whoever walks the tree may recurse.
    static constexpr int kMaxDepth = 200;

    Tree();
    ~Tree();
    Tree(const Tree &) = delete;
    Tree &operator=(const Tree &) = delete;

    quint64 index() const { return m_index; }

    Result<Event> get(const QString &key, bool recursive, qint64 nowUs) const;
    /// As get(), for the visitor; the index.
    Result<quint64>
    walk(const QString &key, bool recursive, qint64 nowUs, NodeVisitor &visitor) const;
    Result<Event>
    set(const QString &key, bool dir, const QByteArray &value, const Expiry &expiry, qint64 nowUs);
    /// With `unique` the key is the directory, and the new key's name is made from the index.
    Result<Event> create(
        const QString &key, bool dir, const QByteArray &value, bool unique, const Expiry &expiry,
        qint64 nowUs);
    Result<Event>
    update(const QString &key, const QByteArray &value, const Expiry &expiry, qint64 nowUs);
    Result<Event> compareAndSwap(
        const QString &key, const QByteArray &prevValue, quint64 prevIndex, const QByteArray &value,
        const Expiry &expiry, qint64 nowUs);
    Result<Event> compareAndDelete(
        const QString &key, const QByteArray &prevValue, quint64 prevIndex, qint64 nowUs);
    /// `removed` gets the keys below a removed directory: their watchers must hear of it.
    Result<Event>
    remove(const QString &key, bool dir, bool recursive, qint64 nowUs, QStringList *removed);
    /// Removes the next thing that has expired by then; nothing when nothing has.
    std::optional<Event> expireNext(qint64 byUs, QStringList *removed);
    bool hasExpirations() const { return !m_expiring.empty(); }

    /// Of all items; it follows each operation.
    quint64 sum() const { return m_sum; }
    /// The same bytes on every member that has applied the same operations.
    void save(ByteWriter &out) const;
    /// code::corrupt leaves an empty tree.
    Result<void> restore(QByteArrayView bytes);
    qsizetype keyCount() const { return m_count; }

private:
    struct ByExpiry {
        bool operator()(const Item *a, const Item *b) const;
        static int depth(const Item *item);
    };

    Result<Item *> find(const QString &path) const;
    Result<Item *> makeFolder(const QString &path);
    Result<Event> insert(
        QString path, bool dir, const QByteArray &value, bool unique, bool replace,
        const Expiry &expiry, const char *action, qint64 nowUs);
    Node shallow(const Item &item, qint64 nowUs) const;
    Node shown(const Item &item, bool recursive, qint64 nowUs) const;
    void listInto(Node &node, const Item &item, bool recursive, qint64 nowUs) const;
    Event event(const char *action, const QString &path, quint64 modified, quint64 created) const;
    Item &withValue(Item &item, QByteArrayView value);
    void setExpiry(Item &item, const std::optional<qint64> &atUs);
    static quint64 hashOf(const Item &item);
    static quint32 placeOf(const Item &item);
    template <class N>
    static void fillExpiry(N &node, const Item &item, qint64 nowUs);
    enum class Levels { None, One, All }; ///< of what a directory holds
    static void
    pass(const Item &item, QByteArray &path, Levels below, qint64 nowUs, NodeVisitor &visitor);
    void drop(Item &item, QStringList *removed);
    void forget(Item &item, const QString &path, QStringList *removed);
    Result<void> compare(const Item &item, const QByteArray &prevValue, quint64 prevIndex) const;
    QString pathOf(const Item &item) const;
    static void write(ByteWriter &writer, const Item &item, quint32 depth);
    static Item::Owned read(ByteReader &reader, quint32 *depth);

    Item::Owned m_root;
    quint64 m_index = 0;
    qsizetype m_count = 0;
    quint64 m_sum = 0;
    std::set<Item *, ByExpiry> m_expiring;
};

} // namespace qd::store
