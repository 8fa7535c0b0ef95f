// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/store/item.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace qd::store {

void Item::Free::operator()(Item *item) const
{
    item->~Item();
    ::operator delete(item);
}

Item::~Item() = default;

Item::Owned Item::make(QByteArrayView name, QByteArrayView value)
{
    void *room = ::operator new(sizeof(Item) + size_t(name.size() + value.size()));
    Owned item(new (room) Item(quint32(name.size()), quint32(value.size())));
    char *tail = static_cast<char *>(room) + sizeof(Item);
    std::copy(value.begin(), value.end(), std::copy(name.begin(), name.end(), tail));
    return item;
}

Item::Owned Item::key(QByteArrayView name, QByteArrayView value)
{
    return make(name, value);
}

Item::Owned Item::folder(QByteArrayView name)
{
    Owned item = make(name, {});
    item->m_children = std::make_unique<Children>();
    return item;
}

/// The last block whose first name is not above this one; there must be a block.
std::vector<Children::Block>::const_iterator Children::blockFor(QByteArrayView name) const
{
    const auto above = std::upper_bound(
        m_blocks.begin(), m_blocks.end(), name,
        [](QByteArrayView wanted, const Block &block) { return wanted < block.front()->name(); });
    return above == m_blocks.begin() ? above : above - 1;
}

Children::Block::const_iterator Children::placeIn(const Block &block, QByteArrayView name)
{
    return std::lower_bound(
        block.begin(), block.end(), name,
        [](const Item::Owned &item, QByteArrayView wanted) { return item->name() < wanted; });
}

Item *Children::find(QByteArrayView name) const
{
    if (isEmpty())
        return nullptr;
    const auto block = blockFor(name);
    const auto place = placeIn(*block, name);
    return place != block->end() && (*place)->name() == name ? place->get() : nullptr;
}

Item &Children::put(Item::Owned item)
{
    Item &placed = *item;
    const QByteArrayView name = placed.name();
    if (isEmpty()) {
        m_blocks.emplace_back().push_back(std::move(item));
        return placed;
    }
    const auto number = blockFor(name) - m_blocks.begin();
    Block &block = m_blocks[size_t(number)];
    const auto place = block.begin() + (placeIn(block, name) - block.cbegin());
    if (place != block.end() && (*place)->name() == name) {
        *place = std::move(item);
        return placed;
    }
    if (block.size() < kMost) {
        block.insert(place, std::move(item));
        return placed;
    }
    // Names that come in their order fill the blocks; in any other order a full one is halved.
    const auto cut = place == block.end() ? place : block.begin() + kMost / 2;
    Block upper(std::make_move_iterator(cut), std::make_move_iterator(block.end()));
    const bool below = place < cut;
    const auto offset = below ? place - block.begin() : place - cut;
    block.erase(cut, block.end());
    Block &chosen = below ? block : upper;
    chosen.insert(chosen.begin() + offset, std::move(item));
    m_blocks.insert(m_blocks.begin() + number + 1, std::move(upper));
    return placed;
}

void Children::remove(const Item &item)
{
    const auto number = blockFor(item.name()) - m_blocks.begin();
    Block &block = m_blocks[size_t(number)];
    block.erase(placeIn(block, item.name()));
    if (block.empty())
        m_blocks.erase(m_blocks.begin() + number);
}

} // namespace qd::store
