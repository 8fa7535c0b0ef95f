// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>
#include <memory>
#include <vector>

namespace qd::store {

class Children;

/// A key or a directory of the tree, in one allocation: its name and a key's value stand behind
/// it. A store is mostly made of these.
class Item {
public:
    struct Free {
        void operator()(Item *item) const;
    };
    using Owned = std::unique_ptr<Item, Free>;

    static Owned key(QByteArrayView name, QByteArrayView value);
    static Owned folder(QByteArrayView name);
    Item(const Item &) = delete;
    Item &operator=(const Item &) = delete;

    QByteArrayView name() const { return {tail(), qsizetype(m_nameSize)}; }
    QByteArrayView value() const { return {tail() + m_nameSize, qsizetype(m_valueSize)}; }
    bool isDir() const { return m_children != nullptr; }
    Children &children() const { return *m_children; }

    quint64 created = 0;
    quint64 modified = 0;
    qint64 expireUs = 0; ///< 0 = never
    Item *parent = nullptr;

private:
    Item(quint32 nameSize, quint32 valueSize)
        : m_nameSize(nameSize)
        , m_valueSize(valueSize)
    {
    }
    ~Item();
    static Owned make(QByteArrayView name, QByteArrayView value);
    const char *tail() const { return reinterpret_cast<const char *>(this + 1); }

    std::unique_ptr<Children> m_children; ///< of a directory
    quint32 m_nameSize;
    quint32 m_valueSize;
};

/// What a directory holds, in the order of the names' bytes: blocks of pointers, so that there is
/// little beside the items, and one that comes between moves no more than its block.
class Children {
public:
    bool isEmpty() const { return m_blocks.empty(); }
    Item *find(QByteArrayView name) const;
    /// It takes the place of the one of its name.
    Item &put(Item::Owned item);
    void remove(const Item &item);
    void clear() { m_blocks.clear(); }

    template <class F>
    void forEach(const F &what) const
    {
        for (const Block &block : m_blocks) {
            for (const Item::Owned &item : block)
                what(*item);
        }
    }

private:
    static constexpr size_t kMost = 128;
    using Block = std::vector<Item::Owned>; ///< never empty

    std::vector<Block>::const_iterator blockFor(QByteArrayView name) const;
    static Block::const_iterator placeIn(const Block &block, QByteArrayView name);

    std::vector<Block> m_blocks;
};

} // namespace qd::store
