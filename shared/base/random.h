// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QtGlobal>

namespace qd {

/// Randomness as decision code sees it. The simulator owns it in tests; `SystemRandom` in
/// production.
class Random {
public:
    virtual ~Random() = default;
    virtual quint64 next() = 0;
    /// A number from 0 to bound - 1; bound must be above 0.
    quint64 below(quint64 bound) { return next() % bound; }
};

/// The kernel's generator: fit for keys, tokens and ids.
class SystemRandom final : public Random {
public:
    quint64 next() override;
    static QByteArray bytes(int count);
};

/// A small fast generator with a seed (splitmix64): the same seed gives the same numbers for ever.
class SeededRandom final : public Random {
public:
    explicit SeededRandom(quint64 seed)
        : m_state(seed)
    {
    }
    quint64 next() override
    {
        quint64 z = (m_state += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }

private:
    quint64 m_state;
};

} // namespace qd
