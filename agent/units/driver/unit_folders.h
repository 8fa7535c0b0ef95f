// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/unit_source.h"

#include <functional>

namespace qd::units {

/// Unit files in folders, as systemd finds them (S13, S90; ch3-systemd.md 3.3): links to /dev/null
/// mask, links to another unit in the folders are aliases, templates serve their instances,
/// drop-ins of every folder are added.
class UnitFolders : public UnitSource {
public:
    /// Highest priority first.
    explicit UnitFolders(QStringList folders);

    FoundUnit find(const QString &name) const override;
    QByteArray stamp(const QString &name) const override;
    Result<QByteArray> read(const QString &path) const override;
    QStringList folders() const override { return m_folders; }

private:
    struct Place {
        QString path; ///< empty: there is none
        QString id;
        bool masked = false;
    };

    Place locate(const QString &name, int depth = 0) const;
    Place locateFile(const QString &name, int depth) const;
    QStringList dropInPaths(const QString &id) const;
    QStringList linkedNames(const QString &id, const QString &suffix) const;
    bool isInFolders(const QString &path) const;

    QStringList m_folders;
};

} // namespace qd::units
