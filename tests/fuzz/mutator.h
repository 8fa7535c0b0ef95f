// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/random.h"

#include <QByteArrayList>

namespace qd::fuzz {

/// Makes new inputs of known ones: bits, bytes, numbers at the borders, cut, doubled, moved and
/// spliced parts. The same seed gives the same inputs.
class Mutator {
public:
    explicit Mutator(quint64 seed)
        : m_random(seed)
    {
    }
    /// One to eight changes to one of `pool`, which is not empty.
    QByteArray next(const QByteArrayList &pool);

private:
    void change(QByteArray &bytes, const QByteArrayList &pool);
    qsizetype place(const QByteArray &bytes) { return qsizetype(m_random.below(bytes.size() + 1)); }

    SeededRandom m_random;
};

} // namespace qd::fuzz
