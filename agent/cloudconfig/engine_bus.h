// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/cloudconfig/apply.h"

#include <memory>

namespace qd::cloudconfig {

/// The unit engine of this node by org.freedesktop.systemd1: on its private socket, else on the
/// system bus. Ours and systemd alike. Connects at the first call. By sd-bus, for a program that
/// does one thing after the other waits in place.
class EngineBus final : public UnitEngine {
public:
    EngineBus();
    ~EngineBus() override;
    Result<void> reload() override;
    Result<void> enable(const QString &unit, bool runtime) override;
    Result<void> mask(const QString &unit, bool runtime) override;
    Result<void> unmask(const QString &unit, bool runtime) override;
    Result<QString> run(const QString &verb, const QString &unit) override;

private:
    class Connection;
    Result<Connection *> connection();
    struct Call;
    Result<Call> newCall(const char *method);
    Result<void> files(const char *method, const QString &unit, bool runtime, bool takesForce);

    std::unique_ptr<Connection> m_connection;
};

} // namespace qd::cloudconfig
