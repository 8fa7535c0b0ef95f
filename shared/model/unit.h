// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDateTime>
#include <QObject>
#include <QString>

namespace qd {

/// A unit of the cluster: what fleet knows and what the node's engine reports.
/// Collection `units`, key `name`. A global unit has one row, with machineId empty.
struct Unit {
    Q_GADGET
    Q_PROPERTY(QString name MEMBER name)
    Q_PROPERTY(QString description MEMBER description)
    Q_PROPERTY(QString hash MEMBER hash)
    Q_PROPERTY(Target desired MEMBER desired)
    Q_PROPERTY(Target current MEMBER current)
    Q_PROPERTY(QString machineId MEMBER machineId)
    Q_PROPERTY(QString machineName MEMBER machineName)
    Q_PROPERTY(QString reason MEMBER reason)
    Q_PROPERTY(QString loadState MEMBER loadState)
    Q_PROPERTY(QString activeState MEMBER activeState)
    Q_PROPERTY(QString subState MEMBER subState)
    Q_PROPERTY(QString invocationId MEMBER invocationId)
    Q_PROPERTY(qint32 mainPid MEMBER mainPid)
    Q_PROPERTY(QDateTime since MEMBER since)
    Q_PROPERTY(QString startResult MEMBER startResult)
    Q_PROPERTY(QString startError MEMBER startError)
    Q_PROPERTY(QDateTime startEnded MEMBER startEnded)
    Q_PROPERTY(bool global MEMBER global)

public:
    /// fleet's states (ch4-6-fleet-cases.md 2.6.1).
    enum class Target { Inactive, Loaded, Launched };
    Q_ENUM(Target)

    QString name;
    QString description;
    QString hash; ///< SHA-1 of the normalised options, 40 hex digits
    Target desired = Target::Inactive;
    Target current = Target::Inactive;
    QString machineId; ///< where it is scheduled; empty = nowhere
    QString machineName;
    QString reason;    ///< why there, or why nowhere, and why it was not started
    QString loadState; ///< systemd's words, empty while unknown
    QString activeState;
    QString subState;
    QString invocationId;
    qint32 mainPid = 0;
    QDateTime since;     ///< of the active state
    QString startResult; ///< of the last start: systemd's word, "refused" or "skipped"; empty: none
    QString startError;  ///< why it came to nothing, a sentence
    QDateTime startEnded;
    bool global = false;

    bool operator==(const Unit &) const = default;
};

/// What the editor shows beside a line of a unit file.
struct UnitDiagnostic {
    Q_GADGET
    Q_PROPERTY(qint32 line MEMBER line)
    Q_PROPERTY(Severity severity MEMBER severity)
    Q_PROPERTY(QString message MEMBER message)

public:
    enum class Severity { Warning, Error };
    Q_ENUM(Severity)

    qint32 line = 0; ///< from 1
    Severity severity = Severity::Warning;
    QString message;

    bool operator==(const UnitDiagnostic &) const = default;
};

} // namespace qd
