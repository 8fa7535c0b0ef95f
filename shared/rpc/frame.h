// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QByteArray>
#include <QByteArrayList>
#include <QCborMap>
#include <optional>

/// The framing of docs/protocol.md: uint32 big-endian length, then one CBOR map.
namespace qd::rpc {

inline constexpr int kFrameBytes = 1 << 20;

QByteArray encodeFrame(const QCborMap &map);
/// A frame with `rows`, each CBOR already, as the array `key`: a row is encoded once for all that
/// watch it.
QByteArray encodeFrame(const QCborMap &head, const QString &key, const QByteArrayList &rows);

/// Cuts a byte stream into frames. After an error (code::limit: too long; code::corrupt: no map)
/// the connection has lost its place and must be closed.
class FrameReader {
public:
    explicit FrameReader(int limit = kFrameBytes)
        : m_limit(limit)
    {
    }
    void feed(const QByteArray &bytes) { m_buffer.append(bytes); }
    /// The next whole frame, or nothing yet.
    Result<std::optional<QCborMap>> next();

private:
    int m_limit;
    qsizetype m_start = 0; ///< of the next frame in the buffer
    QByteArray m_buffer;
};

} // namespace qd::rpc
