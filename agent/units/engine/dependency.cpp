// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/units/engine/dependency.h"

#include <QStringList>

namespace qd::units {

namespace {

// Pairs of a kind and its mirror stand side by side in the enum.
const QStringList &names()
{
    static const QStringList all =
        QStringLiteral("Requires RequiredBy Requisite RequisiteOf Wants WantedBy BindsTo BoundBy "
                       "PartOf ConsistsOf Conflicts ConflictedBy Before After OnFailure "
                       "OnFailureOf OnSuccess OnSuccessOf PropagatesReloadTo "
                       "ReloadPropagatedFrom PropagatesStopTo StopPropagatedFrom Triggers "
                       "TriggeredBy Upholds UpheldBy")
            .split(u' ');
    return all;
}

} // namespace

Dependency inverseOf(Dependency kind)
{
    return Dependency(int(kind) ^ 1);
}

QString toText(Dependency kind)
{
    return names().value(int(kind));
}

std::optional<Dependency> dependencyOfOption(const QString &option)
{
    static const QStringList options =
        QStringLiteral("Requires Requisite Wants BindsTo PartOf Conflicts Before After OnFailure "
                       "OnSuccess PropagatesReloadTo ReloadPropagatedFrom PropagatesStopTo "
                       "StopPropagatedFrom Upholds")
            .split(u' ');
    if (option == u"BindTo") // the name before systemd 209
        return Dependency::BindsTo;
    if (!options.contains(option))
        return std::nullopt;
    return Dependency(names().indexOf(option));
}

} // namespace qd::units
