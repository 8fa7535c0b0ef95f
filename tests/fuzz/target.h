// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QByteArrayList>
#include <QString>
#include <functional>
#include <vector>

/// Hostile bytes against everything that reads what comes from a disk, a peer or a stranger.
namespace qd::fuzz {

/// What one input has shown.
struct Finding {
    QString complaint; ///< empty: all is as it must be. A crash or a hang needs no word.
    /// How the reader took it (the errors it named, what it counted). An input that is taken in a
    /// new way is worth changing further.
    QByteArray way;
};

struct Target {
    QByteArray name;
    std::function<QByteArrayList()> seeds; ///< good inputs, as our own writers make them
    std::function<Finding(const QByteArray &)> run;
};

/// All of them, by name.
std::vector<Target> targets();

Target walTarget();
Target walSnapshotTarget();
Target peerFrameTarget();
Target snapshotShipTarget();
Target raftMessageTarget();
Target httpRequestTarget();
Target formTarget();
Target storeCommandTarget();
Target keyspaceTarget();
Target rpcFrameTarget();
Target unitFileTarget();

} // namespace qd::fuzz
