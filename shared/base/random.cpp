// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/base/random.h"

#include <QRandomGenerator>

namespace qd {

quint64 SystemRandom::next()
{
    return QRandomGenerator::system()->generate64();
}

QByteArray SystemRandom::bytes(int count)
{
    QByteArray out(count, Qt::Uninitialized);
    for (char &c : out)
        c = char(QRandomGenerator::system()->generate() & 0xff);
    return out;
}

} // namespace qd
