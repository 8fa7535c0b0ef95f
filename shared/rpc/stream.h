// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "shared/base/result.h"

#include <QObject>
#include <QPointer>

namespace qd::rpc {

class Connection;

/// Bytes both ways under a call. What is written waits here until the peer's credit and the
/// socket have room, so a large stream never delays a call or a ping. Destroying it before its end
/// tells the peer that it was cancelled.
class Stream : public QObject {
    Q_OBJECT
public:
    Stream(Connection &connection, qint64 id, int credit);
    ~Stream() override;

    void write(const QByteArray &bytes);
    /// Orderly, after what was written; the end of either side is the end of the stream.
    void end();
    /// Ends it with an error; what is queued is dropped.
    void abort(const Error &error);
    /// What waits here for credit: a writer that can pause keeps this low (see `drained`).
    qsizetype queued() const { return m_out.size(); }
    /// The id of the call that it belongs to.
    qint64 id() const { return m_id; }
    bool isOver() const { return m_over; }
    /// Off: the receiver calls `consumed` itself, to slow the peer down to its own pace.
    void setAutoCredit(bool on) { m_autoCredit = on; }
    void consumed(qsizetype bytes);

Q_SIGNALS:
    void received(const QByteArray &bytes);
    /// The stream is over; code empty = orderly.
    void ended(const qd::Error &error);
    /// Bytes that were written have left for the peer; what is still queued.
    void drained(qsizetype sent, qsizetype left);

private:
    friend class Connection;
    /// Sends one chunk if it may; false: nothing to send.
    bool pump();
    /// False: the peer broke the rules.
    bool take(const QCborMap &frame);
    void finish(const Error &error);

    QPointer<Connection> m_connection;
    qint64 m_id;
    QByteArray m_out;
    qint64 m_credit;  ///< that the peer gave us
    qint64 m_granted; ///< that we gave the peer
    bool m_autoCredit = true;
    bool m_ending = false;
    bool m_over = false;
};

} // namespace qd::rpc
