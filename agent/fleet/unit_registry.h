// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/fleet/store_mirror.h"

namespace qd::fleet {

/// What an operator wants of a unit (ch4-6-fleet-cases.md 2.6.1).
enum class Verb { Load, Start, Stop, Unload };

/// The desired state that the verb leads to from this one; code::conflict when it does not apply.
Result<Unit::Target> targetAfter(Verb verb, Unit::Target now, const QString &unit);

/// The units that the store keeps: where an operator's word becomes keys. Decisions rest on what
/// the cluster has agreed on, not on this node's copy; writes are guarded against others' at the
/// same time. `done` comes when this node's mirror shows the outcome.
class UnitRegistry : public QObject {
    Q_OBJECT
public:
    UnitRegistry(store::StoreClient &store, StoreMirror &mirror, QObject *parent = nullptr);
    using Done = std::function<void(const Result<void> &)>;

    /// Stores a unit, desired inactive. One that is there with another text is replaced while it is
    /// not launched, or when `replace` says so; else code::conflict (F50; 2.6.4). code::badInput
    /// with the line.
    void submit(const QString &unit, const QString &text, bool replace, Done done);
    /// code::notFound, code::badInput for a template. An instance that is not stored is made from
    /// its template (F41).
    void apply(Verb verb, const QString &unit, Done done);
    /// code::notFound.
    void destroy(const QString &unit, Done done);

private:
    /// A unit as the cluster agrees on it.
    struct Stored {
        QString hash;
        quint64 objectIndex = 0;
        std::optional<Unit::Target> desired;
    };
    using Read = std::function<void(const Result<std::optional<Stored>> &)>;
    void read(const QString &unit, Read done);
    void write(const store::WriteRequest &request, std::function<void(Result<quint64>)> done);
    void create(const QString &unit, const QString &hash, bool replace, Done done);
    void replaceIfMay(const QString &unit, const QString &hash, bool replace, Done done);
    void instantiate(Verb verb, const QString &unit, Done done);
    void setTarget(const QString &unit, Unit::Target target, bool first, Done done);
    void settle(quint64 index, Done done);
    const Keys &keys() const { return m_mirror.state().keys(); }

    store::StoreClient &m_store;
    StoreMirror &m_mirror;
};

} // namespace qd::fleet
