// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QQuickItem>
#include <qqmlregistration.h>

namespace qd::charts {

/// For those who hear a list: a screen reader goes through its items in the order of their making,
/// and a list that uses them again mixes that.
class ReadingOrder : public QObject {
    Q_OBJECT
    QML_ELEMENT
    QML_SINGLETON
public:
    /// Puts the children of a list's content into the order in which they stand.
    Q_INVOKABLE void mend(QQuickItem *content) const;
};

} // namespace qd::charts
