// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/fleet/unit_registry.h"

#include "agent/fleet/engine/diagnosis.h"
#include "shared/unitfile/unit_name.h"

namespace qd::fleet {

namespace {

constexpr int kKeyNotFound = 100;
constexpr int kCompareFailed = 101;
constexpr int kExists = 105;

QByteArray wordOf(Unit::Target target)
{
    switch (target) {
    case Unit::Target::Launched:
        return "launched";
    case Unit::Target::Loaded:
        return "loaded";
    case Unit::Target::Inactive:
        break;
    }
    return "inactive";
}

Unit::Target targetOf(const QByteArray &word)
{
    for (const Unit::Target each : {Unit::Target::Launched, Unit::Target::Loaded}) {
        if (word == wordOf(each))
            return each;
    }
    return Unit::Target::Inactive;
}

tl::unexpected<Error> noUnit(const QString &unit)
{
    return fail(code::notFound, QStringLiteral("There is no unit %1.").arg(unit));
}

} // namespace

Result<Unit::Target> targetAfter(Verb verb, Unit::Target now, const QString &unit)
{
    switch (verb) {
    case Verb::Start:
        return Unit::Target::Launched;
    case Verb::Unload:
        return Unit::Target::Inactive;
    case Verb::Load:
        if (now == Unit::Target::Launched)
            return fail(
                code::conflict,
                QStringLiteral("%1 is launched already: stop it to have it only loaded.")
                    .arg(unit));
        return Unit::Target::Loaded;
    case Verb::Stop:
        if (now == Unit::Target::Inactive)
            return fail(
                code::conflict,
                QStringLiteral("Unable to stop unit %1 in state inactive.").arg(unit));
        return Unit::Target::Loaded;
    }
    return Unit::Target::Inactive;
}

UnitRegistry::UnitRegistry(store::StoreClient &store, StoreMirror &mirror, QObject *parent)
    : QObject(parent)
    , m_store(store)
    , m_mirror(mirror)
{
}

void UnitRegistry::read(const QString &unit, Read done)
{
    store::GetRequest request;
    request.key = keys().job(unit);
    request.recursive = true;
    request.quorum = true;
    const QString object = keys().jobObject(unit);
    const QString state = keys().targetState(unit);
    const QPointer<UnitRegistry> self(this);
    m_store.get(request, [self, object, state, done](const Result<store::Event> &event) {
        if (!self)
            return;
        if (!event && !isEtcdError(event.error(), kKeyNotFound)) {
            done(fail(event.error()));
            return;
        }
        Stored out;
        for (const store::Node &key : event ? event->node.children : std::vector<store::Node>()) {
            if (key.key == object) {
                out.hash = readJobHash(key.value).value_or(QString());
                out.objectIndex = key.modifiedIndex;
            } else if (key.key == state) {
                out.desired = targetOf(key.value);
            }
        }
        done(out.hash.isEmpty() ? std::nullopt : std::optional(out));
    });
}

void UnitRegistry::write(
    const store::WriteRequest &request, std::function<void(Result<quint64>)> done)
{
    const QPointer<UnitRegistry> self(this);
    m_store.write(request, [self, done = std::move(done)](const Result<store::Event> &event) {
        if (self)
            done(event ? Result<quint64>(event->node.modifiedIndex) : fail(event.error()));
    });
}

void UnitRegistry::settle(quint64 index, Done done)
{
    m_mirror.whenSeen(index, this, [done = std::move(done)] { done({}); });
}

void UnitRegistry::submit(const QString &unit, const QString &text, bool replace, Done done)
{
    if (const auto ok = acceptable(unit, text); !ok) {
        QTimer::singleShot(0, this, [done, error = ok.error()] { done(fail(error)); });
        return;
    }
    const QString hash = unitfile::fleetHash(text.toUtf8());
    if (m_mirror.state().text(hash) == text) {
        create(unit, hash, replace, std::move(done));
        return;
    }
    // The text stands before the unit that names it. Two texts of one hash differ in comments only.
    write(
        putRequest(keys().unit(hash), encodeUnitText(text)),
        [this, unit, hash, replace, done](const Result<quint64> &written) {
            if (written)
                create(unit, hash, replace, done);
            else
                done(fail(written.error()));
        });
}

void UnitRegistry::create(const QString &unit, const QString &hash, bool replace, Done done)
{
    store::WriteRequest request = putRequest(keys().jobObject(unit), encodeJob(unit, hash));
    request.prevExist = false;
    write(request, [this, unit, hash, replace, done](const Result<quint64> &written) {
        if (written)
            setTarget(unit, Unit::Target::Inactive, true, done);
        else if (isEtcdError(written.error(), kExists))
            replaceIfMay(unit, hash, replace, done);
        else
            done(fail(written.error()));
    });
}

void UnitRegistry::replaceIfMay(const QString &unit, const QString &hash, bool replace, Done done)
{
    read(unit, [this, unit, hash, replace, done](const Result<std::optional<Stored>> &stored) {
        if (!stored || !*stored) {
            done(
                stored ? fail(
                             code::conflict,
                             QStringLiteral("%1 was destroyed at this very moment.").arg(unit))
                       : fail(stored.error()));
            return;
        }
        const Stored &there = **stored;
        if (there.hash == hash) {
            settle(there.objectIndex, done);
            return;
        }
        if (there.desired == Unit::Target::Launched && !replace) {
            done(fail(
                code::conflict,
                QStringLiteral("%1 is launched with another text: stop it first, or replace it.")
                    .arg(unit)));
            return;
        }
        store::WriteRequest request = putRequest(keys().jobObject(unit), encodeJob(unit, hash));
        request.prevIndex = there.objectIndex;
        write(request, [this, unit, done](const Result<quint64> &written) {
            if (written)
                settle(*written, done);
            else if (isEtcdError(written.error(), kCompareFailed))
                done(fail(
                    code::conflict,
                    QStringLiteral("%1 was changed by another at this very moment.").arg(unit)));
            else
                done(fail(written.error()));
        });
    });
}

void UnitRegistry::apply(Verb verb, const QString &unit, Done done)
{
    if (isTemplate(unit) && verb != Verb::Unload) {
        QTimer::singleShot(0, this, [unit, done] {
            done(fail(code::badInput, QStringLiteral("cannot activate template \"%1\"").arg(unit)));
        });
        return;
    }
    read(unit, [this, verb, unit, done](const Result<std::optional<Stored>> &stored) {
        if (!stored) {
            done(fail(stored.error()));
            return;
        }
        if (!*stored) {
            instantiate(verb, unit, done);
            return;
        }
        const auto before = (*stored)->desired;
        const auto next = targetAfter(verb, before.value_or(Unit::Target::Inactive), unit);
        if (!next)
            done(fail(next.error()));
        else
            setTarget(unit, *next, !before, done);
    });
}

void UnitRegistry::instantiate(Verb verb, const QString &unit, Done done)
{
    const QString model = unitfile::templateOf(unit);
    const ClusterState::Job *job = m_mirror.state().job(model);
    const auto text = job != nullptr ? m_mirror.state().text(job->hash) : std::nullopt;
    if (!text || model == unit || (verb != Verb::Load && verb != Verb::Start)) {
        done(noUnit(unit));
        return;
    }
    submit(unit, *text, false, [this, verb, unit, done](const Result<void> &stored) {
        if (stored)
            apply(verb, unit, done);
        else
            done(stored);
    });
}

/// `first`: the unit has had no desired state so far. Else one must stand there, so that a unit
/// which is being destroyed does not half come back.
void UnitRegistry::setTarget(const QString &unit, Unit::Target target, bool first, Done done)
{
    store::WriteRequest request = putRequest(keys().targetState(unit), wordOf(target));
    const bool asNew = first && target == Unit::Target::Inactive;
    if (!first || asNew)
        request.prevExist = !first;
    write(request, [this, unit, asNew, done](const Result<quint64> &written) {
        if (written)
            settle(*written, done);
        else if (asNew && isEtcdError(written.error(), kExists))
            done({}); // another was quicker: its word stands
        else if (isEtcdError(written.error(), kKeyNotFound))
            done(noUnit(unit));
        else
            done(fail(written.error()));
    });
}

void UnitRegistry::destroy(const QString &unit, Done done)
{
    store::WriteRequest request = deleteRequest(keys().job(unit));
    request.dir = true;
    request.recursive = true;
    write(request, [this, unit, done](const Result<quint64> &written) {
        if (!written) {
            const bool absent = isEtcdError(written.error(), kKeyNotFound);
            done(absent ? noUnit(unit) : fail(written.error()));
            return;
        }
        m_store.write(deleteRequest(keys().reason(unit)), [](const Result<store::Event> &) {});
        settle(*written, done);
    });
}

} // namespace qd::fleet
