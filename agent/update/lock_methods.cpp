// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/update/lock_methods.h"

#include "shared/codec/codec.h"
#include "shared/model/reboot_slots.h"

namespace qd::update {

namespace {

using rpc::CallPtr;
using security::Role;

constexpr int kMostDelayS = 3'600;

QString groupFrom(const CallPtr &call)
{
    return call->params().value(QLatin1String("group")).toString();
}

QString holderFrom(const CallPtr &call, const QString &self)
{
    const QString holder = call->params().value(QLatin1String("holder")).toString();
    return holder.isEmpty() ? self : holder;
}

QCborMap rowOf(const QString &group, const RebootLock::State &state)
{
    RebootSlots row;
    row.group = group;
    row.key = state.key;
    row.available = state.semaphore.free;
    row.max = state.semaphore.max;
    row.holders = state.semaphore.holders.value_or(QStringList());
    row.index = qint64(state.index);
    return codec::toCbor(row);
}

void reply(const CallPtr &call, const QString &doing, const Result<QCborMap> &answer)
{
    call->reply(answer ? answer : fail(answer.error().during(doing)));
}

void answer(const CallPtr &call, const QString &doing, const Result<RebootLock::State> &state)
{
    const QString group = groupFrom(call);
    reply(call, doing, state ? Result<QCborMap>(rowOf(group, *state)) : fail(state.error()));
}

void setMax(RebootLock &lock, const CallPtr &call)
{
    const QCborValue max = call->params().value(QLatin1String("max"));
    if (!max.isInteger() || max.toInteger() < 0)
        return call->reply(
            fail(code::badInput, QStringLiteral("max must be a whole number, and not negative.")));
    lock.setMax(groupFrom(call), max.toInteger(), [call](const Result<RebootLock::Change> &change) {
        if (!change)
            return reply(call, QStringLiteral("Error setting value"), fail(change.error()));
        QCborMap row = rowOf(groupFrom(call), change->after);
        call->reply(QCborMap{
            {QStringLiteral("old"), change->before.semaphore.max}, {QStringLiteral("lock"), row}});
    });
}

void reboot(Rebooter &rebooter, const CallPtr &call)
{
    const qint64 delay = call->params().value(QLatin1String("delay")).toInteger(0);
    if (delay < 0 || delay > kMostDelayS)
        return call->reply(fail(
            code::badInput,
            QStringLiteral("delay must be from 0 to %1 seconds.").arg(kMostDelayS)));
    rebooter.reboot(groupFrom(call), int(delay * 1000), [call](const Result<void> &under) {
        call->reply(under ? Result<QCborMap>(QCborMap()) : fail(under.error()));
    });
}

} // namespace

void addLockMethods(rpc::Methods &methods, Rebooter &rebooter, const QString &machineId)
{
    RebootLock &lock = rebooter.lock();
    methods.add(QStringLiteral("rebootlock.get"), Role::Viewer, [&lock](const CallPtr &call) {
        const auto told = [call](const Result<RebootLock::State> &state) {
            answer(call, QStringLiteral("Error getting semaphore"), state);
        };
        if (call->caller().role < Role::Operator)
            lock.peek(groupFrom(call), told);
        else
            lock.read(groupFrom(call), told);
    });
    methods.add(
        QStringLiteral("rebootlock.lock"), Role::Operator, [&lock, machineId](const CallPtr &call) {
            const QString holder = holderFrom(call, machineId);
            lock.take(groupFrom(call), holder, [call](const Result<Claim> &claim) {
                const auto taken = claim ? Result<QCborMap>(
                                               {{QStringLiteral("holder"), claim->holder},
                                                {QStringLiteral("fence"), qint64(claim->fence)}})
                                         : fail(claim.error());
                reply(call, QStringLiteral("Error locking"), taken);
            });
        });
    methods.add(
        QStringLiteral("rebootlock.unlock"), Role::Operator,
        [&lock, machineId](const CallPtr &call) {
            const QString holder = holderFrom(call, machineId);
            lock.release(groupFrom(call), holder, [call](const Result<RebootLock::State> &state) {
                answer(call, QStringLiteral("Error unlocking"), state);
            });
        });
    methods.add(QStringLiteral("rebootlock.setMax"), Role::Operator, [&lock](const CallPtr &call) {
        setMax(lock, call);
    });
    methods.add(QStringLiteral("rebootlock.reboot"), Role::Admin, [&rebooter](const CallPtr &call) {
        reboot(rebooter, call);
    });
}

} // namespace qd::update
