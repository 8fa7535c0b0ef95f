// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/units/engine/driver.h"

#include <QObject>
#include <memory>
#include <vector>

class QSocketNotifier;

namespace qd::units {

/// What one socket unit listens on, open (ch3-systemd.md 11).
class ListenSockets : public QObject {
    Q_OBJECT

public:
    explicit ListenSockets(const SocketSettings &socket, QObject *parent = nullptr);
    ~ListenSockets() override;

    /// Opens all of it, or nothing. Error: code::io.
    Result<void> open();
    /// Gives the files to SocketUser= and SocketGroup=.
    Result<void> own() const;
    void watch();
    void unwatch();
    void flush();
    /// Closes all and, where RemoveOnStop= says so, removes the files.
    void close();

    /// In the order of the lines.
    std::vector<int> files() const;
    const QString &descriptorName() const { return m_socket.descriptorName; }
    /// What the kernel would not set, since the last call; for the journal.
    QStringList takeComplaints() { return std::exchange(m_complaints, {}); }

Q_SIGNALS:
    void ready();
    /// `file` is for the receiver to close.
    void connected(int file, const qd::units::Connection &connection);
    void broke(const QString &why);

private:
    struct Port {
        ListenLine line;
        int file = -1;
        std::unique_ptr<QSocketNotifier> notifier;
    };

    void onReadable(size_t index);
    void takeConnection(const Port &port);
    void makeSymlinks();

    SocketSettings m_socket;
    std::vector<Port> m_ports;
    QStringList m_complaints;
};

} // namespace qd::units
