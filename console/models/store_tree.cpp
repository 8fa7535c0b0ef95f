// SPDX-License-Identifier: GPL-3.0-or-later
#include "store_tree.h"

#include "shared/codec/codec.h"
#include "value_text.h"

#include <QJsonDocument>
#include <QJsonObject>

namespace qd::models {
namespace {

constexpr int kFrameMs = 16;
constexpr int kSecondMs = 1'000;
const QString kNoSuchKey = QStringLiteral("etcd.100");
/// An event holds a value and the one before it; what is longer is none.
constexpr qsizetype kLongestEvent = 16 << 20;

QString nameIn(const QString &key)
{
    return key == QLatin1String("/") ? key : key.section(QLatin1Char('/'), -1);
}

QString parentOf(const QString &key)
{
    const qsizetype slash = key.lastIndexOf(QLatin1Char('/'));
    return slash <= 0 ? QStringLiteral("/") : key.left(slash);
}

bool isHidden(const QString &key)
{
    return nameIn(key).startsWith(QLatin1Char('_'));
}

} // namespace

struct StoreTree::Entry {
    StoreEntry data;
    Entry *parent = nullptr;
    int depth = 0;
    bool expanded = false;
    bool loaded = false;
    bool busy = false;
    bool guessed = false; ///< hidden, taken at a user's word until its answer is there
    quint64 round = 0;    ///< of its loading
    quint64 seen = 0;     ///< the round of its parent in which it was last there
    QString error;
    qint64 readMs = 0;                            ///< when its time to live was told
    std::vector<std::unique_ptr<Entry>> children; ///< by key

    auto placeOf(const QString &key)
    {
        return std::lower_bound(
            children.begin(), children.end(), key,
            [](const auto &child, const QString &wanted) { return child->data.key < wanted; });
    }
    std::unique_ptr<Entry> makeChild()
    {
        auto made = std::make_unique<Entry>();
        made->parent = this;
        made->depth = depth + 1;
        made->seen = round;
        return made;
    }
};

StoreTree::StoreTree(QObject *parent)
    : QAbstractListModel(parent)
{
    static const SystemClock ofTheMachine;
    m_clock = &ofTheMachine;
    m_second.setInterval(kSecondMs);
    connect(&m_second, &QTimer::timeout, this, &StoreTree::tick);
    m_frame.setSingleShot(true);
    m_frame.setInterval(kFrameMs);
    connect(&m_frame, &QTimer::timeout, this, &StoreTree::rebuildRows);
}

StoreTree::~StoreTree() = default;

void StoreTree::setClient(session::Client *client)
{
    if (m_client)
        m_client->disconnect(this);
    m_client = client;
    forgetAll();
    if (!client)
        return;
    connect(client, &session::Client::stateChanged, this, [this](session::Client::State state) {
        if (state == session::Client::State::Connected)
            reload();
    });
    m_second.start();
    reload();
}

void StoreTree::setPhase(Phase phase, const QString &errorText)
{
    m_phase = phase;
    m_errorText = errorText;
    Q_EMIT phaseChanged();
}

void StoreTree::forgetAll()
{
    ++m_round;
    m_watch.reset();
    m_frame.stop();
    m_second.stop();
    m_leases = false;
    m_readingLease.clear();
    beginResetModel();
    m_rows.clear();
    m_root.reset();
    m_stale.clear();
    m_known = 0;
    endResetModel();
    m_goal.clear();
    m_currentKey.clear();
    setPhase(Idle);
    Q_EMIT countChanged();
    Q_EMIT currentChanged();
}

void StoreTree::reload()
{
    if (!m_client)
        return;
    m_watch.reset();
    m_rest.clear();
    if (!m_root) {
        m_root = std::make_unique<Entry>();
        m_root->data.key = QStringLiteral("/");
        m_root->data.dir = true;
        m_root->depth = -1;
        m_root->expanded = true;
    }
    if (!m_root->loaded)
        setPhase(Loading);
    if (m_client->state() != session::Client::State::Connected)
        return;
    // The watch first: what happens while the directories load comes through it.
    follow();
    m_stale.clear();
    const std::function<void(const Entry &)> note = [&](const Entry &of) {
        for (const auto &child : of.children) {
            if (child->loaded || child->busy)
                m_stale.append(child->data.key);
            note(*child);
        }
    };
    note(*m_root);
    load(*m_root);
}

/// One after the other: a console that reconnects must not ask for a hundred folders at once.
void StoreTree::loadNextStale()
{
    while (!m_stale.isEmpty()) {
        if (Entry *entry = find(m_stale.takeFirst())) {
            load(*entry);
            return;
        }
    }
}

void StoreTree::load(Entry &entry)
{
    entry.busy = true;
    entry.round = ++m_round;
    touched(&entry);
    loadPage(entry, QStringLiteral(""));
}

void StoreTree::loadPage(const Entry &entry, const QString &after)
{
    if (!m_client)
        return;
    session::ClusterApi(*m_client)
        .storeGet({entry.data.key, false, true, false, after})
        .then(
            this,
            [this, key = entry.data.key, round = entry.round](
                const Result<session::StoreAnswer> &answer) { takePage(key, round, answer); });
}

void StoreTree::takePage(
    const QString &key, quint64 round, const Result<session::StoreAnswer> &answer)
{
    Entry *entry = find(key);
    if (!entry || entry->round != round)
        return;
    if (!answer) {
        refuse(*entry, answer.error());
        return;
    }
    entry->error.clear();
    entry->guessed = false;
    if (entry != m_root.get())
        take(*entry, answer->entry);
    merge(*entry, answer->children);
    if (answer->more && !answer->children.isEmpty()) {
        loadPage(*entry, answer->children.last().key);
    } else {
        dropUnseen(*entry);
        entry->busy = false;
        entry->loaded = entry->data.dir;
        touched(entry);
    }
    if (entry == m_root.get() && m_phase != Ready)
        setPhase(Ready);
    if (!answer->more)
        loadNextStale();
    Q_EMIT countChanged();
    Q_EMIT currentChanged();
    continueGoing();
}

void StoreTree::refuse(Entry &entry, const Error &error)
{
    entry.busy = false;
    if (entry.guessed) {
        removeEntry(entry.data.key);
        Q_EMIT missing(std::exchange(m_goal, QString()));
        Q_EMIT countChanged();
        return;
    }
    if (entry.parent && error.code == kNoSuchKey) {
        removeEntry(entry.data.key);
        loadNextStale();
        Q_EMIT countChanged();
        Q_EMIT currentChanged();
        return;
    }
    entry.error = error.text();
    entry.expanded = entry.loaded && entry.expanded;
    touched(&entry);
    if (&entry == m_root.get()) {
        entry.expanded = true;
        if (!entry.loaded)
            setPhase(Failed, entry.error);
    }
    loadNextStale();
    Q_EMIT currentChanged();
}

void StoreTree::merge(Entry &entry, const QList<StoreEntry> &page)
{
    bool fresh = false;
    for (const StoreEntry &child : page) {
        if (parentOf(child.key) != entry.data.key)
            continue;
        const auto place = entry.placeOf(child.key);
        if (place != entry.children.end() && (*place)->data.key == child.key) {
            take(**place, child);
            (*place)->seen = entry.round;
            continue;
        }
        take(**entry.children.insert(place, entry.makeChild()), child);
        ++m_known;
        fresh = true;
    }
    if (!m_words.isEmpty())
        m_frame.start();
    else if (fresh)
        showFresh(entry);
    const int row = rowOf(&entry);
    const int end = &entry == m_root.get() ? count() : row < 0 ? -1 : endOf(row);
    if (end - 1 > row)
        Q_EMIT dataChanged(index(row + 1), index(end - 1));
}

/// Shows the children that have no row yet: a run of them is one change for the view.
void StoreTree::showFresh(Entry &entry)
{
    if (!isShown(entry) || !entry.expanded)
        return;
    int row = rowOf(&entry) + 1;
    Rows run;
    const auto flush = [&] {
        if (run.empty())
            return;
        beginInsertRows({}, row, row + int(run.size()) - 1);
        m_rows.insert(m_rows.begin() + row, run.begin(), run.end());
        endInsertRows();
        row += int(run.size());
        run.clear();
    };
    for (const auto &child : entry.children) {
        const size_t next = size_t(row);
        const bool hasRow = next < m_rows.size() && m_rows[next] == child.get();
        if (!hasRow) {
            run.push_back(child.get());
            continue;
        }
        flush();
        row = endOf(row);
    }
    flush();
}

void StoreTree::dropUnseen(Entry &entry)
{
    QStringList gone;
    for (const auto &child : entry.children) {
        if (child->seen != entry.round && !isHidden(child->data.key))
            gone.append(child->data.key);
    }
    for (const QString &key : std::as_const(gone))
        removeEntry(key);
}

void StoreTree::follow()
{
    m_watch = session::ClusterApi(*m_client).storeWatch(QStringLiteral("/"), true);
    connect(m_watch.get(), &session::ByteStream::received, this, &StoreTree::takeEvents);
    connect(m_watch.get(), &session::ByteStream::ended, this, [this](const Error &error) {
        m_watch.release()->deleteLater(); // it is the sender
        // Too slow for the events: begin with a new reading.
        const bool connected = m_client && m_client->state() == session::Client::State::Connected;
        if (connected && error.code == code::limit) {
            reload();
            return;
        }
        if (m_phase != Failed && !error.code.isEmpty())
            m_errorText = error.text();
        Q_EMIT phaseChanged();
    });
    if (m_phase == Ready)
        m_errorText.clear();
    Q_EMIT phaseChanged();
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
    if (m_rest.size() > kLongestEvent)
        m_rest.clear();
    Q_EMIT countChanged();
    Q_EMIT currentChanged();
}

void StoreTree::apply(const QString &action, const StoreEntry &entry)
{
    if (action == QLatin1String("delete") || action == QLatin1String("expire") ||
        action == QLatin1String("compareAndDelete")) {
        removeEntry(entry.key);
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
    if (!parent || !(parent->loaded || parent->busy))
        return;
    if (isHidden(shown.key) && !find(shown.key))
        return; // hidden: known paths only
    put(*parent, shown);
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
        const auto found = at->placeOf(part);
        at = found != at->children.end() && (*found)->data.key == part ? found->get() : nullptr;
    }
    return at;
}

StoreTree::Entry *StoreTree::put(Entry &parent, const StoreEntry &entry)
{
    const auto place = parent.placeOf(entry.key);
    if (place != parent.children.end() && (*place)->data.key == entry.key) {
        take(**place, entry);
        (*place)->seen = parent.round;
        touched(place->get());
        return place->get();
    }
    Entry *made = parent.children.insert(place, parent.makeChild())->get();
    take(*made, entry);
    ++m_known;
    if (m_words.isEmpty())
        showFresh(parent);
    else
        m_frame.start();
    return made;
}

void StoreTree::removeEntry(const QString &key)
{
    Entry *entry = find(key);
    if (!entry || !entry->parent)
        return;
    if (const int row = rowOf(entry); row >= 0)
        dropRows(row, endOf(row) - 1);
    const std::function<int(const Entry &)> size = [&size](const Entry &of) {
        int out = 1;
        for (const auto &child : of.children)
            out += size(*child);
        return out;
    };
    m_known -= size(*entry);
    entry->parent->children.erase(entry->parent->placeOf(key));
}

void StoreTree::dropRows(int first, int last)
{
    beginRemoveRows({}, first, last);
    m_rows.erase(m_rows.begin() + first, m_rows.begin() + last + 1);
    endRemoveRows();
}

int StoreTree::rowOf(const Entry *entry) const
{
    const auto found = std::find(m_rows.begin(), m_rows.end(), entry);
    return found == m_rows.end() ? -1 : int(found - m_rows.begin());
}

/// The row after an entry and everything below it.
int StoreTree::endOf(int row) const
{
    const int depth = m_rows[size_t(row)]->depth;
    int end = row + 1;
    while (end < count() && m_rows[size_t(end)]->depth > depth)
        ++end;
    return end;
}

bool StoreTree::isShown(const Entry &entry) const
{
    return &entry == m_root.get() || rowOf(&entry) >= 0;
}

bool StoreTree::matches(const Entry &entry) const
{
    return std::all_of(m_words.begin(), m_words.end(), [&entry](const QString &word) {
        return entry.data.key.contains(word, Qt::CaseInsensitive);
    });
}

/// Adds the rows below an entry; says whether there are any.
bool StoreTree::collect(const Entry &of, Rows &rows) const
{
    const size_t before = rows.size();
    for (const auto &child : of.children) {
        const size_t at = rows.size();
        rows.push_back(child.get());
        const bool below = (!m_words.isEmpty() || child->expanded) && collect(*child, rows);
        if (!below && !matches(*child))
            rows.resize(at);
    }
    return rows.size() > before;
}

void StoreTree::rebuildRows()
{
    m_frame.stop();
    beginResetModel();
    m_rows.clear();
    if (m_root)
        collect(*m_root, m_rows);
    endResetModel();
    Q_EMIT rebuilt();
    Q_EMIT countChanged();
    Q_EMIT currentChanged();
}

void StoreTree::setFilter(const QString &filter)
{
    if (m_filter == filter)
        return;
    m_filter = filter;
    m_words = filter.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    rebuildRows();
    Q_EMIT filterChanged();
}

void StoreTree::expand(Entry &entry)
{
    entry.expanded = true;
    if (!entry.loaded && !entry.busy)
        load(entry);
    if (m_words.isEmpty() && !entry.children.empty()) {
        const int at = rowOf(&entry);
        Rows below;
        collect(entry, below);
        if (at >= 0 && !below.empty()) {
            beginInsertRows({}, at + 1, at + int(below.size()));
            m_rows.insert(m_rows.begin() + at + 1, below.begin(), below.end());
            endInsertRows();
        }
    }
    touched(&entry);
}

void StoreTree::collapse(Entry &entry)
{
    entry.expanded = false;
    if (const int at = rowOf(&entry); at >= 0 && m_words.isEmpty() && endOf(at) > at + 1)
        dropRows(at + 1, endOf(at) - 1);
    touched(&entry);
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
    expanded ? expand(entry) : collapse(entry);
    Q_EMIT countChanged();
    Q_EMIT currentChanged();
}

int StoreTree::parentRow(int row) const
{
    return row >= 0 && row < count() ? rowOf(m_rows[size_t(row)]->parent) : -1;
}

void StoreTree::goTo(const QString &key)
{
    m_goal = QLatin1Char('/') + key.split(QLatin1Char('/'), Qt::SkipEmptyParts).join(u'/');
    setFilter({});
    continueGoing();
}

void StoreTree::continueGoing()
{
    if (m_goal.size() < 2 || m_phase != Ready)
        return;
    Entry *at = m_root.get();
    for (qsizetype slash = 0; slash >= 0;) {
        slash = m_goal.indexOf(QLatin1Char('/'), slash + 1);
        const QString part = slash < 0 ? m_goal : m_goal.left(slash);
        Entry *next = find(part);
        if (!next && at->busy)
            return; // its next page may have it
        if (!next && !isHidden(part)) {
            Q_EMIT missing(std::exchange(m_goal, QString()));
            return;
        }
        if (!next) {
            next = put(*at, StoreEntry{part, {}, true, 0, 0, {}, 0});
            next->guessed = true;
            load(*next);
        }
        if (next->guessed)
            return; // goes on when its answer is there
        if (slash < 0) {
            setCurrentKey(std::exchange(m_goal, QString()));
            return;
        }
        if (next->data.dir && !next->expanded)
            expand(*next);
        at = next;
    }
}

void StoreTree::take(Entry &entry, const StoreEntry &data)
{
    // A page that was read before an event came in is older than what the event has told.
    if (!data.dir && data.modifiedIndex < entry.data.modifiedIndex)
        return;
    entry.data = data;
    entry.readMs = m_clock->monotonicMs();
    m_leases = m_leases || data.ttl > 0;
}

qint64 StoreTree::leftOf(const Entry &entry) const
{
    if (entry.data.ttl <= 0)
        return -1;
    const qint64 passedMs = m_clock->monotonicMs() - entry.readMs;
    return qMax<qint64>(0, entry.data.ttl - passedMs / kSecondMs);
}

qint64 StoreTree::secondsLeft() const
{
    const Entry *entry = m_currentKey.isEmpty() ? nullptr : find(m_currentKey);
    return entry ? leftOf(*entry) : -1;
}

void StoreTree::tick()
{
    if (!m_leases || m_rows.empty())
        return;
    Q_EMIT dataChanged(index(0), index(count() - 1), {TtlRole});
    Q_EMIT ticked();
    if (secondsLeft() == 0 && m_readingLease != m_currentKey)
        readLease(m_currentKey);
}

/// A renewed time to live is no event: when the time is over and the key still there, it is asked.
void StoreTree::readLease(const QString &key)
{
    if (!m_client || m_client->state() != session::Client::State::Connected)
        return;
    m_readingLease = key;
    session::ClusterApi(*m_client)
        .storeGet({key, false, true, false, {}})
        .then(this, [this, key](const Result<session::StoreAnswer> &answer) {
            m_readingLease.clear();
            Entry *entry = find(key);
            if (!answer || !entry || answer->entry.dir)
                return; // gone: the event says so
            take(*entry, answer->entry);
            touched(entry);
            Q_EMIT currentChanged();
            Q_EMIT ticked();
        });
}

void StoreTree::remove(const QString &key)
{
    const Entry *entry = find(key);
    if (!m_client || !entry || !entry->parent)
        return;
    session::StoreWrite request;
    request.key = key;
    request.dir = request.recursive = entry->data.dir;
    if (!entry->data.dir)
        request.prevIndex = entry->data.modifiedIndex;
    session::ClusterApi(*m_client).storeDelete(request).then(
        this, [this, key](const Result<session::StoreAnswer> &answer) {
            if (answer) {
                Q_EMIT done(QStringLiteral("%1 is deleted").arg(key));
                return;
            }
            const bool changed = answer.error().code == QLatin1String("etcd.101");
            const QString why = changed ? QStringLiteral("It has changed since it was read.")
                                        : answer.error().text();
            Q_EMIT failed(QStringLiteral("Cannot delete %1").arg(key), why);
        });
}

QString StoreTree::keyAt(int row) const
{
    return row >= 0 && row < count() ? m_rows[size_t(row)]->data.key : QString();
}

bool StoreTree::isDirAt(int row) const
{
    return row >= 0 && row < count() && m_rows[size_t(row)]->data.dir;
}

bool StoreTree::isExpandedAt(int row) const
{
    return row >= 0 && row < count() && data(index(row), ExpandedRole).toBool();
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
    const QByteArray shown = data.value.left(kShownBytes);
    const bool text = isText(data.value);
    return {
        {QStringLiteral("key"), data.key},
        {QStringLiteral("name"), nameIn(data.key)},
        {QStringLiteral("dir"), data.dir},
        {QStringLiteral("text"), text ? QString::fromUtf8(shown) : QString()},
        {QStringLiteral("json"), text ? prettyJson(data.value) : QString()},
        {QStringLiteral("hex"), hexDump(data.value)},
        {QStringLiteral("size"), data.value.size()},
        {QStringLiteral("binary"), !text},
        {QStringLiteral("cut"), data.value.size() >= kShownBytes},
        {QStringLiteral("createdIndex"), data.createdIndex},
        {QStringLiteral("modifiedIndex"), data.modifiedIndex},
        {QStringLiteral("ttl"), data.ttl},
        {QStringLiteral("expires"),
         data.expiration.isValid() ? data.expiration.toMSecsSinceEpoch() : 0},
        {QStringLiteral("children"), entry->loaded ? int(entry->children.size()) : -1},
        {QStringLiteral("error"), entry->error}};
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
        return m_words.isEmpty() ? entry.expanded : entry.loaded && !entry.children.empty();
    case BusyRole:
        return entry.busy;
    case PreviewRole:
        return previewOf(entry.data.value);
    case TtlRole:
        return leftOf(entry);
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
