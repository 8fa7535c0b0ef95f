// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/store/tree.h"

#include "agent/store/cause_text.h"
#include "agent/store/state_sum.h"

#include <QStringList>
#include <tuple>

namespace qd::store {

namespace {

struct EtcdMessage {
    int number;
    const char *text;
};

constexpr EtcdMessage kMessages[] = {
    {100, "Key not found"},
    {101, "Compare failed"},
    {102, "Not a file"},
    {104, "Not a directory"},
    {105, "Key already exists"},
    {107, "Root is read only"},
    {108, "Directory not empty"},
    {110, "The request requires user authentication"},
    {201, "PrevValue is Required in POST form"},
    {202, "The given TTL in POST form is not a number"},
    {203, "The given index in POST form is not a number"},
    {209, "Invalid field"},
    {210, "Invalid POST form"},
    {211, "Value provided on refresh"},
    {212, "A TTL must be provided on refresh"},
    {300, "Raft Internal Error"},
    {301, "During Leader Election"},
    {400, "watcher is cleared due to etcd recovery"},
    {401, "The event in requested index is outdated and cleared"},
};

QString joined(const QString &folder, const QString &name)
{
    return folder == QLatin1String("/") ? folder + name : folder + QLatin1Char('/') + name;
}

bool isHiddenName(QByteArrayView name)
{
    return name.startsWith('_');
}

} // namespace

QString cleanPath(const QString &key)
{
    QStringList parts;
    const auto words = QStringView(key).split(QLatin1Char('/'));
    for (const QStringView word : words) {
        if (word.isEmpty() || word == QLatin1String("."))
            continue;
        if (word == QLatin1String("..")) {
            if (!parts.isEmpty())
                parts.removeLast();
            continue;
        }
        parts.append(word.toString());
    }
    return QLatin1Char('/') + parts.join(QLatin1Char('/'));
}

Error etcdError(int number, const QString &cause, quint64 index)
{
    QString message;
    for (const EtcdMessage &known : kMessages) {
        if (known.number == number)
            message = QString::fromLatin1(known.text);
    }
    Error error{etcdErrorCode(number), message, {}, nullptr};
    error.detail.insert(QStringLiteral("cause"), cause);
    error.detail.insert(QStringLiteral("index"), QString::number(index));
    return error;
}

/// Things that were made by the same write lie on one path: their depth tells them apart. Nothing
/// here may change while an item is in the set, nor differ between members (no addresses).
bool Tree::ByExpiry::operator()(const Item *a, const Item *b) const
{
    if (a->expireUs != b->expireUs || a->created != b->created)
        return std::tie(a->expireUs, a->created) < std::tie(b->expireUs, b->created);
    return a != b && depth(a) < depth(b);
}

int Tree::ByExpiry::depth(const Item *item)
{
    int out = 0;
    for (; item->parent != nullptr; item = item->parent)
        ++out;
    return out;
}

Tree::Tree()
    : m_root(Item::folder({}))
{
}

Tree::~Tree() = default;

QString Tree::pathOf(const Item &item) const
{
    if (item.parent == nullptr)
        return QStringLiteral("/");
    return joined(pathOf(*item.parent), QString::fromUtf8(item.name()));
}

Result<Item *> Tree::find(const QString &path) const
{
    Item *at = m_root.get();
    const QByteArray utf8 = path.toUtf8();
    // `path` is plain: each name follows a slash.
    for (qsizetype begin = 1; begin < utf8.size();) {
        const qsizetype slash = utf8.indexOf('/', begin);
        const qsizetype end = slash < 0 ? utf8.size() : slash;
        if (!at->isDir())
            return fail(etcdError(104, QString::fromUtf8(utf8.first(begin - 1)), m_index));
        at = at->children().find(QByteArrayView(utf8).sliced(begin, end - begin));
        if (at == nullptr)
            return fail(etcdError(100, QString::fromUtf8(utf8.first(end)), m_index));
        begin = end + 1;
    }
    return at;
}

Result<Item *> Tree::makeFolder(const QString &path)
{
    Item *at = m_root.get();
    const QByteArray utf8 = path.toUtf8();
    for (qsizetype begin = 1; begin < utf8.size();) {
        const qsizetype slash = utf8.indexOf('/', begin);
        const qsizetype end = slash < 0 ? utf8.size() : slash;
        const QByteArrayView name = QByteArrayView(utf8).sliced(begin, end - begin);
        Item *child = at->children().find(name);
        if (child == nullptr) {
            child = &at->children().put(Item::folder(name));
            child->parent = at;
            child->created = child->modified = m_index + 1;
            m_sum += hashOf(*child);
            ++m_count;
        } else if (!child->isDir()) {
            return fail(etcdError(104, QString::fromUtf8(utf8.first(end)), m_index));
        }
        at = child;
        begin = end + 1;
    }
    return at;
}

/// Of the names on the way to it.
quint32 Tree::placeOf(const Item &item)
{
    return item.parent == nullptr ? 0 : crc32c(item.name(), placeOf(*item.parent) + 1);
}

quint64 Tree::hashOf(const Item &item)
{
    quint64 hash = mixed(placeOf(item), item.value());
    hash = mixed(mixed(mixed(hash, item.isDir()), item.created), item.modified);
    return mixed(hash, quint64(item.expireUs));
}

/// A value stands inside its item, so a new one takes a new item: `item` is no more.
Item &Tree::withValue(Item &item, QByteArrayView value)
{
    Item::Owned next = Item::key(item.name(), value);
    next->created = item.created;
    next->modified = item.modified;
    next->parent = item.parent;
    setExpiry(item, std::nullopt);
    return item.parent->children().put(std::move(next));
}

void Tree::setExpiry(Item &item, const std::optional<qint64> &atUs)
{
    if (item.expireUs != 0)
        m_expiring.erase(&item);
    item.expireUs = atUs.value_or(0);
    if (item.expireUs != 0)
        m_expiring.insert(&item);
}

template <class N>
void Tree::fillExpiry(N &node, const Item &item, qint64 nowUs)
{
    if (item.expireUs == 0)
        return;
    node.expirationUs = item.expireUs;
    const qint64 left = item.expireUs - nowUs;
    const qint64 seconds = left / 1'000'000 + (left % 1'000'000 > 0 ? 1 : 0);
    if (seconds != 0)
        node.ttl = seconds;
}

Node Tree::shallow(const Item &item, qint64 nowUs) const
{
    Node node;
    node.key = item.parent == nullptr ? QString() : pathOf(item);
    node.value = item.value().toByteArray();
    node.dir = item.isDir();
    node.createdIndex = item.created;
    node.modifiedIndex = item.modified;
    fillExpiry(node, item, nowUs);
    return node;
}

void Tree::listInto(Node &node, const Item &item, bool recursive, qint64 nowUs) const
{
    const QString folder = item.parent == nullptr ? QStringLiteral("/") : node.key;
    item.children().forEach([&](const Item &child) {
        if (isHiddenName(child.name()))
            return;
        Node entry;
        entry.key = joined(folder, QString::fromUtf8(child.name()));
        entry.value = child.value().toByteArray();
        entry.dir = child.isDir();
        entry.createdIndex = child.created;
        entry.modifiedIndex = child.modified;
        fillExpiry(entry, child, nowUs);
        if (recursive && child.isDir())
            listInto(entry, child, true, nowUs);
        node.children.push_back(std::move(entry));
    });
}

Node Tree::shown(const Item &item, bool recursive, qint64 nowUs) const
{
    Node node = shallow(item, nowUs);
    if (item.isDir())
        listInto(node, item, recursive, nowUs);
    return node;
}

Event Tree::event(const char *action, const QString &path, quint64 modified, quint64 created) const
{
    Event out;
    out.action = QString::fromLatin1(action);
    out.node.key = path;
    out.node.modifiedIndex = modified;
    out.node.createdIndex = created;
    out.etcdIndex = m_index;
    return out;
}

Result<Event> Tree::get(const QString &key, bool recursive, qint64 nowUs) const
{
    const auto item = find(cleanPath(key));
    if (!item)
        return fail(item.error());
    Event out;
    out.action = QStringLiteral("get");
    out.node = shown(**item, recursive, nowUs);
    out.etcdIndex = m_index;
    return out;
}

/// `path` is the item's, and the same again afterwards.
void Tree::pass(
    const Item &item, QByteArray &path, Levels below, qint64 nowUs, NodeVisitor &visitor)
{
    PassedNode node{path, item.value(), item.isDir(), item.created, item.modified, {}, {}};
    fillExpiry(node, item, nowUs);
    visitor.enter(node);
    if (item.isDir() && below != Levels::None) {
        const qsizetype own = path.size();
        item.children().forEach([&](const Item &child) {
            if (isHiddenName(child.name()))
                return;
            path.append('/').append(child.name());
            pass(child, path, below == Levels::All ? below : Levels::None, nowUs, visitor);
            path.truncate(own);
        });
    }
    node.key = path;
    visitor.leave(node);
}

Result<quint64>
Tree::walk(const QString &key, bool recursive, qint64 nowUs, NodeVisitor &visitor) const
{
    const QString path = cleanPath(key);
    const auto item = find(path);
    if (!item)
        return fail(item.error());
    QByteArray utf8 = (*item)->parent == nullptr ? QByteArray() : path.toUtf8();
    pass(**item, utf8, recursive ? Levels::All : Levels::One, nowUs, visitor);
    return m_index;
}

Result<Event> Tree::insert(
    QString path, bool dir, const QByteArray &value, bool unique, bool replace,
    const Expiry &expiry, const char *action, qint64 nowUs)
{
    const quint64 next = m_index + 1;
    if (unique)
        path = joined(path, QStringLiteral("%1").arg(next, 20, 10, QLatin1Char('0')));
    if (path == QLatin1String("/"))
        return fail(etcdError(107, path, m_index));
    if (path.count(QLatin1Char('/')) > kMaxDepth) {
        const QString cause = QStringLiteral("more than %1 names in a key").arg(kMaxDepth);
        return fail(etcdError(209, cause, m_index));
    }
    const qsizetype slash = path.lastIndexOf(QLatin1Char('/'));
    // Parents that appear on the way stay even when the operation is refused, as in etcd.
    const auto folder = makeFolder(path.left(slash));
    if (!folder)
        return fail(folder.error());
    const QByteArray name = path.mid(slash + 1).toUtf8();
    Children &children = (*folder)->children();
    Event out = event(action, path, next, next);
    if (Item *old = children.find(name); old != nullptr) {
        if (!replace)
            return fail(etcdError(105, path, m_index));
        if (old->isDir())
            return fail(etcdError(102, path, m_index));
        out.prevNode = shallow(*old, nowUs);
        m_sum -= hashOf(*old);
        setExpiry(*old, std::nullopt);
        --m_count;
    }
    Item &placed = children.put(dir ? Item::folder(name) : Item::key(name, value));
    placed.parent = *folder;
    placed.created = placed.modified = next;
    ++m_count;
    setExpiry(placed, expiry.atUs);
    m_sum += hashOf(placed);
    out.node.dir = dir;
    if (!dir)
        out.node.value = value;
    fillExpiry(out.node, placed, nowUs);
    m_index = next;
    out.etcdIndex = m_index;
    return out;
}

Result<Event>
Tree::set(const QString &key, bool dir, const QByteArray &value, const Expiry &expiry, qint64 nowUs)
{
    const QString path = cleanPath(key);
    const auto old = find(path);
    if (!old && old.error().code != etcdErrorCode(100))
        return fail(old.error());
    if (expiry.refresh && !old)
        return fail(old.error());
    const QByteArray kept = expiry.refresh ? (*old)->value().toByteArray() : value;
    auto out = insert(path, dir, kept, false, true, expiry, "set", nowUs);
    if (out)
        out->refresh = expiry.refresh;
    return out;
}

Result<Event> Tree::create(
    const QString &key, bool dir, const QByteArray &value, bool unique, const Expiry &expiry,
    qint64 nowUs)
{
    return insert(cleanPath(key), dir, value, unique, false, expiry, "create", nowUs);
}

Result<Event>
Tree::update(const QString &key, const QByteArray &value, const Expiry &expiry, qint64 nowUs)
{
    const QString path = cleanPath(key);
    if (path == QLatin1String("/"))
        return fail(etcdError(107, path, m_index));
    const auto found = find(path);
    if (!found)
        return fail(found.error());
    if ((*found)->isDir() && !value.isEmpty())
        return fail(etcdError(102, path, m_index));
    const quint64 next = m_index + 1;
    Event out = event("update", path, next, (*found)->created);
    out.prevNode = shallow(**found, nowUs);
    m_sum -= hashOf(**found);
    const bool newValue = !(*found)->isDir() && !expiry.refresh;
    Item &item = newValue ? withValue(**found, value) : **found;
    setExpiry(item, expiry.atUs);
    if (!item.isDir()) // a directory keeps its modified index (peer-contracts 1.4)
        item.modified = next;
    m_sum += hashOf(item);
    out.node.dir = item.isDir();
    out.node.value = item.value().toByteArray();
    fillExpiry(out.node, item, nowUs);
    m_index = next;
    out.etcdIndex = m_index;
    out.refresh = expiry.refresh;
    return out;
}

Result<void> Tree::compare(const Item &item, const QByteArray &prevValue, quint64 prevIndex) const
{
    const bool indexFits = prevIndex == 0 || item.modified == prevIndex;
    const bool valueFits = prevValue.isEmpty() || item.value() == prevValue;
    if (indexFits && valueFits)
        return {};
    const QString byValue = QStringLiteral("[%1 != %2]")
                                .arg(causeText(prevValue), causeText(item.value().toByteArray()));
    const QString byIndex = QStringLiteral("[%1 != %2]").arg(prevIndex).arg(item.modified);
    const QString cause = indexFits   ? byValue
                          : valueFits ? byIndex
                                      : byValue + QLatin1Char(' ') + byIndex;
    return fail(etcdError(101, cause, m_index));
}

Result<Event> Tree::compareAndSwap(
    const QString &key, const QByteArray &prevValue, quint64 prevIndex, const QByteArray &value,
    const Expiry &expiry, qint64 nowUs)
{
    const QString path = cleanPath(key);
    if (path == QLatin1String("/"))
        return fail(etcdError(107, path, m_index));
    const auto found = find(path);
    if (!found)
        return fail(found.error());
    if ((*found)->isDir())
        return fail(etcdError(102, path, m_index));
    if (const auto same = compare(**found, prevValue, prevIndex); !same)
        return fail(same.error());
    Event out = event("compareAndSwap", path, ++m_index, (*found)->created);
    out.prevNode = shallow(**found, nowUs);
    m_sum -= hashOf(**found);
    Item &item = expiry.refresh ? **found : withValue(**found, value);
    setExpiry(item, expiry.atUs);
    item.modified = m_index;
    m_sum += hashOf(item);
    out.node.value = item.value().toByteArray();
    fillExpiry(out.node, item, nowUs);
    out.etcdIndex = m_index;
    out.refresh = expiry.refresh;
    return out;
}

Result<Event> Tree::compareAndDelete(
    const QString &key, const QByteArray &prevValue, quint64 prevIndex, qint64 nowUs)
{
    const QString path = cleanPath(key);
    const auto found = find(path);
    if (!found)
        return fail(found.error());
    Item &item = **found;
    if (item.isDir()) // of the root etcd says no more than that
        return fail(etcdError(102, item.parent == nullptr ? QString() : path, m_index));
    if (const auto same = compare(item, prevValue, prevIndex); !same)
        return fail(same.error());
    Event out = event("compareAndDelete", path, ++m_index, item.created);
    out.prevNode = shallow(item, nowUs);
    out.etcdIndex = m_index;
    drop(item, nullptr);
    return out;
}

Result<Event>
Tree::remove(const QString &key, bool dir, bool recursive, qint64 nowUs, QStringList *removed)
{
    const QString path = cleanPath(key);
    if (path == QLatin1String("/"))
        return fail(etcdError(107, path, m_index));
    const auto found = find(path);
    if (!found)
        return fail(found.error());
    Item &item = **found;
    if (item.isDir()) {
        if (!dir && !recursive)
            return fail(etcdError(102, path, m_index));
        if (!item.children().isEmpty() && !recursive)
            return fail(etcdError(108, path, m_index));
    }
    Event out = event("delete", path, ++m_index, item.created);
    out.prevNode = shallow(item, nowUs);
    out.node.dir = item.isDir();
    out.etcdIndex = m_index;
    drop(item, removed);
    return out;
}

std::optional<Event> Tree::expireNext(qint64 byUs, QStringList *removed)
{
    if (m_expiring.empty() || (*m_expiring.begin())->expireUs > byUs)
        return std::nullopt;
    Item &item = **m_expiring.begin();
    Event out = event("expire", pathOf(item), ++m_index, item.created);
    out.prevNode = shallow(item, byUs);
    out.node.dir = item.isDir();
    out.etcdIndex = m_index;
    drop(item, removed);
    return out;
}

/// Takes the item and all below it out of the expiry order, the sum and the count.
void Tree::forget(Item &item, const QString &path, QStringList *removed)
{
    m_sum -= hashOf(item);
    setExpiry(item, std::nullopt);
    --m_count;
    if (!item.isDir())
        return;
    item.children().forEach([&](Item &child) {
        const QString childPath =
            removed != nullptr ? joined(path, QString::fromUtf8(child.name())) : QString();
        forget(child, childPath, removed);
        if (removed != nullptr)
            removed->append(childPath);
    });
}

void Tree::drop(Item &item, QStringList *removed)
{
    forget(item, removed != nullptr ? pathOf(item) : QString(), removed);
    item.parent->children().remove(item);
}

/// Depth first, each item with how deep it stands: no nesting that a reader would have to follow.
void Tree::write(ByteWriter &writer, const Item &item, quint32 depth)
{
    writer.number<quint32>(depth);
    writer.bytes(item.name());
    writer.u8(item.isDir() ? 1 : 0);
    writer.bytes(item.value());
    writer.number<quint64>(item.created);
    writer.number<quint64>(item.modified);
    writer.number<qint64>(item.expireUs);
    if (!item.isDir())
        return;
    item.children().forEach([&](const Item &child) { write(writer, child, depth + 1); });
}

Item::Owned Tree::read(ByteReader &reader, quint32 *depth)
{
    *depth = reader.number<quint32>();
    const QByteArrayView name = reader.view();
    const bool dir = reader.u8() != 0;
    const QByteArrayView value = reader.view();
    Item::Owned item = dir ? Item::folder(name) : Item::key(name, value);
    item->created = reader.number<quint64>();
    item->modified = reader.number<quint64>();
    item->expireUs = reader.number<qint64>();
    return item;
}

void Tree::save(ByteWriter &out) const
{
    out.number<quint64>(m_index);
    m_root->children().forEach([&](const Item &child) { write(out, child, 1); });
}

Result<void> Tree::restore(QByteArrayView bytes)
{
    m_expiring.clear();
    m_root->children().clear();
    m_count = 0;
    m_sum = 0;
    ByteReader reader(bytes);
    m_index = reader.number<quint64>();
    std::vector<Item *> folders{m_root.get()};
    while (reader.ok() && !reader.atEnd()) {
        quint32 depth = 0;
        auto item = read(reader, &depth);
        // Times are of this century: a negative one would overflow where a time to live is told.
        if (!reader.ok() || depth < 1 || depth > folders.size() || item->name().isEmpty() ||
            item->expireUs < 0)
            break;
        folders.resize(depth);
        item->parent = folders.back();
        Children &children = folders.back()->children();
        if (children.find(item->name()) != nullptr)
            break;
        Item &placed = children.put(std::move(item));
        m_sum += hashOf(placed);
        ++m_count;
        if (placed.expireUs != 0)
            m_expiring.insert(&placed);
        if (placed.isDir())
            folders.push_back(&placed);
    }
    if (reader.ok() && reader.atEnd())
        return {};
    m_expiring.clear();
    m_root->children().clear();
    m_index = 0;
    m_count = 0;
    m_sum = 0;
    return fail(code::corrupt, QStringLiteral("the snapshot of the store does not decode"));
}

} // namespace qd::store
