// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/store/cause_text.h"

namespace qd::store {

namespace {

bool isStray(QChar unit)
{
    return unit >= QChar(0xdc80) && unit <= QChar(0xdcff);
}

/// The bytes of the character at the front; 0 when there is none.
qsizetype characterSize(QByteArrayView text)
{
    for (qsizetype size = 1; size <= std::min<qsizetype>(4, text.size()); ++size) {
        if (text.first(size).isValidUtf8())
            return size;
    }
    return 0;
}

} // namespace

QString causeText(QByteArrayView value)
{
    if (value.isValidUtf8())
        return QString::fromUtf8(value);
    QString out;
    for (qsizetype at = 0; at < value.size();) {
        const qsizetype size = characterSize(value.sliced(at));
        if (size > 0)
            out.append(QString::fromUtf8(value.sliced(at, size)));
        else
            out.append(QChar(0xdc00 | uchar(value[at])));
        at += std::max<qsizetype>(size, 1);
    }
    return out;
}

QByteArray causeBytes(const QString &cause)
{
    QByteArray out;
    qsizetype plain = 0; // what is not written yet begins here
    for (qsizetype at = 0; at < cause.size(); ++at) {
        const bool paired = at > 0 && cause[at - 1].isHighSurrogate();
        if (!isStray(cause[at]) || paired)
            continue;
        out.append(QStringView(cause).sliced(plain, at - plain).toUtf8());
        out.append(char(cause[at].unicode() & 0xff));
        plain = at + 1;
    }
    return out.append(QStringView(cause).sliced(plain).toUtf8());
}

} // namespace qd::store
