// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QSocketNotifier>
#include <memory>

namespace qd::cli {

/// SIGINT and SIGTERM as a signal of the event loop. One in a process. Handlers, not a blocked
/// mask: a mask would be inherited by what this process starts.
class Interrupt : public QObject {
    Q_OBJECT
public:
    Interrupt();

Q_SIGNALS:
    void raised(int signalNumber);

private:
    std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace qd::cli
