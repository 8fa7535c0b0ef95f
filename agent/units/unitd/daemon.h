// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/bus/face.h"
#include "agent/units/driver/linux_driver.h"
#include "agent/units/driver/unit_folders.h"
#include "agent/units/engine/manager.h"
#include "agent/units/journal/journal_writer.h"
#include "agent/units/journal/kernel_log.h"
#include "agent/units/unitd/journal_log.h"
#include "agent/units/unitd/options.h"
#include "shared/base/clock.h"
#include "shared/base/random.h"

#include <QLockFile>
#include <QObject>
#include <memory>

namespace qd::units {

/// The unit engine of a node: puts engine, hands, journal and D-Bus face together, starts the first
/// target, and stops everything in order.
class Daemon : public QObject {
    Q_OBJECT

public:
    explicit Daemon(DaemonOptions options, QObject *parent = nullptr);
    ~Daemon() override;

    /// Opens the doors and starts the first target. Error: another engine is here, a door that
    /// cannot be opened.
    Result<void> start();
    /// Stops every unit, ends the journal; ended() follows.
    void stop();

Q_SIGNALS:
    void ended();

private:
    Result<void> prepareFolders();
    Result<void> openDoors();
    void startTarget();
    void onJobRemoved();
    void stopUnits();
    void goOnStopping();
    /// Error: the machine cannot be told.
    Result<void> power(const QString &verb);
    Result<void> tellMachine(const QString &verb) const;
    bool isBusy() const;

    DaemonOptions m_options;
    SystemClock m_clock;
    SystemRandom m_random;
    std::unique_ptr<QLockFile> m_lock;
    JournalWriter m_writer;
    JournalLog m_journal;
    KernelLog m_kernel;
    UnitFolders m_source;
    std::unique_ptr<LinuxDriver> m_driver;
    std::unique_ptr<Manager> m_manager;
    std::unique_ptr<bus::Face> m_face;
    bool m_started = false;
    QString m_lastWord; ///< for the machine, when all units have stopped
    bool m_stopping = false;
    bool m_finishing = false;
};

} // namespace qd::units
