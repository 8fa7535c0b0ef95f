// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/mutator.h"

#include <QtEndian>
#include <array>

namespace qd::fuzz {
namespace {

constexpr qsizetype kMostBytes = 64 * 1024;
/// What makes sums overflow and comparisons turn.
constexpr std::array<quint64, 14> kBorders{
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0xffff,
    0x7fffffff,
    0x80000000,
    0xffffffff,
    0x100000000,
    0x7fffffffffffffff,
    0x8000000000000000,
    0xffffffffffffffff};

} // namespace

QByteArray Mutator::next(const QByteArrayList &pool)
{
    QByteArray out = pool.at(qsizetype(m_random.below(pool.size())));
    const quint64 changes = 1 + m_random.below(m_random.below(8) + 1);
    for (quint64 i = 0; i < changes; ++i)
        change(out, pool);
    return out.left(kMostBytes);
}

void Mutator::change(QByteArray &bytes, const QByteArrayList &pool)
{
    const qsizetype at = place(bytes);
    const qsizetype length = qsizetype(m_random.below(std::min<quint64>(64, bytes.size() + 1)));
    switch (m_random.below(10)) {
    case 0: // a bit
        if (at < bytes.size())
            bytes[at] = char(bytes.at(at) ^ (1 << m_random.below(8)));
        break;
    case 1: // a byte
        if (at < bytes.size())
            bytes[at] = char(m_random.next());
        break;
    case 2: { // a number, either way round
        std::array<uchar, 8> number{};
        const quint64 value = kBorders.at(m_random.below(kBorders.size()));
        const qsizetype width = qsizetype(1) << m_random.below(4);
        if (m_random.below(2) == 0)
            qToLittleEndian(value, number.data());
        else
            qToBigEndian(value << (64 - 8 * width), number.data());
        bytes.replace(at, width, reinterpret_cast<const char *>(number.data()), width);
        break;
    }
    case 3: // a little more or less
        if (at < bytes.size())
            bytes[at] = char(bytes.at(at) + (m_random.below(2) == 0 ? 1 : -1));
        break;
    case 4:
        bytes.remove(at, length);
        break;
    case 5:
        bytes.insert(at, bytes.mid(place(bytes), length));
        break;
    case 6:
        bytes.replace(at, length, bytes.mid(place(bytes), length));
        break;
    case 7: // the end is missing
        if (m_random.below(4) == 0)
            bytes.truncate(at);
        break;
    case 8: { // a part of another one
        const QByteArray &other = pool.at(qsizetype(m_random.below(pool.size())));
        bytes.replace(at, length, other.mid(place(other), length));
        break;
    }
    default:
        bytes.insert(at, char(m_random.next()));
        break;
    }
}

} // namespace qd::fuzz
