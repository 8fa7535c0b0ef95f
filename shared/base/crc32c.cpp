// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/base/crc32c.h"

#include <array>

#if defined(__x86_64__)
#include <cstring>
#include <nmmintrin.h>
#endif

namespace qd {

namespace {

constexpr std::array<quint32, 256> makeTable()
{
    std::array<quint32, 256> table{};
    for (quint32 i = 0; i < 256; ++i) {
        quint32 crc = i;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc & 1) ? (crc >> 1) ^ 0x82f63b78U : crc >> 1;
        table[i] = crc;
    }
    return table;
}

constexpr auto kTable = makeTable();

quint32 crcByTable(const uchar *p, qsizetype n, quint32 crc)
{
    while (n-- > 0)
        crc = (crc >> 8) ^ kTable[(crc ^ *p++) & 0xff];
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) quint32 crcByInstruction(const uchar *p, qsizetype n, quint32 crc)
{
    quint64 wide = crc;
    for (; n >= 8; n -= 8, p += 8) {
        quint64 word = 0;
        memcpy(&word, p, 8);
        wide = _mm_crc32_u64(wide, word);
    }
    crc = quint32(wide);
    while (n-- > 0)
        crc = _mm_crc32_u8(crc, *p++);
    return crc;
}
#endif

} // namespace

quint32 crc32c(QByteArrayView data, quint32 seed)
{
    const auto *p = reinterpret_cast<const uchar *>(data.data());
#if defined(__x86_64__)
    static const bool hasInstruction = __builtin_cpu_supports("sse4.2");
    if (hasInstruction)
        return ~crcByInstruction(p, data.size(), ~seed);
#endif
    return ~crcByTable(p, data.size(), ~seed);
}

} // namespace qd
