// SPDX-License-Identifier: GPL-3.0-or-later
#include "console/cli/applets.h"

namespace qd::cli {

const QList<Applet> &applets()
{
    static const QList<Applet> all =
        QList<Applet>{pairApplet(),          profileListApplet(),  profileRemoveApplet(),
                      clusterHealthApplet(), clusterTokenApplet(), nodeListApplet(),
                      nodeRemoveApplet(),    raftStatusApplet(),   raftAlarmsApplet(),
                      raftPromoteApplet(),   raftTransferApplet(), raftRestartApplet(),
                      storeGetApplet(),      storeSetApplet(),     storeLsApplet(),
                      storeRmApplet(),       storeWatchApplet(),   storeHistoryApplet(),
                      storeExportApplet(),   storeImportApplet(),  storeStatsApplet(),
                      unitListApplet(),      unitSubmitApplet()} +
        unitVerbApplets() +
        QList<Applet>{unitDestroyApplet(), unitCatApplet(), unitStatusApplet(),
                      journalApplet(),     runApplet(),     scriptHostApplet()} +
        locksmithApplets();
    return all;
}

} // namespace qd::cli
