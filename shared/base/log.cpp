// SPDX-License-Identifier: GPL-3.0-or-later
#include "shared/base/log.h"

Q_LOGGING_CATEGORY(lcRaft, "qd.raft")
Q_LOGGING_CATEGORY(lcWal, "qd.wal")
Q_LOGGING_CATEGORY(lcStore, "qd.store")
Q_LOGGING_CATEGORY(lcPeer, "qd.peer")
Q_LOGGING_CATEGORY(lcEtcd, "qd.etcd")
Q_LOGGING_CATEGORY(lcControl, "qd.control")
Q_LOGGING_CATEGORY(lcSecurity, "qd.security")
Q_LOGGING_CATEGORY(lcUnits, "qd.units")
Q_LOGGING_CATEGORY(lcJournal, "qd.journal")
Q_LOGGING_CATEGORY(lcFleet, "qd.fleet")
Q_LOGGING_CATEGORY(lcNode, "qd.node")
Q_LOGGING_CATEGORY(lcSession, "qd.session")
Q_LOGGING_CATEGORY(lcScript, "qd.script")
