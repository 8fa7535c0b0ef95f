// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/fleet/engine/diagnosis.h"

#include "agent/fleet/engine/requirements.h"
#include "shared/unitfile/check.h"
#include "shared/unitfile/unit_name.h"

namespace qd::fleet {

namespace {

UnitDiagnostic said(const unitfile::Problem &problem)
{
    const bool error = problem.severity == unitfile::Problem::Error;
    return {
        problem.line, error ? UnitDiagnostic::Severity::Error : UnitDiagnostic::Severity::Warning,
        problem.message};
}

/// A unit of another type would wait for its start for ever.
bool runs(const QString &type)
{
    return type == QLatin1String("service") || type == QLatin1String("target") ||
           type == QLatin1String("slice");
}

/// Where the section that asks something of the machine begins to ask.
int firstRequirement(const unitfile::UnitFile &file)
{
    for (const unitfile::Option &option : file.options) {
        if (option.section == QLatin1String("X-Fleet"))
            return option.line;
    }
    return 0;
}

} // namespace

QList<UnitDiagnostic> diagnose(const QString &name, const QString &text)
{
    QList<UnitDiagnostic> out;
    const auto refuse = [&](int line, const QString &why) {
        out.append({line, UnitDiagnostic::Severity::Error, why});
    };
    if (const auto ok = validateName(name); !ok)
        refuse(0, ok.error().message);
    else if (!runs(unitfile::nameType(name)))
        refuse(
            0, QStringLiteral("units of type %1 cannot be run yet: the unit engine has services, "
                              "targets and slices.")
                   .arg(unitfile::nameType(name)));
    const QByteArray bytes = text.toUtf8();
    for (const unitfile::Problem &problem : unitfile::check(name, bytes))
        out.append(said(problem));
    const unitfile::UnitFile file = unitfile::parse(bytes);
    QList<unitfile::Problem> odd;
    const Requirements need = readRequirements(name, file, &odd);
    for (unitfile::Problem &problem : odd) {
        problem.line = problem.line > 0 ? problem.line : firstRequirement(file);
        out.append(said(problem));
    }
    if (const auto ok = validate(need); !ok)
        refuse(firstRequirement(file), ok.error().message);
    std::stable_sort(
        out.begin(), out.end(), [](const auto &a, const auto &b) { return a.line < b.line; });
    return out;
}

Result<void> acceptable(const QString &name, const QString &text)
{
    if (text.size() > kMostText)
        return fail(
            code::limit, QStringLiteral("The text of %1 is longer than %2 KiB.")
                             .arg(name.left(256))
                             .arg(kMostText / 1024));
    for (const UnitDiagnostic &problem : diagnose(name, text)) {
        if (problem.severity != UnitDiagnostic::Severity::Error)
            continue;
        const QString line = QString::number(problem.line);
        const QString where = problem.line > 0 ? name + QStringLiteral(", line ") + line : name;
        return fail(Error{
            code::badInput,
            QStringLiteral("%1: %2").arg(where, problem.message),
            {{QStringLiteral("unit"), name}, {QStringLiteral("line"), line}},
            nullptr});
    }
    return {};
}

} // namespace qd::fleet
