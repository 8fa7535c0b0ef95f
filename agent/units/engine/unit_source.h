// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QByteArray>
#include <QList>
#include <QStringList>

namespace qd::units {

/// A file of a unit: the unit file or a drop-in.
struct SourceFile {
    QString path;
    QByteArray text;
};

/// What there is under a unit's name.
struct FoundUnit {
    enum State { Missing, Present, Masked, Unreadable };
    State state = Missing;
    QString id;                ///< the name that an alias leads to, else the name asked for
    SourceFile fragment;       ///< of the template for an instance without a file of its own
    QList<SourceFile> dropIns; ///< in the order in which they apply
    QStringList wants;         ///< names linked in `<name>.wants/`
    QStringList requirements;  ///< names linked in `<name>.requires/`
    QString error;             ///< why it is unreadable
    QByteArray stamp;          ///< changes when any of the files does
};

/// Where units come from (S13, 3.3): files in production, a map in tests. Highest priority first;
/// one file wins as a whole, drop-ins of every folder are added to it.
class UnitSource {
public:
    virtual ~UnitSource() = default;
    virtual FoundUnit find(const QString &name) const = 0;
    /// The stamp that find() would give now: tells of files that changed on disk, cheaply.
    virtual QByteArray stamp(const QString &name) const = 0;
    /// A file that a unit names, such as EnvironmentFile=. Error: code::notFound, code::io.
    virtual Result<QByteArray> read(const QString &path) const = 0;
    /// The folders searched, highest priority first.
    virtual QStringList folders() const = 0;
};

} // namespace qd::units
