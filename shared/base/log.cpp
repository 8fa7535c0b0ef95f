// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/base/log.h"

#include "shared/base/visible.h"

namespace qd {
namespace {

QtMessageHandler s_before = nullptr;

} // namespace

void logOnOneLine()
{
    const QtMessageHandler handler = [](QtMsgType type, const QMessageLogContext &context,
                                        const QString &text) {
        s_before(type, context, visible(text));
    };
    if (const QtMessageHandler before = qInstallMessageHandler(handler); before != handler)
        s_before = before;
}

} // namespace qd

Q_LOGGING_CATEGORY(lcRaft, "qd.raft")
Q_LOGGING_CATEGORY(lcWal, "qd.wal")
Q_LOGGING_CATEGORY(lcStore, "qd.store")
Q_LOGGING_CATEGORY(lcPeer, "qd.peer")
Q_LOGGING_CATEGORY(lcEtcd, "qd.etcd")
Q_LOGGING_CATEGORY(lcHttp, "qd.http")
Q_LOGGING_CATEGORY(lcControl, "qd.control")
Q_LOGGING_CATEGORY(lcSecurity, "qd.security")
Q_LOGGING_CATEGORY(lcUnits, "qd.units")
Q_LOGGING_CATEGORY(lcJournal, "qd.journal")
Q_LOGGING_CATEGORY(lcFleet, "qd.fleet")
Q_LOGGING_CATEGORY(lcNode, "qd.node")
Q_LOGGING_CATEGORY(lcSession, "qd.session")
Q_LOGGING_CATEGORY(lcScript, "qd.script")
