// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/fleet/service.h"
#include "tests/support/log_store.h"
#include "tests/unit/fleet/fake_machine.h"

namespace qd::test {

inline QString idOf(int number)
{
    return QString(32, QLatin1Char(char('a' + number - 1)));
}

/// A machine of a cluster with fleet on it. What it runs outlives the service, as in life.
struct FleetNode {
    int number;
    LogStore store;
    FakeMachine machine;
    FakeBackend *backend = nullptr;
    std::unique_ptr<fleet::Service> service;
    const Clock &clock;
    int ttl;

    FleetNode(int which, SharedLog &log, const Clock &time, int presenceTtl)
        : number(which)
        , store(log)
        , clock(time)
        , ttl(presenceTtl)
    {
        machine.lastPid = 100 * which;
    }
    QString id() const { return idOf(number); }
    void start(const QMap<QString, QString> &metadata = {})
    {
        auto engine = std::make_unique<FakeBackend>(machine);
        backend = engine.get();
        const QString address = QStringLiteral("127.0.0.%1").arg(number);
        service = std::make_unique<fleet::Service>(
            fleet::Service::Setup{id(), address, metadata, QStringLiteral("1.0.0"), ttl}, store,
            std::move(engine), clock, [] {
                QMap<QString, QString> names;
                for (int i = 1; i <= 5; ++i)
                    names.insert(idOf(i), QStringLiteral("node-%1").arg(i));
                return names;
            });
        service->start();
    }
    /// The agent ends without a word, as with SIGKILL; what it runs goes on.
    void kill() { service.reset(); }
    /// The machine ends without a word.
    void crash()
    {
        kill();
        machine.units.clear();
    }
    Unit unit(const QString &name) const { return service->unit(name).value_or(Unit{}); }
};

} // namespace qd::test
