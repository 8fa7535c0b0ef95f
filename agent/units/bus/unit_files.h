// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/bus/install_section.h"
#include "agent/units/bus/wire_types.h"
#include "shared/base/result.h"

#include <QList>
#include <QSet>

namespace qd::units::bus {

/// Unit files on disk and the links that enable, mask and link them (S23, S41, S42, S47, S60).
/// Works on files alone; whoever calls reloads the engine afterwards. Errors carry D-Bus names.
class UnitFiles {
public:
    struct Folders {
        QStringList search;                                         ///< highest priority first
        QString persistent = QStringLiteral("/etc/systemd/system"); ///< where enable puts links
        QString runtime = QStringLiteral("/run/systemd/system");    ///< ... with runtime
    };
    struct Enabled {
        bool carriesInstallInfo = false;
        QList<FileChange> changes;
    };
    using Changes = Result<QList<FileChange>>;

    explicit UnitFiles(Folders folders);

    /// `names` are names or full paths; a path outside the search folders is linked first.
    Result<Enabled> enable(const QStringList &names, bool runtime, bool force) const;
    Changes disable(const QStringList &names, bool runtime) const;
    Result<Enabled> reenable(const QStringList &names, bool runtime, bool force) const;
    Changes link(const QStringList &paths, bool runtime, bool force) const;
    Changes mask(const QStringList &names, bool runtime, bool force) const;
    Changes unmask(const QStringList &names, bool runtime) const;
    /// Back to what the vendor shipped: removes drop-ins and copies that hide a file further down.
    Changes revert(const QStringList &names) const;

    /// enabled, disabled, static ... Error: FileNotFound.
    Result<QString> state(const QString &name) const;
    /// Path and state of every unit file.
    QList<Pair> list() const;
    Result<QString> defaultTarget() const;
    Changes setDefaultTarget(const QString &name, bool force) const;
    /// The links that enabling has made for `name`.
    QStringList linksOf(const QString &name, bool runtime) const;

private:
    struct Found {
        QString name; ///< its own name, of the template for an instance
        QString path; ///< where links point to
        InstallSection install;
        bool masked = false;
    };

    QString folder(bool runtime) const
    {
        return runtime ? m_folders.runtime : m_folders.persistent;
    }
    QString find(const QString &name) const;
    Result<Found> discover(const QString &name) const;
    Result<void> enableOne(
        const QString &name, const QString &into, bool force, QSet<QString> &seen,
        Enabled &out) const;
    Result<void> linkInto(
        const QString &dir, const QString &name, const QString &target, bool force,
        QList<FileChange> &changes) const;
    Result<void> linkFile(
        const QString &path, const QString &into, bool force, QList<FileChange> &changes) const;
    bool isInSearch(const QString &path) const;
    bool hasLinks(const QString &name, const Found &found, const QString &dir) const;
    QString maskedOrLinked(const QString &name, const QString &path) const;

    Folders m_folders;
};

} // namespace qd::units::bus
