// SPDX-License-Identifier: GPL-3.0-or-later
#include "cell_texts.h"

#include <QFontMetricsF>

namespace qd::charts {
namespace {

constexpr qsizetype kLongest = 400; ///< characters; more do not fit any column

QString oneLine(QString text)
{
    text.truncate(kLongest);
    return text.replace(QLatin1Char('\n'), QLatin1Char(' '))
        .replace(QLatin1Char('\t'), QLatin1Char(' '));
}

std::unique_ptr<QStaticText> prepared(const QString &text, const QFont &font)
{
    auto out = std::make_unique<QStaticText>(text);
    out->setTextFormat(Qt::PlainText);
    out->prepare({}, font);
    return out;
}

} // namespace

const QStaticText &CellTexts::laidOut(const QString &text, double width, const QFont &font)
{
    const Key key{text, width, font};
    if (const QStaticText *held = m_texts.object(key))
        return *held;
    const QString line = oneLine(text);
    auto made = prepared(line, font);
    if (made->size().width() > width)
        made = prepared(QFontMetricsF(font).elidedText(line, Qt::ElideRight, width), font);
    QStaticText *out = made.release();
    m_texts.insert(key, out); // the cache owns it
    return *out;
}

} // namespace qd::charts
