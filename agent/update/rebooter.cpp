// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/update/rebooter.h"

#include <QLoggingCategory>

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
    QTimer::singleShot(delayMs, this, [this, claim, done] { act(claim, done, kLooks); });
}

void Rebooter::act(const Claim &claim, const Done &done, int looksLeft)
{
    const qint64 askedMs = m_world.clock.monotonicMs();
    m_lock.check(claim, [this, claim, done, looksLeft, askedMs](const Result<void> &held) {
        if (!held)
            return refuse(held.error(), done);
        const bool isFresh = m_world.clock.monotonicMs() - askedMs <= kFreshMs;
        if (!isFresh && looksLeft > 1)
            return act(claim, done, looksLeft - 1);
        if (!isFresh)
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

void Rebooter::refuse(const Error &why, const Done &done)
{
    qCWarning(lcUpdate).noquote() << "does not reboot:" << why.text();
    done(fail(why.during(QStringLiteral("Error rebooting"))));
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
