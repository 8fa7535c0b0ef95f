// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QMap>
#include <QObject>
#include <QStringList>
#include <functional>

namespace qd::fleet {

/// What a unit engine says of a unit.
struct BackendState {
    QString loadState;
    QString activeState;
    QString subState;
    QString invocationId; ///< 32 hex digits; empty: has not run in this engine's life
    qint32 mainPid = 0;
    qint64 sinceUs = 0;   ///< wall clock, of the active state
    bool queued = false;  ///< a job of its waits or runs: the state is about to change
    bool asserted = true; ///< false: the last start found that an assertion is not met
    bool skipped = false; ///< the last start found that a condition in the file is not met

    bool operator==(const BackendState &) const = default;
};

/// The unit engine of this machine, as fleet drives it (F5): ours or systemd. Every answer comes
/// once, later, on the caller's thread; code::unreachable while there is no connection.
class UnitBackend : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    using Done = std::function<void(const Result<void> &)>;
    using States = std::function<void(const Result<QMap<QString, BackendState>> &)>;
    using Properties = std::function<void(const Result<QMap<QString, QString>> &)>;

    /// Connects, and again whenever it has to.
    virtual void open() = 0;
    virtual bool isConnected() const = 0;
    /// The texts of the units that fleet has given to this engine, from their files.
    virtual QMap<QString, QByteArray> files() const = 0;

    /// Puts the unit's file in place and makes it known; `reload` makes the engine read it.
    virtual void load(const QString &unit, const QByteArray &text, Done done) = 0;
    /// The other way round. The unit should have ended before.
    virtual void unload(const QString &unit, Done done) = 0;
    virtual void reload(Done done) = 0;
    /// Asks for it; the answer does not wait for the job, whose end startEnded() tells.
    virtual void start(const QString &unit, Done done) = 0;
    /// code::notFound when the engine has no such unit.
    virtual void stop(const QString &unit, Done done) = 0;
    virtual void query(const QStringList &units, States done) = 0;
    /// All that the engine tells of a unit, as text.
    virtual void properties(const QString &unit, Properties done) = 0;

Q_SIGNALS:
    void connectionChanged(bool connected);
    /// A job has ended, or something else has happened that makes a look worth while.
    void stirred();
    /// The job of a start() is over, with systemd's word: "done", "failed", "dependency" ... After
    /// the answer.
    void startEnded(const QString &unit, const QString &result);
};

} // namespace qd::fleet
