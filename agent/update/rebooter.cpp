// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/update/rebooter.h"

#include <QLoggingCategory>
#include <utility>

namespace qd::update {

namespace {

Q_LOGGING_CATEGORY(lcUpdate, "qd.update")

constexpr int kLooks = 5;
constexpr int kFirstPauseMs = 1'000;
constexpr int kLongestPauseMs = 300'000;

} // namespace

Rebooter::Rebooter(QString machineId, World world, QObject *parent)
    : QObject(parent)
    , m_machineId(std::move(machineId))
    , m_world(world)
    , m_lock(world.store)
{
    m_again.setSingleShot(true);
    m_again.setInterval(kFirstPauseMs);
    connect(&m_again, &QTimer::timeout, this, &Rebooter::giveBack);
}

void Rebooter::reboot(const QString &group, int delayMs, Done done)
{
    if (m_isOfBefore)
        return done(fail(
            code::conflict, QStringLiteral("Error locking: the slot of this machine's last "
                                           "reboot is not given back yet")));
    m_lock.take(
        group, m_machineId, [this, delayMs, done = std::move(done)](const Result<Claim> &claim) {
            if (!claim)
                return done(fail(claim.error().during(QStringLiteral("Error locking"))));
            wait(*claim, delayMs, done);
        });
}

void Rebooter::wait(const Claim &claim, int delayMs, const Done &done)
{
    qCInfo(lcUpdate).noquote() << "holds the reboot lock" << claim.key << "since index"
                               << claim.fence << "and reboots in" << delayMs / 1000 << "s";
    ++m_waiting;
    QTimer::singleShot(delayMs, this, [this, claim, done] {
        --m_waiting;
        act(claim, done, kLooks);
    });
}

void Rebooter::act(const Claim &claim, const Done &done, int looksLeft)
{
    const Moment asked{m_world.clock.monotonicMs(), m_world.clock.wallUs()};
    m_lock.check(claim, [this, claim, done, looksLeft, asked](const Result<void> &held) {
        if (!held)
            return refuse(held.error(), done);
        const bool isNew = isFresh(asked);
        if (!isNew && looksLeft > 1)
            return act(claim, done, looksLeft - 1);
        if (!isNew)
            return refuse(
                {code::deadline,
                 QStringLiteral("the store answers too slowly to tell who holds the reboot lock"),
                 {},
                 nullptr},
                done);
        qCInfo(lcUpdate) << "reboots";
        m_world.power.reboot([done](const Result<void> &under) {
            done(under ? under : fail(under.error().during(QStringLiteral("Error rebooting"))));
        });
    });
}

bool Rebooter::isFresh(const Moment &asked) const
{
    return m_world.clock.monotonicMs() - asked.monotonicMs <= kFreshMs &&
           m_world.clock.wallUs() - asked.wallUs <= kFreshMs * 1000;
}

void Rebooter::refuse(const Error &why, const Done &done)
{
    qCWarning(lcUpdate).noquote() << "does not reboot:" << why.text();
    done(fail(why.during(QStringLiteral("Error rebooting"))));
}

void Rebooter::releaseAfterBoot()
{
    m_isOfBefore = true;
    if (!std::exchange(m_isGivingBack, true))
        giveBack();
}

void Rebooter::giveBack()
{
    m_lock.groupsOf(m_machineId, [this](const Result<QStringList> &groups) {
        if (!groups)
            return tryAgain();
        if (!groups->isEmpty())
            return release(groups->first());
        m_isOfBefore = m_isGivingBack = false;
        Q_EMIT released();
    });
}

void Rebooter::release(const QString &group)
{
    m_lock.release(group, m_machineId, [this](const Result<RebootLock::State> &state) {
        if (!state)
            return tryAgain();
        qCInfo(lcUpdate).noquote()
            << "the machine is up again: its slot in" << state->key << "is free";
        giveBack(); // there may be another one
    });
}

void Rebooter::tryAgain()
{
    m_again.setInterval(qMin(m_again.interval() * 2, kLongestPauseMs));
    m_again.start();
}

} // namespace qd::update
