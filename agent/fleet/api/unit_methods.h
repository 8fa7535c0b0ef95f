// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/fleet/service.h"
#include "shared/model/journal_line.h"
#include "shared/rpc/methods.h"

namespace qd::fleet {

/// unit.* of the control protocol, and the live collection `units`.
class UnitMethods : public QObject {
    Q_OBJECT
public:
    struct Setup {
        QString machineId;
        QString journalFolder; ///< this machine's journal files
    };
    /// Passes a call on to another node, with its answer back.
    using Route = std::function<void(const rpc::CallPtr &call, const QString &nodeId)>;
    /// `service` must outlive it.
    UnitMethods(Setup setup, Service &service, Route route, QObject *parent = nullptr);

    void addTo(rpc::Methods &methods);
    rpc::Collection<Unit> &units() { return m_units; }

private:
    using Handler = void (UnitMethods::*)(const rpc::CallPtr &);
    void add(rpc::Methods &methods, const char *name, security::Role role, Handler handler);
    void changed(const QSet<QString> &units);
    void list(const rpc::CallPtr &call);
    void submit(const rpc::CallPtr &call);
    void apply(Verb verb, const rpc::CallPtr &call);
    void destroy(const rpc::CallPtr &call);
    void cat(const rpc::CallPtr &call);
    void check(const rpc::CallPtr &call);
    void status(const rpc::CallPtr &call);
    void statusHere(const rpc::CallPtr &call, const QString &unit);
    UnitRegistry::Done answerWithUnit(const rpc::CallPtr &call, const QString &unit);

    Setup m_setup;
    Service &m_service;
    Route m_route;
    rpc::Collection<Unit> m_units;
};

} // namespace qd::fleet
