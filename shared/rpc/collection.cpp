// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/rpc/collection.h"

#include "shared/base/random.h"

namespace qd::rpc {
namespace {

constexpr int kCoalesceMs = 50;
constexpr qsizetype kLogKeys = 20'000;

} // namespace

LiveCollection::LiveCollection(QObject *parent)
    : QObject(parent)
    , m_epoch(QString::fromLatin1(SystemRandom::bytes(8).toHex()))
{
    m_timer.setSingleShot(true);
    m_timer.setInterval(kCoalesceMs);
    connect(&m_timer, &QTimer::timeout, this, &LiveCollection::flush);
}

void LiveCollection::setRow(const QString &key, const QByteArray &row)
{
    QByteArray &mine = m_rows[key];
    if (mine == row)
        return;
    mine = row;
    touch(key);
}

void LiveCollection::removeRow(const QString &key)
{
    if (m_rows.remove(key) > 0)
        touch(key);
}

void LiveCollection::clear()
{
    const QStringList all = keys();
    for (const QString &key : all)
        removeRow(key);
}

void LiveCollection::touch(const QString &key)
{
    m_pending.insert(key);
    if (!m_timer.isActive())
        m_timer.start();
}

void LiveCollection::flush()
{
    m_timer.stop();
    if (m_pending.isEmpty())
        return;
    m_logKeys += m_pending.size();
    m_log.push_back({++m_revision, std::exchange(m_pending, {})});
    while (m_logKeys > kLogKeys) {
        m_logStart = m_log.front().revision;
        m_logKeys -= m_log.front().keys.size();
        m_log.pop_front();
    }
    Q_EMIT advanced(m_revision);
}

std::optional<QSet<QString>> LiveCollection::changedSince(qint64 revision) const
{
    if (revision < m_logStart || revision > m_revision)
        return std::nullopt;
    QSet<QString> keys;
    for (auto it = m_log.rbegin(); it != m_log.rend() && it->revision > revision; ++it)
        keys.unite(it->keys);
    return keys;
}

} // namespace qd::rpc
