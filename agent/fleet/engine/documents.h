// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QByteArray>
#include <QMap>
#include <QString>
#include <optional>

/// fleet's keys and the documents that stand in them, to the byte as fleet writes them
/// (peer-contracts.md 3.4), so that its own tools see the same cluster.
namespace qd::fleet {

/// Absolute keys below a prefix.
class Keys {
public:
    explicit Keys(QString prefix = QStringLiteral("/_coreos.com/fleet"))
        : m_prefix(std::move(prefix))
    {
    }
    const QString &prefix() const { return m_prefix; }
    QString machine(const QString &id) const { return below("machines", id); }
    QString machineObject(const QString &id) const { return machine(id) + "/object"; }
    QString unit(const QString &hash) const { return below("unit", hash); }
    QString job(const QString &name) const { return below("job", name); }
    QString jobObject(const QString &name) const { return job(name) + "/object"; }
    QString targetState(const QString &name) const { return job(name) + "/target-state"; }
    QString target(const QString &name) const { return job(name) + "/target"; }
    QString heartbeat(const QString &name) const { return job(name) + "/job-state"; }
    QString states(const QString &name) const { return below("states", name); }
    QString state(const QString &name, const QString &machine) const
    {
        return states(name) + u'/' + machine;
    }
    QString legacyState(const QString &name) const { return below("state", name); }
    QString lease() const { return m_prefix + "/lease/engine-leader"; }
    QString engineVersion() const { return m_prefix + "/engine/version"; }
    /// Ours, beside fleet's: the sentence of the last decision about a unit.
    QString reason(const QString &name) const { return below("reason", name); }

private:
    QString below(const char *folder, const QString &name) const
    {
        return m_prefix + u'/' + QLatin1String(folder) + u'/' + name;
    }
    QString m_prefix;
};

struct MachineDocument {
    QString id;
    QString publicIp;
    QMap<QString, QString> metadata;
    QString version;

    bool operator==(const MachineDocument &) const = default;
};
QByteArray encode(const MachineDocument &document);
std::optional<MachineDocument> readMachine(const QByteArray &json);

/// unit/<hash>: the text.
QByteArray encodeUnitText(const QString &text);
std::optional<QString> readUnitText(const QByteArray &json);

/// job/<unit>/object: its hash (40 hex digits) as a list of 20 numbers.
QByteArray encodeJob(const QString &name, const QString &hash);
std::optional<QString> readJobHash(const QByteArray &json);

/// What has come of asking the unit engine for a start.
struct StartOutcome {
    QString result;     ///< systemd's word of the job's end, "refused", "skipped"; empty: none yet
    QString error;      ///< why it does not run; empty after "done"
    qint64 endedUs = 0; ///< wall clock

    bool operator==(const StartOutcome &) const = default;
};

/// states/<unit>/<machine>. What fleet does not know follows after its own fields, which its tools
/// pass over.
struct StateDocument {
    QString loadState;
    QString activeState;
    QString subState;
    QString machineId;
    QString unitHash;
    QString invocationId;
    qint32 mainPid = 0;
    qint64 sinceUs = 0; ///< wall clock of the last change of the active state; 0 = unknown
    StartOutcome start; ///< of the last start that fleet has asked for

    bool operator==(const StateDocument &) const = default;
};
QByteArray encode(const StateDocument &document);
std::optional<StateDocument> readState(const QByteArray &json);

struct LeaseDocument {
    QString machineId;
    int version = 1;

    bool operator==(const LeaseDocument &) const = default;
};
QByteArray encode(const LeaseDocument &document);
/// A bare machine id is version 0.
LeaseDocument readLease(const QByteArray &value);

/// Ours: where the decision put the unit (empty = nowhere), and why.
struct ReasonDocument {
    QString machineId;
    QString sentence;

    bool operator==(const ReasonDocument &) const = default;
};
QByteArray encode(const ReasonDocument &document);
std::optional<ReasonDocument> readReason(const QByteArray &json);

} // namespace qd::fleet
