// SPDX-License-Identifier: GPL-3.0-or-later
#include "store_draft.h"

#include "value_text.h"

namespace qd::models {
namespace {

const QString kNoSuchKey = QStringLiteral("etcd.100");
const QString kCompareFailed = QStringLiteral("etcd.101");
const QString kKeyThere = QStringLiteral("etcd.105");
/// What fits into a call with room to spare.
constexpr qsizetype kLongestText = 900'000;

QVariantMap conflictOf(const QString &kind, const StoreEntry &entry)
{
    const bool text = isText(entry.value);
    return {
        {QStringLiteral("kind"), kind},
        {QStringLiteral("text"), text ? QString::fromUtf8(entry.value) : hexDump(entry.value)},
        {QStringLiteral("binary"), !text},
        {QStringLiteral("dir"), entry.dir},
        {QStringLiteral("index"), entry.modifiedIndex},
        {QStringLiteral("ttl"), entry.ttl}};
}

QString ttlText(qint64 ttl)
{
    return ttl > 0 ? QString::number(ttl) : QString();
}

} // namespace

StoreDraft::StoreDraft(QObject *parent)
    : QObject(parent)
{
}

void StoreDraft::setClient(session::Client *client)
{
    m_client = client;
    close();
}

void StoreDraft::setKey(const QString &key)
{
    if (m_key == key)
        return;
    m_key = key;
    Q_EMIT edited();
}

void StoreDraft::setText(const QString &text)
{
    if (m_text == text)
        return;
    m_text = text;
    Q_EMIT edited();
}

void StoreDraft::setTtl(const QString &ttl)
{
    if (m_ttl == ttl)
        return;
    m_ttl = ttl;
    Q_EMIT edited();
}

void StoreDraft::setFolder(bool folder)
{
    if (m_folder == folder)
        return;
    m_folder = folder;
    Q_EMIT edited();
}

bool StoreDraft::isDirty() const
{
    return m_open && (m_text != m_openedText || m_ttl != m_openedTtl || m_key != m_openedKey);
}

QString StoreDraft::problem() const
{
    if (m_creating && (!m_key.startsWith(QLatin1Char('/')) || m_key.endsWith(QLatin1Char('/'))))
        return QStringLiteral("A key is a path such as /app/colour.");
    bool isNumber = false;
    const bool positive = m_ttl.trimmed().toLongLong(&isNumber) > 0 && isNumber;
    if (!m_ttl.trimmed().isEmpty() && !positive)
        return QStringLiteral("The time to live is a whole number of seconds, or nothing.");
    if (m_text.size() > kLongestText)
        return QStringLiteral("The value is too long for a call: `qdctl store set` takes it.");
    return {};
}

QString StoreDraft::wrong() const
{
    return m_open ? problem() : QString();
}

void StoreDraft::setBusy(bool busy)
{
    if (m_busy == busy)
        return;
    m_busy = busy;
    Q_EMIT busyChanged();
}

void StoreDraft::setConflict(const QVariantMap &conflict)
{
    if (m_conflict == conflict)
        return;
    m_conflict = conflict;
    Q_EMIT conflictChanged();
}

void StoreDraft::show(const StoreEntry &entry)
{
    ++m_round;
    m_open = true;
    m_creating = false;
    m_folder = false;
    m_key = m_openedKey = entry.key;
    m_text = m_openedText = QString::fromUtf8(entry.value);
    m_ttl = m_openedTtl = ttlText(entry.ttl);
    m_baseIndex = entry.modifiedIndex;
    setBusy(false);
    setConflict({});
    Q_EMIT opened();
    Q_EMIT edited();
}

void StoreDraft::edit(const QString &key)
{
    if (!m_client || m_busy)
        return;
    setBusy(true);
    session::StoreGet request;
    request.key = key;
    request.quorum = true;
    session::ClusterApi(*m_client).storeRead(request).then(
        this, [this, key, round = ++m_round](const Result<session::StoreAnswer> &answer) {
            if (round != m_round)
                return;
            setBusy(false);
            const QString what = QStringLiteral("Cannot edit %1").arg(key);
            if (!answer)
                Q_EMIT failed(what, answer.error().text());
            else if (answer->entry.dir)
                Q_EMIT failed(what, QStringLiteral("It is a folder."));
            else if (!isText(answer->entry.value))
                Q_EMIT failed(
                    what, QStringLiteral("Its value is no text: `qdctl store set --stdin` "
                                         "takes bytes."));
            else
                show(answer->entry);
        });
}

void StoreDraft::create(const QString &folder)
{
    if (m_busy)
        return;
    const bool root = folder.isEmpty() || folder == QLatin1String("/");
    StoreEntry entry;
    entry.key = (root ? QString() : folder) + QLatin1Char('/');
    show(entry);
    m_creating = true;
    Q_EMIT opened();
    Q_EMIT edited();
}

void StoreDraft::close()
{
    ++m_round;
    m_open = false;
    setBusy(false);
    setConflict({});
    Q_EMIT opened();
    Q_EMIT edited();
}

session::StoreWrite StoreDraft::write() const
{
    session::StoreWrite out;
    out.key = m_key;
    out.dir = m_creating && m_folder;
    if (!out.dir)
        out.value = m_text.toUtf8();
    if (const qint64 seconds = m_ttl.trimmed().toLongLong(); seconds > 0)
        out.ttl = seconds;
    if (m_baseIndex > 0)
        out.prevIndex = m_baseIndex;
    else
        out.prevExist = false;
    return out;
}

void StoreDraft::save()
{
    if (!m_client || !m_open || m_busy || !wrong().isEmpty())
        return;
    setBusy(true);
    session::ClusterApi(*m_client).storeSet(write()).then(
        this, [this, round = m_round](const Result<session::StoreAnswer> &answer) {
            if (round == m_round)
                takeAnswer(answer);
        });
}

void StoreDraft::takeAnswer(const Result<session::StoreAnswer> &answer)
{
    if (answer) {
        const QString key = answer->entry.key;
        close();
        Q_EMIT saved(key);
        return;
    }
    const QString code = answer.error().code;
    if (code == kCompareFailed) {
        readTheirs(QStringLiteral("changed"));
        return;
    }
    if (code == kKeyThere) {
        readTheirs(QStringLiteral("appeared"));
        return;
    }
    setBusy(false);
    if (code == kNoSuchKey && !m_creating) {
        setConflict({{QStringLiteral("kind"), QStringLiteral("gone")}});
        return;
    }
    Q_EMIT failed(QStringLiteral("Cannot save %1").arg(m_key), answer.error().text());
}

void StoreDraft::readTheirs(const QString &kind)
{
    session::StoreGet request;
    request.key = m_key;
    request.quorum = true;
    session::ClusterApi(*m_client).storeRead(request).then(
        this, [this, kind, round = m_round](const Result<session::StoreAnswer> &answer) {
            if (round != m_round)
                return;
            setBusy(false);
            if (answer)
                setConflict(conflictOf(kind, answer->entry));
            else if (answer.error().code == kNoSuchKey)
                setConflict({{QStringLiteral("kind"), QStringLiteral("gone")}});
            else
                Q_EMIT failed(QStringLiteral("Cannot read %1").arg(m_key), answer.error().text());
        });
}

void StoreDraft::takeTheirs()
{
    if (m_conflict.isEmpty())
        return;
    const bool text = m_conflict.contains(QStringLiteral("text")) &&
                      !m_conflict.value(QStringLiteral("binary")).toBool() &&
                      !m_conflict.value(QStringLiteral("dir")).toBool();
    if (!text) {
        close(); // there is nothing of theirs that could be edited
        return;
    }
    StoreEntry entry;
    entry.key = m_key;
    entry.value = m_conflict.value(QStringLiteral("text")).toString().toUtf8();
    entry.modifiedIndex = m_conflict.value(QStringLiteral("index")).toLongLong();
    entry.ttl = m_conflict.value(QStringLiteral("ttl")).toLongLong();
    show(entry);
}

void StoreDraft::overwrite()
{
    if (m_conflict.isEmpty() || m_busy)
        return;
    m_baseIndex = m_conflict.value(QStringLiteral("index")).toLongLong(); // gone: 0
    setConflict({});
    Q_EMIT opened();
    save();
}

void StoreDraft::keepEditing()
{
    setConflict({});
}

} // namespace qd::models
