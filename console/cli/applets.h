// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "console/cli/applet.h"

namespace qd::cli {

/// All of them, in the order of the help.
const QList<Applet> &applets();

Applet pairApplet();
Applet profileListApplet();
Applet profileRemoveApplet();
Applet clusterHealthApplet();
Applet clusterTokenApplet();
Applet nodeListApplet();
Applet nodeRemoveApplet();
Applet raftAlarmsApplet();
Applet raftStatusApplet();
Applet raftPromoteApplet();
Applet raftTransferApplet();
Applet raftRestartApplet();
/// The reboot lock: status, lock, unlock, set-max, reboot.
QList<Applet> locksmithApplets();
Applet storeGetApplet();
Applet storeSetApplet();
Applet storeLsApplet();
Applet storeRmApplet();
Applet storeWatchApplet();
Applet storeHistoryApplet();
Applet storeExportApplet();
Applet storeImportApplet();
Applet storeStatsApplet();
Applet unitListApplet();
Applet unitSubmitApplet();
/// load, start, stop, unload: they differ in a word.
QList<Applet> unitVerbApplets();
Applet unitDestroyApplet();
Applet unitCatApplet();
Applet unitStatusApplet();
Applet journalApplet();
Applet runApplet();
/// What the script supervisor starts; not for people.
Applet scriptHostApplet();

} // namespace qd::cli
