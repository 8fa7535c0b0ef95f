// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <memory>

class QSocketNotifier;

namespace qd::units {

/// Says when the wall clock is set: what is due by the calendar is then due at another moment.
class ClockWatch : public QObject {
    Q_OBJECT

public:
    explicit ClockWatch(QObject *parent = nullptr);
    ~ClockWatch() override;

Q_SIGNALS:
    void clockChanged();

private:
    void arm() const;
    void readable();

    int m_file = -1;
    std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace qd::units
