// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/etcd/proxy/announcement.h"

#include <QUrl>
#include <algorithm>

namespace qd::etcd {

namespace {

constexpr int kLeastTtl = 5; ///< seconds

} // namespace

Announcement::Announcement(const QString &machine, const QByteArray &record, int everyMs)
    : m_key("/v2/keys/_quarterdeck/proxies/" + machine.toUtf8())
    , m_record(record)
    , m_ttl(QByteArray::number(std::max(kLeastTtl, 3 * (everyMs / 1'000))))
{
}

QByteArray Announcement::first(const QByteArray &hostField) const
{
    const QByteArray value = QUrl::toPercentEncoding(QString::fromUtf8(m_record));
    return request(hostField, "value=" + value + "&ttl=" + m_ttl);
}

QByteArray Announcement::again(const QByteArray &hostField) const
{
    return request(hostField, "prevExist=true&refresh=true&ttl=" + m_ttl);
}

QByteArray Announcement::request(const QByteArray &hostField, const QByteArray &form) const
{
    return "PUT " + m_key + " HTTP/1.1\r\n" + hostField +
           "Connection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n"
           "Content-Length: " +
           QByteArray::number(form.size()) + "\r\n\r\n" + form;
}

} // namespace qd::etcd
