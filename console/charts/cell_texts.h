// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QCache>
#include <QFont>
#include <QStaticText>

namespace qd::charts {

/// Texts of cells, laid out: shaping is most of what a row costs, and the words of states, nodes
/// and wishes come again in every row.
class CellTexts {
public:
    /// One line, elided to `width` px. Valid until the next call.
    const QStaticText &laidOut(const QString &text, double width, const QFont &font);
    void clear() { m_texts.clear(); }

private:
    struct Key {
        QString text;
        double width = 0;
        QFont font;

        bool operator==(const Key &) const = default;
    };
    friend size_t qHash(const Key &key, size_t seed)
    {
        return qHashMulti(seed, key.text, key.width, key.font.pixelSize());
    }

    QCache<Key, QStaticText> m_texts{4000};
};

} // namespace qd::charts
