// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <map>
#include <optional>
#include <vector>

namespace qd::units {

/// The private folders of PrivateTmp=: made before a process of the unit starts, gone with the
/// unit; and what InaccessiblePaths= shows in place of what nobody may read.
class UnitPlaces {
public:
    /// `hiding`: where what nobody may read is kept, for InaccessiblePaths=.
    void setHiding(const QString &folder);
    const QString &hiding() const { return m_hiding; }
    QString staging() const { return m_hiding + QStringLiteral("/staging"); }

    struct PrivateTmp {
        QString tmp;
        QString varTmp;
    };
    /// The same ones for all processes of a unit's run. Nothing: they could not be made.
    std::optional<PrivateTmp> privateTmp(const QString &unit);
    /// The unit runs no more, or will run again at once.
    void ended(const QString &unit, bool willRestart);

private:
    QString m_hiding;
    std::map<QString, std::vector<QString>> m_privateTmp; ///< unit -> folders to remove
};

} // namespace qd::units
