// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/update/rebooter.h"

#include <QLoggingCategory>

namespace qd::update {

namespace {

Q_LOGGING_CATEGORY(lcUpdate, "qd.update")

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
    connect(&m_again, &QTimer::timeout, this, &Rebooter::releaseAfterBoot);
}

void Rebooter::reboot(const QString &group, int delayMs, Done done)
{
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
    QTimer::singleShot(delayMs, this, [this, claim, done] { act(claim, done); });
}

void Rebooter::act(const Claim &claim, const Done &done)
{
    const qint64 askedMs = m_world.clock.monotonicMs();
    m_lock.check(claim, [this, claim, done, askedMs](const Result<void> &held) {
        if (!held) {
            qCWarning(lcUpdate).noquote() << "does not reboot:" << held.error().text();
            return done(fail(held.error().during(QStringLiteral("Error rebooting"))));
        }
        if (m_world.clock.monotonicMs() - askedMs > kFreshMs)
            return act(claim, done);
        qCInfo(lcUpdate) << "reboots";
        m_world.power.reboot([done](const Result<void> &under) {
            done(under ? under : fail(under.error().during(QStringLiteral("Error rebooting"))));
        });
    });
}

void Rebooter::releaseAfterBoot()
{
    m_lock.groupsOf(m_machineId, [this](const Result<QStringList> &groups) {
        if (!groups)
            return tryAgain();
        if (groups->isEmpty())
            Q_EMIT released();
        else
            release(groups->first());
    });
}

void Rebooter::release(const QString &group)
{
    m_lock.release(group, m_machineId, [this](const Result<RebootLock::State> &state) {
        if (!state)
            return tryAgain();
        qCInfo(lcUpdate).noquote()
            << "the machine is up again: its slot in" << state->key << "is free";
        releaseAfterBoot(); // there may be another one
    });
}

void Rebooter::tryAgain()
{
    m_again.setInterval(qMin(m_again.interval() * 2, kLongestPauseMs));
    m_again.start();
}

} // namespace qd::update
