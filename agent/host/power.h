// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/host/node_host.h"

namespace qd::host {

/// The power button of a node's simulated machine: a pipe through which the node's unit engine says
/// poweroff, reboot, halt, suspend or hibernate, and somebody outside: wake.
class Power {
public:
    explicit Power(const NodeSpec &spec);
    ~Power();
    Power(const Power &) = delete;
    Power &operator=(const Power &) = delete;

    /// Error: code::io.
    Result<void> open();
    /// What was asked for since the last time; empty for nothing. Does not block.
    QString take();
    /// What state the machine is in ("on", "suspended" ...), for who looks from outside.
    void note(const QString &state) const;
    /// Another id of the boot, as after each start of a machine.
    Result<void> renewBootId() const;

private:
    NodeSpec m_spec;
    int m_file = -1;
    QByteArray m_heard; ///< the beginning of a line
};

/// What Power::note() has said; "off" for a node that is down.
QString powerState(const NodeSpec &spec);
/// Wakes a node that sleeps. Error: code::conflict, it does not.
Result<void> wake(const NodeSpec &spec);

} // namespace qd::host
