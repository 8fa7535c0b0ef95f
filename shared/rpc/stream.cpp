// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/rpc/stream.h"

#include "shared/codec/error_codec.h"
#include "shared/rpc/connection.h"

namespace qd::rpc {
namespace {

const QString kStream = QStringLiteral("stream");
const QString kBytes = QStringLiteral("bytes");
const QString kCredit = QStringLiteral("credit");
const QString kEnd = QStringLiteral("end");
const QString kError = QStringLiteral("error");

} // namespace

Stream::Stream(Connection &connection, qint64 id, int credit)
    : m_connection(&connection)
    , m_id(id)
    , m_credit(credit)
    , m_granted(credit)
{
}

Stream::~Stream()
{
    if (!m_connection)
        return;
    if (!m_over)
        m_connection->send(
            {{kStream, m_id},
             {kError,
              codec::errorToCbor(
                  {code::cancelled, QStringLiteral("The stream was closed."), {}, nullptr})}});
    m_connection->forgetStream(m_id);
}

void Stream::write(const QByteArray &bytes)
{
    if (m_over || m_ending)
        return;
    m_out.append(bytes);
    if (m_connection)
        m_connection->pumpSoon();
}

void Stream::end()
{
    m_ending = true;
    if (m_connection)
        m_connection->pumpSoon();
}

void Stream::abort(const Error &error)
{
    if (m_over)
        return;
    if (m_connection)
        m_connection->send({{kStream, m_id}, {kError, codec::errorToCbor(error)}});
    m_over = true;
}

void Stream::consumed(qsizetype bytes)
{
    if (bytes <= 0 || m_over || !m_connection)
        return;
    m_granted += bytes;
    m_connection->send({{kStream, m_id}, {kCredit, qint64(bytes)}});
}

bool Stream::pump()
{
    if (m_over || !m_connection)
        return false;
    const qint64 size =
        qMin(qMin<qint64>(m_out.size(), m_credit), qint64(m_connection->limits().chunkBytes));
    if (size > 0) {
        m_connection->send({{kStream, m_id}, {kBytes, m_out.first(size)}});
        m_out.remove(0, size);
        m_credit -= size;
        Q_EMIT drained(size, m_out.size());
        return true;
    }
    if (m_ending && m_out.isEmpty()) {
        m_connection->send({{kStream, m_id}, {kEnd, true}});
        finish({});
    }
    return false;
}

bool Stream::take(const QCborMap &frame)
{
    if (m_over)
        return true;
    if (const QCborValue bytes = frame.value(kBytes); bytes.isByteArray()) {
        const QByteArray data = bytes.toByteArray();
        m_granted -= data.size();
        if (m_granted < 0)
            return false;
        const QPointer<Stream> self(this);
        Q_EMIT received(data);
        if (self && m_autoCredit)
            consumed(data.size());
        return true;
    }
    if (const QCborValue credit = frame.value(kCredit); credit.isInteger()) {
        constexpr qint64 kMost = qint64(1) << 40;
        if (credit.toInteger() < 0 || credit.toInteger() > kMost)
            return false;
        m_credit = qMin(kMost, m_credit + credit.toInteger());
        m_connection->pumpSoon();
        return true;
    }
    if (frame.value(kEnd).toBool()) {
        finish({});
        return true;
    }
    if (const QCborValue error = frame.value(kError); error.isMap()) {
        finish(codec::errorFromCbor(error.toMap()));
        return true;
    }
    return false;
}

void Stream::finish(const Error &error)
{
    if (m_over)
        return;
    m_over = true;
    Q_EMIT ended(error);
}

} // namespace qd::rpc
