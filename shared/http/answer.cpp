// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/http/answer.h"

#include "shared/http/connection.h"

namespace qd::http {

void Answer::send(const Response &response) const
{
    if (const auto connection = m_connection.lock())
        connection->send(m_number, response);
}

void Answer::begin(int status, const QByteArray &fields) const
{
    if (const auto connection = m_connection.lock())
        connection->begin(m_number, status, fields);
}

void Answer::part(QByteArrayView bytes) const
{
    if (const auto connection = m_connection.lock())
        connection->part(m_number, bytes);
}

void Answer::end() const
{
    if (const auto connection = m_connection.lock())
        connection->end(m_number);
}

void Answer::abort() const
{
    if (const auto connection = m_connection.lock())
        connection->abort(m_number);
}

void Answer::also(const QByteArray &fields) const
{
    if (const auto connection = m_connection.lock())
        connection->also(m_number, fields);
}

void Answer::hold(std::shared_ptr<void> owned) const
{
    if (const auto connection = m_connection.lock())
        connection->hold(m_number, std::move(owned));
}

bool Answer::isOpen() const
{
    const auto connection = m_connection.lock();
    return connection && connection->isOpen(m_number);
}

} // namespace qd::http
