// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>

namespace qd::units::bus {

/// What a unit file says about enabling it (S60). Lists with specifiers as they are written.
struct InstallSection {
    QStringList wantedBy, requiredBy, alias, also;
    QString defaultInstance;

    bool links() const { return !wantedBy.isEmpty() || !requiredBy.isEmpty() || !alias.isEmpty(); }
    bool isEmpty() const { return !links() && also.isEmpty(); }
};

/// Reads the [Install] section out of a unit file's text.
InstallSection parseInstall(const QString &text);

/// %n %N %p %i %j %% of a name in [Install], for the unit `unit`.
QString expandInstall(const QString &text, const QString &unit);

/// `x@.service`
bool isTemplate(const QString &unit);
/// `x@y.service` -> `x@.service`; empty for any other name.
QString templateOf(const QString &unit);
/// `x@.service`, `y` -> `x@y.service`
QString instanceOf(const QString &templateName, const QString &instance);

} // namespace qd::units::bus
