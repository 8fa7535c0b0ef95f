// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/settings.h"

#include <QObject>
#include <memory>

class QSocketNotifier;

namespace qd::units {

/// Reads /proc/swaps.
QList<SwapArea> parseSwapTable(const QByteArray &text);

/// What the kernel swaps to, and that it has changed (ch3-systemd.md 14).
class SwapTable : public QObject {
    Q_OBJECT

public:
    explicit SwapTable(QObject *parent = nullptr);
    ~SwapTable() override;

    QList<SwapArea> areas() const;

Q_SIGNALS:
    void changed();

private:
    int m_watched = -1;
    std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace qd::units
