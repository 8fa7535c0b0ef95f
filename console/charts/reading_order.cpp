// SPDX-License-Identifier: GPL-3.0-or-later
#include "reading_order.h"

#include <algorithm>

namespace qd::charts {

void ReadingOrder::mend(QQuickItem *content) const
{
    QList<QQuickItem *> items = content ? content->childItems() : QList<QQuickItem *>();
    const auto isAbove = [](const QQuickItem *a, const QQuickItem *b) { return a->y() < b->y(); };
    if (std::is_sorted(items.begin(), items.end(), isAbove))
        return;
    std::stable_sort(items.begin(), items.end(), isAbove);
    for (qsizetype i = 1; i < items.size(); ++i)
        items.at(i)->stackAfter(items.at(i - 1));
}

} // namespace qd::charts
