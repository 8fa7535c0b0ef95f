// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <memory>

class QSocketNotifier;

namespace qd {

/// SIGTERM and SIGINT as a Qt signal, through a descriptor of the kernel's: no code runs in a
/// signal handler. Make it before any thread starts. The second signal ends the process at once.
class StopSignals final : public QObject {
    Q_OBJECT
public:
    StopSignals();
    ~StopSignals() override;

Q_SIGNALS:
    void asked();

private:
    void read();

    int m_fd = -1;
    std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace qd
