// SPDX-License-Identifier: GPL-3.0-or-later
#include "store_tree.h"

#include "shared/codec/codec.h"

#include <QJsonDocument>
#include <QJsonObject>

namespace qd::models {
namespace {

constexpr qsizetype kPreview = 120;       ///< characters of a value that the tree shows
constexpr qsizetype kShownBytes = 65'536; ///< of a value in the value pane

QString nameIn(const QString &key)
{
    return key == QLatin1String("/") ? key : key.section(QLatin1Char('/'), -1);
}

QString parentOf(const QString &key)
{
    const qsizetype slash = key.lastIndexOf(QLatin1Char('/'));
    return slash <= 0 ? QStringLiteral("/") : key.left(slash);
}

bool isText(const QByteArray &bytes)
{
    return QString::fromUtf8(bytes).toUtf8() == bytes && !bytes.contains('\0');
}

QString textOf(const QByteArray &bytes)
{
    if (isText(bytes))
        return QString::fromUtf8(bytes.left(kShownBytes));
    QStringList lines;
    const QByteArray shown = bytes.left(kShownBytes / 4);
    for (qsizetype at = 0; at < shown.size(); at += 16)
        lines.append(QStringLiteral("%1  %2")
                         .arg(at, 6, 16, QLatin1Char('0'))
                         .arg(QString::fromLatin1(shown.mid(at, 16).toHex(' '))));
    return lines.join(QLatin1Char('\n'));
}

QString prettyJson(const QByteArray &bytes)
{
    const QJsonDocument json = QJsonDocument::fromJson(bytes.left(kShownBytes));
    return json.isNull() ? QString() : QString::fromUtf8(json.toJson()).trimmed();
}

} // namespace

struct StoreTree::Entry {
    StoreEntry data;
    Entry *parent = nullptr;
    int depth = 0;
    bool expanded = false;
    bool loaded = false;
    bool busy = false;
    std::vector<std::unique_ptr<Entry>> children; ///< by key
};

StoreTree::StoreTree(QObject *parent)
    : QAbstractListModel(parent)
{
}

StoreTree::~StoreTree() = default;

void StoreTree::setClient(session::Client *client)
{
    if (m_client)
        m_client->disconnect(this);
    m_client = client;
    m_watch.reset();
    reload();
    if (!client)
        return;
    connect(client, &session::Client::stateChanged, this, [this](session::Client::State state) {
        if (state == session::Client::State::Connected)
            reload();
    });
}

void StoreTree::setPhase(Phase phase, const QString &errorText)
{
    m_phase = phase;
    m_errorText = errorText;
    Q_EMIT phaseChanged();
}

void StoreTree::reload()
{
    ++m_generation;
    m_watch.reset();
    m_rest.clear();
    if (!m_client) {
        beginResetModel();
        m_rows.clear();
        m_root.reset();
        endResetModel();
        m_currentKey.clear();
        setPhase(Idle);
        Q_EMIT countChanged();
        Q_EMIT currentChanged();
        return;
    }
    if (!m_root) {
        m_root = std::make_unique<Entry>();
        m_root->data.key = QStringLiteral("/");
        m_root->data.dir = true;
        m_root->depth = -1;
        m_root->expanded = true;
        setPhase(Loading);
    }
    if (m_client->state() != session::Client::State::Connected)
        return;
    // The watch first: what happens while the directories load comes through it.
    follow();
    load(m_root->data.key);
    for (const Entry *entry : std::vector<Entry *>(m_rows)) {
        if (entry->expanded)
            load(entry->data.key);
    }
}

void StoreTree::load(const QString &key)
{
    if (Entry *entry = find(key); entry && m_client) {
        entry->busy = true;
        touched(entry);
        const quint64 generation = m_generation;
        session::ClusterApi(*m_client)
            .storeGet({key, false, true, false})
            .then(this, [this, key, generation](const Result<session::StoreAnswer> &answer) {
                if (generation == m_generation)
                    loaded(key, answer);
            });
    }
}

void StoreTree::loaded(const QString &key, const Result<session::StoreAnswer> &answer)
{
    Entry *entry = find(key);
    if (!entry)
        return;
    entry->busy = false;
    if (!answer) {
        touched(entry);
        if (entry == m_root.get())
            setPhase(Failed, answer.error().text());
        return;
    }
    QSet<QString> there;
    for (const StoreEntry &child : answer->children) {
        if (parentOf(child.key) == key)
            there.insert(child.key);
    }
    QStringList gone;
    for (const auto &child : entry->children) {
        if (!there.contains(child->data.key))
            gone.append(child->data.key);
    }
    for (const QString &child : std::as_const(gone))
        removeEntry(child);
    if (entry->children.empty()) {
        // The first load is one change for the view, however many keys it brings.
        for (const StoreEntry &child : answer->children) {
            if (parentOf(child.key) != key)
                continue;
            auto made = std::make_unique<Entry>();
            made->data = child;
            made->parent = entry;
            made->depth = entry->depth + 1;
            entry->children.push_back(std::move(made));
        }
        std::sort(entry->children.begin(), entry->children.end(), [](auto &a, auto &b) {
            return a->data.key < b->data.key;
        });
        showChildren(*entry);
    } else {
        for (const StoreEntry &child : answer->children) {
            if (parentOf(child.key) == key)
                put(*entry, child);
        }
    }
    entry->loaded = true;
    touched(entry);
    if (entry == m_root.get())
        setPhase(Ready);
    Q_EMIT countChanged();
    Q_EMIT currentChanged();
    continueGoing();
}

void StoreTree::follow()
{
    m_watch = session::ClusterApi(*m_client).storeWatch(QStringLiteral("/"), true);
    connect(m_watch.get(), &session::ByteStream::received, this, &StoreTree::takeEvents);
    connect(m_watch.get(), &session::ByteStream::ended, this, [this](const Error &error) {
        m_watch.release()->deleteLater(); // it is the sender
        if (!error.code.isEmpty() && m_phase == Loading)
            setPhase(Failed, error.text());
    });
}

void StoreTree::takeEvents(const QByteArray &bytes)
{
    m_rest += bytes;
    qsizetype from = 0;
    for (qsizetype end = m_rest.indexOf('\n'); end >= 0; end = m_rest.indexOf('\n', from)) {
        const QJsonObject json = QJsonDocument::fromJson(m_rest.mid(from, end - from)).object();
        const auto entry =
            codec::fromJson<StoreEntry>(json.value(QLatin1String("entry")).toObject());
        if (entry && !entry->key.isEmpty())
            apply(json.value(QLatin1String("action")).toString(), *entry);
        from = end + 1;
    }
    m_rest.remove(0, from);
}

void StoreTree::apply(const QString &action, const StoreEntry &entry)
{
    if (action == QLatin1String("delete") || action == QLatin1String("expire") ||
        action == QLatin1String("compareAndDelete")) {
        removeEntry(entry.key);
        Q_EMIT countChanged();
        Q_EMIT currentChanged();
        return;
    }
    // A new key may have made directories on its way: the first one that is missing is shown.
    StoreEntry shown = entry;
    Entry *parent = find(parentOf(shown.key));
    while (!parent && shown.key.size() > 1) {
        shown = StoreEntry{parentOf(shown.key), {}, true, entry.createdIndex,
                           entry.modifiedIndex, {}, 0};
        parent = find(parentOf(shown.key));
    }
    if (!parent || !parent->loaded)
        return;
    if (nameIn(shown.key).startsWith(QLatin1Char('_')) && !find(shown.key))
        return; // hidden: known paths only
    put(*parent, shown);
    Q_EMIT countChanged();
    if (shown.key == m_currentKey)
        Q_EMIT currentChanged();
}

StoreTree::Entry *StoreTree::find(const QString &key) const
{
    Entry *at = m_root.get();
    if (!at || key == QLatin1String("/"))
        return at;
    qsizetype slash = 0;
    while (at && slash >= 0) {
        slash = key.indexOf(QLatin1Char('/'), slash + 1);
        const QString part = slash < 0 ? key : key.left(slash);
        const auto found = std::lower_bound(
            at->children.begin(), at->children.end(), part,
            [](const auto &child, const QString &wanted) { return child->data.key < wanted; });
        at = found != at->children.end() && (*found)->data.key == part ? found->get() : nullptr;
    }
    return at;
}

StoreTree::Entry *StoreTree::put(Entry &parent, const StoreEntry &entry)
{
    if (Entry *known = find(entry.key)) {
        known->data = entry;
        touched(known);
        return known;
    }
    auto made = std::make_unique<Entry>();
    made->data = entry;
    made->parent = &parent;
    made->depth = parent.depth + 1;
    const auto place = std::lower_bound(
        parent.children.begin(), parent.children.end(), entry.key,
        [](const auto &child, const QString &key) { return child->data.key < key; });
    Entry *raw = made.get();
    const bool visible = parent.expanded && (&parent == m_root.get() || rowOf(&parent) >= 0);
    if (!visible) {
        parent.children.insert(place, std::move(made));
        return raw;
    }
    // It stands before its next sibling's row, or at the end of the parent's shown subtree.
    int row = rowOf(&parent) + 1;
    if (place != parent.children.end())
        row = rowOf(place->get());
    else
        while (row < count() && m_rows[size_t(row)]->depth > parent.depth)
            ++row;
    beginInsertRows({}, row, row);
    parent.children.insert(place, std::move(made));
    m_rows.insert(m_rows.begin() + row, raw);
    endInsertRows();
    return raw;
}

void StoreTree::removeEntry(const QString &key)
{
    Entry *entry = find(key);
    if (!entry || !entry->parent)
        return;
    const int row = rowOf(entry);
    if (row >= 0) {
        int last = row;
        while (last + 1 < count() && m_rows[size_t(last) + 1]->depth > entry->depth)
            ++last;
        beginRemoveRows({}, row, last);
        m_rows.erase(m_rows.begin() + row, m_rows.begin() + last + 1);
        endRemoveRows();
    }
    auto &siblings = entry->parent->children;
    siblings.erase(std::find_if(siblings.begin(), siblings.end(), [entry](const auto &child) {
        return child.get() == entry;
    }));
}

int StoreTree::rowOf(const Entry *entry) const
{
    const auto found = std::find(m_rows.begin(), m_rows.end(), entry);
    return found == m_rows.end() ? -1 : int(found - m_rows.begin());
}

void StoreTree::showChildren(Entry &entry)
{
    const int at = rowOf(&entry);
    if (!entry.expanded || entry.children.empty() || (at < 0 && &entry != m_root.get()))
        return;
    std::vector<Entry *> fresh;
    const std::function<void(const Entry &)> collect = [&](const Entry &of) {
        for (const auto &child : of.children) {
            fresh.push_back(child.get());
            if (child->expanded)
                collect(*child);
        }
    };
    collect(entry);
    beginInsertRows({}, at + 1, at + int(fresh.size()));
    m_rows.insert(m_rows.begin() + at + 1, fresh.begin(), fresh.end());
    endInsertRows();
}

void StoreTree::hideChildren(Entry &entry)
{
    const int at = rowOf(&entry);
    int last = at;
    while (last + 1 < count() && m_rows[size_t(last) + 1]->depth > entry.depth)
        ++last;
    if (last == at)
        return;
    beginRemoveRows({}, at + 1, last);
    m_rows.erase(m_rows.begin() + at + 1, m_rows.begin() + last + 1);
    endRemoveRows();
}

void StoreTree::touched(const Entry *entry)
{
    const int row = rowOf(entry);
    if (row >= 0)
        Q_EMIT dataChanged(index(row), index(row));
}

void StoreTree::setExpanded(int row, bool expanded)
{
    if (row < 0 || row >= count())
        return;
    Entry &entry = *m_rows[size_t(row)];
    if (!entry.data.dir || entry.expanded == expanded)
        return;
    entry.expanded = expanded;
    if (!expanded)
        hideChildren(entry);
    else if (entry.loaded)
        showChildren(entry);
    else
        load(entry.data.key);
    touched(&entry);
    Q_EMIT countChanged();
    Q_EMIT currentChanged();
}

int StoreTree::parentRow(int row) const
{
    return row >= 0 && row < count() ? rowOf(m_rows[size_t(row)]->parent) : -1;
}

void StoreTree::goTo(const QString &key)
{
    m_goal = key.startsWith(QLatin1Char('/')) ? key : QLatin1Char('/') + key;
    while (m_goal.size() > 1 && m_goal.endsWith(QLatin1Char('/')))
        m_goal.chop(1);
    continueGoing();
}

void StoreTree::continueGoing()
{
    if (m_goal.isEmpty() || m_phase != Ready)
        return;
    if (Entry *there = find(m_goal); there && rowOf(there) >= 0) {
        setCurrentKey(std::exchange(m_goal, QString()));
        return;
    }
    Entry *at = m_root.get();
    qsizetype slash = 0;
    while ((slash = m_goal.indexOf(QLatin1Char('/'), slash + 1)) >= 0 || at) {
        const QString part = slash < 0 ? m_goal : m_goal.left(slash);
        Entry *next = find(part);
        if (!next && at->loaded) {
            // Hidden directories are not listed by their parent: taken at their word.
            const bool hidden = nameIn(part).startsWith(QLatin1Char('_'));
            if (!hidden)
                Q_EMIT missing(std::exchange(m_goal, QString()));
            else
                next = put(*at, StoreEntry{part, {}, slash >= 0, 0, 0, {}, 0});
        }
        if (!next || slash < 0)
            break;
        if (!next->expanded) {
            next->data.dir = true;
            setExpanded(rowOf(next), true); // goes on in loaded()
            return;
        }
        at = next;
    }
    if (Entry *there = find(m_goal); there && rowOf(there) >= 0)
        setCurrentKey(std::exchange(m_goal, QString()));
}

QString StoreTree::keyAt(int row) const
{
    return row >= 0 && row < count() ? m_rows[size_t(row)]->data.key : QString();
}

void StoreTree::setCurrentKey(const QString &key)
{
    if (m_currentKey == key)
        return;
    m_currentKey = key;
    Q_EMIT currentChanged();
}

int StoreTree::currentRow() const
{
    const Entry *entry = m_currentKey.isEmpty() ? nullptr : find(m_currentKey);
    return entry ? rowOf(entry) : -1;
}

QVariantMap StoreTree::current() const
{
    const Entry *entry = m_currentKey.isEmpty() ? nullptr : find(m_currentKey);
    if (!entry)
        return {};
    const StoreEntry &data = entry->data;
    return {
        {QStringLiteral("key"), data.key},
        {QStringLiteral("name"), nameIn(data.key)},
        {QStringLiteral("dir"), data.dir},
        {QStringLiteral("text"), textOf(data.value)},
        {QStringLiteral("pretty"), prettyJson(data.value)},
        {QStringLiteral("size"), data.value.size()},
        {QStringLiteral("binary"), !isText(data.value)},
        {QStringLiteral("createdIndex"), data.createdIndex},
        {QStringLiteral("modifiedIndex"), data.modifiedIndex},
        {QStringLiteral("ttl"), data.ttl},
        {QStringLiteral("children"), entry->loaded ? int(entry->children.size()) : -1}};
}

int StoreTree::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : count();
}

QVariant StoreTree::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= count())
        return {};
    const Entry &entry = *m_rows[size_t(index.row())];
    switch (role) {
    case KeyRole:
        return entry.data.key;
    case NameRole:
    case Qt::DisplayRole:
        return nameIn(entry.data.key);
    case DepthRole:
        return entry.depth;
    case DirRole:
        return entry.data.dir;
    case ExpandedRole:
        return entry.expanded;
    case BusyRole:
        return entry.busy;
    case PreviewRole:
        return isText(entry.data.value)
                   ? QString::fromUtf8(entry.data.value.left(kPreview)).simplified()
                   : QStringLiteral("%1 bytes").arg(entry.data.value.size());
    case TtlRole:
        return entry.data.ttl;
    default:
        return {};
    }
}

QHash<int, QByteArray> StoreTree::roleNames() const
{
    return {{KeyRole, "key"},           {NameRole, "name"}, {DepthRole, "depth"},
            {DirRole, "dir"},           {BusyRole, "busy"}, {PreviewRole, "preview"},
            {ExpandedRole, "expanded"}, {TtlRole, "ttl"}};
}

} // namespace qd::models
