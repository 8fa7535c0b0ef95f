// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArrayView>
#include <QtGlobal>

namespace qd {

/// CRC-32C (Castagnoli, RFC 3720 B.4) of `data`, continuing from `seed` (0 to begin).
quint32 crc32c(QByteArrayView data, quint32 seed = 0);

} // namespace qd
