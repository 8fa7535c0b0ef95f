// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/update/reboot_lock.h"
#include "shared/base/clock.h"

#include <QObject>
#include <QTimer>

namespace qd::update {

/// Turns a machine off and on again, or pretends to.
class PowerDriver {
public:
    virtual ~PowerDriver() = default;
    /// `done` when the reboot is under way. code::unreachable: nobody is there who could.
    virtual void reboot(std::function<void(const Result<void> &)> done) = 0;
};

/// The reboot of this machine under the reboot lock: takes a slot, waits, looks once more whether
/// the slot is its own still, and only then acts. After a boot it gives the slot back.
class Rebooter : public QObject {
    Q_OBJECT
public:
    using Done = std::function<void(const Result<void> &)>;
    /// An answer of the store that took longer than this may be an old one: this process may have
    /// been stopped after the store spoke.
    static constexpr qint64 kFreshMs = 1'000;

    struct World {
        store::StoreClient &store;
        PowerDriver &power;
        const Clock &clock;
    };
    Rebooter(QString machineId, World world, QObject *parent = nullptr);

    /// One attempt to take a slot, as locksmithctl makes it. `done` when the reboot is under way,
    /// or why it is not. The slot is not given back when the reboot fails.
    void reboot(const QString &group, int delayMs, Done done);
    /// The machine has booted: until releaseAfterBoot() is done it holds slots of before, and takes
    /// no other.
    void beginBoot() { m_isOfBefore = true; }
    /// Gives back the slots that this machine held when it went down, until it holds none.
    void releaseAfterBoot();
    /// Whether a reboot waits for its time; it would be forgotten with this process.
    bool isWaiting() const { return m_waiting > 0; }
    RebootLock &lock() { return m_lock; }

Q_SIGNALS:
    /// This machine holds no slot any more.
    void released();

private:
    /// By both clocks: the monotonic one stands still while the machine is suspended.
    struct Moment {
        qint64 monotonicMs = 0;
        qint64 wallUs = 0;
    };
    void wait(const Claim &claim, int delayMs, const Done &done);
    void act(const Claim &claim, const Done &done, int looksLeft);
    void giveBack();
    bool isFresh(const Moment &asked) const;
    static void refuse(const Error &why, const Done &done);
    void release(const QString &group);
    void tryAgain();

    QString m_machineId;
    World m_world;
    RebootLock m_lock;
    QTimer m_again;
    bool m_isOfBefore = false;
    bool m_isGivingBack = false;
    int m_waiting = 0;
};

} // namespace qd::update
