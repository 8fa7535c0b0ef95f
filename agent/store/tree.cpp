// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/store/tree.h"

#include "agent/store/cause_text.h"

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

bool isHiddenName(const QByteArray &name)
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

/// By their bytes; a view is enough to look one up.
struct Tree::ByName {
    using is_transparent = void;
    bool operator()(QByteArrayView a, QByteArrayView b) const { return a < b; }
};

/// A key, or a directory when it has children (perhaps none).
struct Tree::Item {
    QByteArray name;
    QByteArray value;
    quint64 created = 0;
    quint64 modified = 0;
    qint64 expireUs = 0; // 0 = never
    Item *parent = nullptr;
    std::unique_ptr<Children> children;

    bool isDir() const { return children != nullptr; }
};

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
    : m_root(std::make_unique<Item>())
{
    m_root->children = std::make_unique<Children>();
}

Tree::~Tree() = default;

QString Tree::pathOf(const Item &item) const
{
    if (item.parent == nullptr)
        return QStringLiteral("/");
    return joined(pathOf(*item.parent), QString::fromUtf8(item.name));
}

Result<Tree::Item *> Tree::find(const QString &path) const
{
    Item *at = m_root.get();
    const QByteArray utf8 = path.toUtf8();
    // `path` is plain: each name follows a slash.
    for (qsizetype begin = 1; begin < utf8.size();) {
        const qsizetype slash = utf8.indexOf('/', begin);
        const qsizetype end = slash < 0 ? utf8.size() : slash;
        if (!at->isDir())
            return fail(etcdError(104, QString::fromUtf8(utf8.first(begin - 1)), m_index));
        const auto child = at->children->find(QByteArrayView(utf8).sliced(begin, end - begin));
        if (child == at->children->end())
            return fail(etcdError(100, QString::fromUtf8(utf8.first(end)), m_index));
        at = child->second.get();
        begin = end + 1;
    }
    return at;
}

Result<Tree::Item *> Tree::makeFolder(const QString &path)
{
    Item *at = m_root.get();
    const QByteArray utf8 = path.toUtf8();
    for (qsizetype begin = 1; begin < utf8.size();) {
        const qsizetype slash = utf8.indexOf('/', begin);
        const qsizetype end = slash < 0 ? utf8.size() : slash;
        const QByteArrayView name = QByteArrayView(utf8).sliced(begin, end - begin);
        auto child = at->children->find(name);
        if (child == at->children->end()) {
            auto item = std::make_unique<Item>();
            item->name = name.toByteArray();
            item->parent = at;
            item->created = item->modified = m_index + 1;
            item->children = std::make_unique<Children>();
            child = at->children->emplace(item->name, std::move(item)).first;
            ++m_count;
        } else if (!child->second->isDir()) {
            return fail(etcdError(104, QString::fromUtf8(utf8.first(end)), m_index));
        }
        at = child->second.get();
        begin = end + 1;
    }
    return at;
}

void Tree::setExpiry(Item &item, const std::optional<qint64> &atUs)
{
    if (item.expireUs != 0)
        m_expiring.erase(&item);
    item.expireUs = atUs.value_or(0);
    if (item.expireUs != 0)
        m_expiring.insert(&item);
}

void Tree::fillExpiry(Node &node, const Item &item, qint64 nowUs)
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
    node.value = item.value;
    node.dir = item.isDir();
    node.createdIndex = item.created;
    node.modifiedIndex = item.modified;
    fillExpiry(node, item, nowUs);
    return node;
}

void Tree::listInto(Node &node, const Item &item, bool recursive, qint64 nowUs) const
{
    const QString folder = item.parent == nullptr ? QStringLiteral("/") : node.key;
    for (const auto &[name, child] : *item.children) {
        if (isHiddenName(name))
            continue;
        Node entry;
        entry.key = joined(folder, QString::fromUtf8(name));
        entry.value = child->value;
        entry.dir = child->isDir();
        entry.createdIndex = child->created;
        entry.modifiedIndex = child->modified;
        fillExpiry(entry, *child, nowUs);
        if (recursive && child->isDir())
            listInto(entry, *child, true, nowUs);
        node.children.push_back(std::move(entry));
    }
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
    auto &children = *(*folder)->children;
    const auto old = children.find(name);
    Event out = event(action, path, next, next);
    if (old != children.end()) {
        if (!replace)
            return fail(etcdError(105, path, m_index));
        if (old->second->isDir())
            return fail(etcdError(102, path, m_index));
        out.prevNode = shallow(*old->second, nowUs);
        setExpiry(*old->second, std::nullopt);
        children.erase(old);
        --m_count;
    }
    auto item = std::make_unique<Item>();
    item->name = name;
    item->parent = *folder;
    item->created = item->modified = next;
    if (dir)
        item->children = std::make_unique<Children>();
    else
        item->value = value;
    Item &placed = *children.emplace(name, std::move(item)).first->second;
    ++m_count;
    setExpiry(placed, expiry.atUs);
    out.node.dir = dir;
    out.node.value = placed.value;
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
    const QByteArray kept = expiry.refresh ? (*old)->value : value;
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
    Item &item = **found;
    if (item.isDir() && !value.isEmpty())
        return fail(etcdError(102, path, m_index));
    const quint64 next = m_index + 1;
    Event out = event("update", path, next, item.created);
    out.prevNode = shallow(item, nowUs);
    if (!item.isDir()) {
        if (!expiry.refresh)
            item.value = value;
        setExpiry(item, expiry.atUs);
        item.modified = next;
    } else {
        setExpiry(item, expiry.atUs); // a directory keeps its modified index (peer-contracts 1.4)
    }
    out.node.dir = item.isDir();
    out.node.value = item.value;
    fillExpiry(out.node, item, nowUs);
    m_index = next;
    out.etcdIndex = m_index;
    out.refresh = expiry.refresh;
    return out;
}

Result<void> Tree::compare(const Item &item, const QByteArray &prevValue, quint64 prevIndex) const
{
    const bool indexFits = prevIndex == 0 || item.modified == prevIndex;
    const bool valueFits = prevValue.isEmpty() || item.value == prevValue;
    if (indexFits && valueFits)
        return {};
    const QString byValue =
        QStringLiteral("[%1 != %2]").arg(causeText(prevValue), causeText(item.value));
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
    Item &item = **found;
    if (item.isDir())
        return fail(etcdError(102, path, m_index));
    if (const auto same = compare(item, prevValue, prevIndex); !same)
        return fail(same.error());
    Event out = event("compareAndSwap", path, ++m_index, item.created);
    out.prevNode = shallow(item, nowUs);
    if (!expiry.refresh)
        item.value = value;
    setExpiry(item, expiry.atUs);
    item.modified = m_index;
    out.node.value = item.value;
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
        if (!item.children->empty() && !recursive)
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

/// Takes the item and all below it out of the expiry order and the count.
void Tree::forget(Item &item, const QString &path, QStringList *removed)
{
    setExpiry(item, std::nullopt);
    --m_count;
    if (!item.isDir())
        return;
    for (const auto &[name, child] : *item.children) {
        const QString childPath =
            removed != nullptr ? joined(path, QString::fromUtf8(name)) : QString();
        forget(*child, childPath, removed);
        if (removed != nullptr)
            removed->append(childPath);
    }
}

void Tree::drop(Item &item, QStringList *removed)
{
    forget(item, removed != nullptr ? pathOf(item) : QString(), removed);
    item.parent->children->erase(QByteArray(item.name));
}

/// Depth first, each item with how deep it stands: no nesting that a reader would have to follow.
void Tree::write(ByteWriter &writer, const Item &item, quint32 depth)
{
    writer.number<quint32>(depth);
    writer.bytes(item.name);
    writer.u8(item.isDir() ? 1 : 0);
    writer.bytes(item.value);
    writer.number<quint64>(item.created);
    writer.number<quint64>(item.modified);
    writer.number<qint64>(item.expireUs);
    if (!item.isDir())
        return;
    for (const auto &[name, child] : *item.children)
        write(writer, *child, depth + 1);
}

std::unique_ptr<Tree::Item> Tree::read(ByteReader &reader, quint32 *depth)
{
    auto item = std::make_unique<Item>();
    *depth = reader.number<quint32>();
    item->name = reader.bytes();
    if (reader.u8() != 0)
        item->children = std::make_unique<Children>();
    item->value = reader.bytes();
    item->created = reader.number<quint64>();
    item->modified = reader.number<quint64>();
    item->expireUs = reader.number<qint64>();
    return item;
}

QByteArray Tree::snapshot() const
{
    QByteArray out;
    ByteWriter writer(out);
    writer.number<quint64>(m_index);
    for (const auto &[name, child] : *m_root->children)
        write(writer, *child, 1);
    return out;
}

Result<void> Tree::restore(QByteArrayView bytes)
{
    m_expiring.clear();
    m_root->children->clear();
    m_count = 0;
    ByteReader reader(bytes);
    m_index = reader.number<quint64>();
    std::vector<Item *> folders{m_root.get()};
    while (reader.ok() && !reader.atEnd()) {
        quint32 depth = 0;
        auto item = read(reader, &depth);
        // Times are of this century: a negative one would overflow where a time to live is told.
        if (!reader.ok() || depth < 1 || depth > folders.size() || item->name.isEmpty() ||
            item->expireUs < 0)
            break;
        folders.resize(depth);
        item->parent = folders.back();
        Item &placed = *item;
        if (!folders.back()->children->emplace(placed.name, std::move(item)).second)
            break;
        ++m_count;
        if (placed.expireUs != 0)
            m_expiring.insert(&placed);
        if (placed.isDir())
            folders.push_back(&placed);
    }
    if (reader.ok() && reader.atEnd())
        return {};
    m_expiring.clear();
    m_root->children->clear();
    m_index = 0;
    m_count = 0;
    return fail(code::corrupt, QStringLiteral("the snapshot of the store does not decode"));
}

} // namespace qd::store
