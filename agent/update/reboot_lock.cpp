// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/update/reboot_lock.h"

#include <QPointer>

namespace qd::update {

namespace {

constexpr int kTries = 20; ///< each lost race means that another one has won it
const QString kNoKey = store::etcdErrorCode(100);
const QString kCompareFailed = store::etcdErrorCode(101);
const QString kKeyExists = store::etcdErrorCode(105);

store::GetRequest linearizable(const QString &key)
{
    store::GetRequest out;
    out.key = key;
    out.quorum = true;
    return out;
}

Result<RebootLock::State> stateOf(const QString &key, const Result<store::Event> &event)
{
    if (!event)
        return fail(event.error());
    const auto semaphore = parseSemaphore(event->node.value);
    if (!semaphore)
        return fail(semaphore.error());
    return RebootLock::State{key, *semaphore, event->node.modifiedIndex};
}

void collect(const store::Node &node, const QString &holder, QStringList &groups)
{
    for (const store::Node &child : node.children)
        collect(child, holder, groups);
    const auto group = node.dir ? std::nullopt : groupOf(node.key);
    const auto semaphore = group ? parseSemaphore(node.value) : Result<Semaphore>(Semaphore());
    if (group && semaphore && semaphore->holds(holder))
        groups.append(*group);
}

} // namespace

RebootLock::RebootLock(store::StoreClient &store, QObject *parent)
    : QObject(parent)
    , m_store(store)
{
}

void RebootLock::get(const store::GetRequest &request, store::EventHandler done)
{
    m_store.get(
        request,
        [self = QPointer(this), done = std::move(done)](const Result<store::Event> &event) {
            if (self)
                done(event);
        });
}

void RebootLock::write(const store::WriteRequest &request, store::EventHandler done)
{
    m_store.write(
        request,
        [self = QPointer(this), done = std::move(done)](const Result<store::Event> &event) {
            if (self)
                done(event);
        });
}

void RebootLock::look(const QString &key, Done<State> done)
{
    get(linearizable(key), [this, key, done = std::move(done)](const Result<store::Event> &event) {
        if (!event && event.error().code == kNoKey)
            make(key, done);
        else
            done(stateOf(key, event));
    });
}

void RebootLock::make(const QString &key, Done<State> done)
{
    store::WriteRequest request;
    request.key = key;
    request.value = toJson({});
    request.prevExist = false;
    write(request, [this, key, done = std::move(done)](const Result<store::Event> &event) {
        if (!event && event.error().code == kKeyExists)
            look(key, done); // somebody else was quicker
        else
            done(stateOf(key, event));
    });
}

void RebootLock::change(const QString &key, Edit edit, Done<Change> done, int triesLeft)
{
    look(
        key, [this, key, edit = std::move(edit), done = std::move(done),
              triesLeft](const Result<State> &before) {
            const auto wanted = before ? edit(before->semaphore) : fail(before.error());
            if (!wanted)
                return done(fail(wanted.error()));
            store::WriteRequest request;
            request.key = key;
            request.value = toJson(*wanted);
            request.prevIndex = before->index;
            const Change meant{*before, State{key, *wanted}};
            write(
                request, [this, key, edit, done, triesLeft, before,
                          meant](const Result<store::Event> &event) {
                    const bool raced = !event && event.error().code == kCompareFailed;
                    if (raced && triesLeft > 1)
                        return change(key, edit, done, triesLeft - 1);
                    if (!event && event.error().code == code::unknownOutcome && triesLeft > 1)
                        return settle(meant, edit, done, triesLeft - 1);
                    const auto after = stateOf(key, event);
                    done(after ? Result<Change>(Change{*before, *after}) : fail(after.error()));
                });
        });
}

/// A change may or may not have been made. If what was meant stands there now, it was; else it is
/// meant still, and the compare-and-swap sees to it that it is not made twice.
void RebootLock::settle(
    const Change &meant, const Edit &edit, const Done<Change> &done, int triesLeft)
{
    look(meant.before.key, [this, meant, edit, done, triesLeft](const Result<State> &now) {
        if (!now)
            return done(fail(now.error()));
        const bool isMade = now->index > meant.before.index &&
                            toJson(now->semaphore) == toJson(meant.after.semaphore);
        if (isMade)
            return done(Change{meant.before, *now});
        change(meant.before.key, edit, done, triesLeft);
    });
}

void RebootLock::peek(const QString &group, Done<State> done)
{
    const QString key = semaphoreKey(group);
    get(linearizable(key), [key, done = std::move(done)](const Result<store::Event> &event) {
        if (!event && event.error().code == kNoKey)
            return done(State{key, Semaphore(), 0});
        done(stateOf(key, event));
    });
}

void RebootLock::read(const QString &group, Done<State> done)
{
    look(semaphoreKey(group), std::move(done));
}

void RebootLock::take(const QString &group, const QString &holder, Done<Claim> done)
{
    change(
        semaphoreKey(group), [holder](const Semaphore &now) { return withHolder(now, holder); },
        [holder, done = std::move(done)](const Result<Change> &change) {
            if (!change)
                return done(fail(change.error()));
            done(Claim{change->after.key, holder, change->after.index});
        },
        kTries);
}

void RebootLock::release(const QString &group, const QString &holder, Done<State> done)
{
    change(
        semaphoreKey(group), [holder](const Semaphore &now) { return withoutHolder(now, holder); },
        [done = std::move(done)](const Result<Change> &change) {
            done(change ? Result<State>(change->after) : fail(change.error()));
        },
        kTries);
}

void RebootLock::setMax(const QString &group, qint64 max, Done<Change> done)
{
    change(
        semaphoreKey(group),
        [max](const Semaphore &now) -> Result<Semaphore> { return withMax(now, max); },
        std::move(done), kTries);
}

void RebootLock::check(const Claim &claim, Done<void> done)
{
    get(linearizable(claim.key),
        [this, claim, done = std::move(done)](const Result<store::Event> &now) {
            const auto since = m_store.history(claim.key, false);
            done(stillHeld(claim, now, since ? *since : store::History()));
        });
}

void RebootLock::groupsOf(const QString &holder, Done<QStringList> done)
{
    store::GetRequest request = linearizable(kLockFolder);
    request.recursive = true;
    get(request, [holder, done = std::move(done)](const Result<store::Event> &event) {
        QStringList groups;
        if (event)
            collect(event->node, holder, groups);
        else if (event.error().code != kNoKey)
            return done(fail(event.error()));
        done(groups);
    });
}

} // namespace qd::update
