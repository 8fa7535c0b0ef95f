// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QCborMap>
#include <QFuture>
#include <QObject>
#include <memory>

/// The one way into a cluster, for window, command line, script and test (architecture.md 3).
namespace qd::session {

struct CallOptions {
    int deadlineMs = 10'000;
    QString node; ///< machine id of the node that is to answer; empty = the one connected to
};

/// A live collection: a snapshot, then deltas, kept up across reconnects. Rows are nouns of
/// shared/model in their CBOR form; typed views of it stand in console/models.
class Subscription : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    ~Subscription() override = default;
    /// Of what was handed on last; -1 before.
    virtual qint64 revision() const { return -1; }

Q_SIGNALS:
    /// The whole content anew: at the start, and after a gap that could not be resumed.
    void reset(const QList<QCborMap> &rows);
    /// Changed or new rows, and the keys of rows that are gone; applied together.
    void changed(const QList<QCborMap> &rows, const QStringList &removedKeys);
    /// The subscription ended for good (refused, unknown collection).
    void failed(const qd::Error &error);
};

/// Bytes both ways under a call (journal, exec, files), with 256 KiB of credit.
class ByteStream : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    ~ByteStream() override = default;
    virtual void write(const QByteArray &bytes) = 0;
    virtual void close() = 0;

Q_SIGNALS:
    void received(const QByteArray &bytes);
    /// Orderly end, or the error that ended it (code empty = orderly).
    void ended(const qd::Error &error);
};

class Client : public QObject {
    Q_OBJECT
public:
    enum class State { Disconnected, Connecting, Connected, Reconnecting };
    Q_ENUM(State)

    using QObject::QObject;
    ~Client() override = default;

    virtual State state() const = 0;
    /// What the agent said in its hello: cluster id and name, node id and name, the caller's role.
    virtual QCborMap welcome() const = 0;
    /// The answer of a control method (docs/protocol.md). The future always finishes; cancelling it
    /// cancels the call. Typed wrappers: console/session/cluster_api.h.
    virtual QFuture<Result<QCborMap>>
    call(const QString &method, const QCborMap &params, const CallOptions &options = {}) = 0;
    /// Ends when destroyed.
    virtual std::unique_ptr<Subscription>
    subscribe(const QString &collection, const QCborMap &params = {}) = 0;
    virtual std::unique_ptr<ByteStream>
    open(const QString &method, const QCborMap &params, const CallOptions &options = {}) = 0;

Q_SIGNALS:
    void stateChanged(qd::session::Client::State state);
    /// Why the connection was refused or lost, for a person to read.
    void trouble(const qd::Error &error);
};

} // namespace qd::session
