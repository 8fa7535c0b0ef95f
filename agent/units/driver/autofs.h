// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/driver.h"

#include <QObject>
#include <memory>
#include <sys/types.h>

class QSocketNotifier;
class QTimer;

namespace qd::units {

/// The kernel's automounter at one place, through /dev/autofs (ch3-systemd.md 13). The engine's
/// own process group passes through it: who mounts the place must be in it.
class Autofs : public QObject {
    Q_OBJECT

public:
    explicit Autofs(const AutomountSettings &automount, QObject *parent = nullptr);
    ~Autofs() override;

    /// Error: code::io.
    Result<void> open();
    /// Who waits goes on: the place is mounted, or (`done` false) it is not.
    void answer(quint32 token, bool done) const;
    /// Takes the automounter away, and whatever is mounted there with it.
    void close();

Q_SIGNALS:
    void asked(const qd::units::AutomountRequest &request);
    void broke();

private:
    Result<void> mountIt(int pipe) const;
    Result<void> openControl(dev_t device);
    void readRequests();
    void expire() const;

    AutomountSettings m_automount;
    int m_pipe = -1;
    int m_device = -1;  ///< /dev/autofs
    int m_control = -1; ///< the place, for calls through m_device
    std::unique_ptr<QSocketNotifier> m_notifier;
    std::unique_ptr<QTimer> m_idle;
};

} // namespace qd::units
