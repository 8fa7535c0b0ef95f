// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/rpc/frame.h"

#include <QCborParserError>
#include <QCborStreamWriter>
#include <QCborValue>
#include <QtEndian>

namespace qd::rpc {
namespace {

QByteArray withLength(const QByteArray &body)
{
    QByteArray out(4, Qt::Uninitialized);
    qToBigEndian(quint32(body.size()), out.data());
    return out + body;
}

/// The head of a CBOR array (major type 4) of that many elements.
QByteArray arrayHead(qsizetype count)
{
    if (count < 24)
        return QByteArray(1, char(0x80 | count));
    QByteArray out(5, Qt::Uninitialized);
    out[0] = char(0x9a);
    qToBigEndian(quint32(count), out.data() + 1);
    return out;
}

} // namespace

QByteArray encodeFrame(const QCborMap &map)
{
    return withLength(map.toCborValue().toCbor());
}

QByteArray encodeFrame(const QCborMap &head, const QString &key, const QByteArrayList &rows)
{
    QByteArray body(1, char(0xa0 | (head.size() + 1))); // a map of fewer than 24 pairs
    for (const auto &pair : head)
        body += pair.first.toCbor() + QCborValue(pair.second).toCbor();
    body += QCborValue(key).toCbor() + arrayHead(rows.size());
    for (const QByteArray &row : rows)
        body += row;
    return withLength(body);
}

Result<std::optional<QCborMap>> FrameReader::next()
{
    const qsizetype left = m_buffer.size() - m_start;
    if (left < 4) {
        m_buffer.remove(0, m_start);
        m_start = 0;
        return std::nullopt;
    }
    const quint32 size = qFromBigEndian<quint32>(m_buffer.constData() + m_start);
    if (size > quint32(m_limit))
        return fail(
            code::limit, QStringLiteral("A frame of %1 bytes is longer than the limit of %2.")
                             .arg(size)
                             .arg(m_limit));
    if (left - 4 < qsizetype(size)) {
        m_buffer.remove(0, m_start);
        m_start = 0;
        return std::nullopt;
    }
    QCborParserError error;
    const QByteArray body = m_buffer.mid(m_start + 4, size);
    const QCborValue value = QCborValue::fromCbor(body, &error);
    m_start += 4 + qsizetype(size);
    // Qt ignores trailing bytes unless the offset is looked at.
    if (error.error != QCborError::NoError || error.offset != body.size() || !value.isMap())
        return fail(code::corrupt, QStringLiteral("A frame does not hold one CBOR map."));
    return value.toMap();
}

} // namespace qd::rpc
